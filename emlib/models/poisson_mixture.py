"""The Poisson mixture.

Story: z_n = k with probability τ_k, or each k equally likely; x_nd | z_n = k ~ Poisson(λ_kd), independently for every
feature d.

Hasselblad (1969), Estimation of finite mixtures of distributions from the exponential family. Journal of the American
Statistical Association 64, 1459–1471.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emlib import checks
from emlib.models.count_mixture import CountMixture
from emlib.numerics import floored_log, log_factorial


class PoissonMixtureParams(NamedTuple):
    """θ of a Poisson mixture.

    Attributes
    ----------
    weights : (K,)
        τ, not negative, with sum 1.
    rates : (K, D)
        λ, not negative: the expected count.
    """

    weights: np.ndarray
    rates: np.ndarray


@dataclass(frozen=True)
class PoissonMixture(CountMixture):
    """A mixture of K Poisson distributions; the objective is the log-likelihood ℓ. The data `x` (N, D) are counts.

    Parameters
    ----------
    n_components : int
        K, the number of components.
    equal_weights : bool
        Whether every τ_k is 1/K and not estimated.
    """

    Params = PoissonMixtureParams

    def checked_data(self, x):
        """The data as counts."""
        return checks.counts(x)

    def _checked_components(self, rates):
        rates = checks.components(rates, "rates", self.n_components)
        for position in np.argwhere((rates < 0) | (rates > checks.WHOLE)):
            value = rates[tuple(position)]
            raise ValueError(f"rates{position.tolist()} is {value:g}; no rate may be negative, or beyond 2**53")
        return rates

    def _powers(self, x):
        return x

    def _log_constants(self, x):
        return -log_factorial(x).sum(axis=1)

    def _bases(self, rates):
        return rates, rates.sum(axis=1)

    def _maximise(self, counts, powers):
        return powers / counts[:, None]

    def _draw(self, rates, rng):
        return rng.poisson(rates)

    def _free_components(self, rates):
        """log λ"""
        return floored_log(rates)

    def _components_from(self, logarithms):
        return np.exp(logarithms[..., 0])
