"""What all mixtures share: z_n = k with probability τ_k, then x_n comes from component k."""

from dataclasses import dataclass

import numpy as np

from emlib import checks
from emlib.errors import DegenerateError
from emlib.numerics import condition, log_ratios, shares


@dataclass(frozen=True)
class Mixture:
    """A mixture of K components. It becomes whole with ``checked_pair``, ``_log_joint``, ``statistics`` and the M-step.

    ``_log_joint(x, params)`` is log τ_k + log p(x_n | z_n = k), (N, K). ``statistics(x, responsibilities, params)`` are
    the expected ones under any q(Z), (N, K), for data and parameters that ``checked_pair`` has seen.
    """

    n_components: int

    def __post_init__(self):
        checks.integer(self.n_components, "n_components")

    def posterior(self, x, params):
        """The responsibilities r_nk = p(z_n = k | x_n, θ), (N, K)."""
        return self._condition(*self.checked_pair(x, params))[0]

    def e_step(self, x, params):
        """The expected statistics under the responsibilities, and the log-likelihood ℓ."""
        x, params = self.checked_pair(x, params)
        responsibilities, log_density = self._condition(x, params)
        return self.statistics(x, responsibilities, params), log_density.sum()

    def score_samples(self, x, params):
        """log p(x_n | θ), (N,)."""
        return self._condition(*self.checked_pair(x, params))[1]

    def _condition(self, x, params):
        """The responsibilities and log p(x_n | θ)."""
        return condition(self._log_joint(x, params))

    def _new_weights(self, counts):
        """τ_k = N_k/N, unless a component has no points left."""
        for k in np.flatnonzero(counts < np.finfo(float).tiny / np.finfo(float).eps):
            raise DegenerateError(f"component {k} is dead: its expected count is {counts[k]:.1e}; start it elsewhere")
        return counts / counts.sum()

    def _free_weights(self, weights):
        """log(τ_k/τ_K) for k < K."""
        return log_ratios(weights, "weights")

    def _weights_from(self, vector):
        """The weights that `_free_weights` turns into the first K − 1 numbers of `vector`, and the other numbers."""
        cut = self.n_components - 1
        return shares(vector[:cut]), vector[cut:]
