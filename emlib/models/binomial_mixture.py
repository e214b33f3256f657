"""The binomial mixture: two coins; with one trial the Bernoulli mixture, known as latent class analysis.

Story: z_n = k with probability τ_k, or each k equally likely; x_nd | z_n = k ~ Binomial(m, p_kd), independently for
every feature d.

Do & Batzoglou (2008), What is the expectation maximization algorithm? Nature Biotechnology 26, 897–899. Goodman (1974),
Exploratory latent structure analysis using both identifiable and unidentifiable models. Biometrika 61, 215–231.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emlib import checks
from emlib.models.count_mixture import CountMixture
from emlib.numerics import log_factorial, log_ratios, shares


class BinomialMixtureParams(NamedTuple):
    """θ of a binomial mixture.

    Attributes
    ----------
    weights : (K,)
        τ, not negative, with sum 1.
    probabilities : (K, D)
        p, from 0 to 1: the chance of a success in one trial.
    """

    weights: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class BinomialMixture(CountMixture):
    """A mixture of K binomial distributions of `trials` trials each; the objective is the log-likelihood ℓ.

    The data `x` (N, D) are numbers of successes, 0 to `trials`.

    Parameters
    ----------
    n_components : int
        K, the number of components.
    trials : int
        m, how many trials stand behind each number.
    equal_weights : bool
        Whether every τ_k is 1/K and not estimated.
    """

    trials: int = 1
    Params = BinomialMixtureParams

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "trials", checks.integer(self.trials, "trials", maximum=checks.WHOLE))

    def checked_data(self, x):
        """The data as counts of at most `trials`."""
        return checks.counts(x, maximum=self.trials)

    def _checked_components(self, probabilities):
        probabilities = checks.components(probabilities, "probabilities", self.n_components)
        for position in np.argwhere((probabilities < 0) | (probabilities > 1)):
            value = probabilities[tuple(position)]
            raise ValueError(f"probabilities{position.tolist()} is {value:g}; it must be from 0 to 1")
        return probabilities

    def _powers(self, x):
        return np.hstack([x, self.trials - x])

    def _log_constants(self, x):
        ways = log_factorial(self.trials) - log_factorial(x) - log_factorial(self.trials - x)
        return ways.sum(axis=1)

    def _bases(self, probabilities):
        return np.hstack([probabilities, 1 - probabilities]), 0.0

    def _maximise(self, counts, powers):
        successes, failures = np.split(powers, 2, axis=1)
        return successes / (successes + failures)

    def _draw(self, probabilities, rng):
        return rng.binomial(self.trials, probabilities)

    def _free_components(self, probabilities):
        """log(p/(1 − p))"""
        return log_ratios(np.stack([probabilities, 1 - probabilities], axis=-1))

    def _components_from(self, ratios):
        return shares(ratios)[..., 0]
