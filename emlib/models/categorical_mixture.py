"""The categorical mixture: latent class analysis of answers that are one of C kinds.

Story: z_n = k with probability τ_k, or each k equally likely; x_nd | z_n = k is c with probability p_kdc, independently
for every feature d: given the class, the answers of a person have nothing more to do with each other.

Lazarsfeld & Henry (1968), Latent Structure Analysis. Goodman (1974), Exploratory latent structure analysis using both
identifiable and unidentifiable models. Biometrika 61, 215–231.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emlib import checks
from emlib.models.count_mixture import CountMixture
from emlib.numerics import log_ratios, shares


class CategoricalMixtureParams(NamedTuple):
    """θ of a categorical mixture.

    Attributes
    ----------
    weights : (K,)
        τ, not negative, with sum 1.
    probabilities : (K, D, C)
        p, not negative; the last axis sums to 1.
    """

    weights: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class CategoricalMixture(CountMixture):
    """A mixture of K tables of categorical distributions; the objective is the log-likelihood ℓ.

    The data `x` (N, D) hold categories, numbered 0 to C − 1.

    Parameters
    ----------
    n_components : int
        K, the number of components.
    n_categories : int
        C, how many kinds of answer there are, whether or not all of them occur.
    equal_weights : bool
        Whether every τ_k is 1/K and not estimated.
    """

    n_categories: int = 2
    Params = CategoricalMixtureParams

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "n_categories", checks.integer(self.n_categories, "n_categories", minimum=2))

    def checked_data(self, x):
        """The data as categories 0 to C − 1."""
        return checks.counts(x, maximum=self.n_categories - 1)

    def _checked_components(self, probabilities):
        probabilities = checks.components(probabilities, "probabilities", self.n_components, ndim=3)
        if probabilities.shape[2] != self.n_categories:
            raise ValueError(
                f"probabilities has shape {probabilities.shape}; its last axis needs {self.n_categories}, n_categories"
            )
        return checks.distributions(probabilities, "probabilities")

    def _powers(self, x):
        return (x[..., None] == np.arange(self.n_categories)).reshape(len(x), -1).astype(float)

    def _log_constants(self, x):
        return np.zeros(len(x))

    def _bases(self, probabilities):
        return probabilities.reshape(len(probabilities), -1), 0.0

    def _maximise(self, counts, powers):
        powers = powers.reshape(self.n_components, -1, self.n_categories)
        return powers / powers.sum(axis=2, keepdims=True)

    def _draw(self, probabilities, rng):
        u = rng.random(probabilities.shape[:2])[..., None]
        return (u > np.cumsum(probabilities, axis=2)[..., :-1]).sum(axis=2)

    def _free_components(self, probabilities):
        """log(p_c/p_C) for c < C"""
        return log_ratios(probabilities)

    def _components_from(self, ratios):
        return shares(ratios)
