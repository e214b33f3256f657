"""What all mixtures share: z_n = k with probability τ_k, then x_n comes from component k."""

from dataclasses import dataclass

import numpy as np

from emlib import checks
from emlib.errors import DegenerateError
from emlib.numerics import condition, log_ratios, shares

#: An expected count below this is none: what is divided by it keeps no digits.
DEAD = np.finfo(float).tiny / np.finfo(float).eps


@dataclass(frozen=True)
class Mixture:
    """A mixture of K components. It becomes whole with ``checked_pair``, ``_log_joint`` and what the components need.

    ``_log_joint(x, params)`` is log τ_k + log p(x_n | z_n = k), (N, K); ``_expected(x, responsibilities, params)`` the
    expected sufficient statistics.
    """

    n_components: int

    def __post_init__(self):
        object.__setattr__(self, "n_components", checks.integer(self.n_components, "n_components"))

    def posterior(self, x, params):
        """The responsibilities r_nk = p(z_n = k | x_n, θ), (N, K)."""
        return self._condition(*self.checked_pair(x, params))[0]

    def e_step(self, x, params):
        """The expected sufficient statistics under the posterior, and ℓ. Returns (statistics, log-likelihood)."""
        x, params = self.checked_pair(x, params)
        responsibilities, log_density = self._condition(x, params)
        return self._expected(x, responsibilities, params), log_density.sum()

    def statistics(self, x, responsibilities, params):
        """The expected sufficient statistics under any `responsibilities` (N, K), whoever found them."""
        x, params = self.checked_pair(x, params)
        shape = (len(x), self.n_components)
        return self._expected(x, checks.array(responsibilities, "responsibilities", shape=shape), params)

    def log_joint(self, x, params):
        """log p(x_n, z_n = k | θ), (N, K)."""
        return self._log_joint(*self.checked_pair(x, params))

    def score_samples(self, x, params):
        """log p(x_n | θ), (N,)."""
        return self._condition(*self.checked_pair(x, params))[1]

    def _condition(self, x, params):
        """The responsibilities and log p(x_n | θ)."""
        return condition(self._log_joint(x, params))

    def _new_weights(self, counts):
        """τ_k = N_k/N, unless a component has no points left."""
        for k in np.flatnonzero(counts < DEAD):
            raise DegenerateError(f"component {k} is dead: its expected count is {counts[k]:.1e}; start it elsewhere")
        return counts / counts.sum()

    def _free_weights(self, weights):
        """log(τ_k/τ_K) for k < K."""
        for k in np.flatnonzero(weights == 0):
            raise ValueError(f"weights[{k}] is 0 and has no logarithm; it must be greater than 0")
        return log_ratios(weights)

    def _weights_from(self, vector):
        """The weights that `_free_weights` turns into the first K − 1 numbers of `vector`, and the other numbers."""
        cut = self.n_components - 1
        return shares(vector[:cut]), vector[cut:]
