"""What mixtures of counts share: a component's probability is a product of powers of its parameters.

log p(x_n | z_n = k) = log h(x_n) + Σ_j t_j(x_n) log b_kj − a_k: the powers t(x) are the sufficient statistics, the
bases b and the constant a are the component's. So the E-step's statistics are the expected powers, whatever the family.

Sundberg (1974), Maximum likelihood theory for incomplete data from an exponential family. Scandinavian Journal of
Statistics 1, 49–58.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from emlib import checks, starts
from emlib.models.mixture import Mixture
from emlib.numerics import condition, log_products, xlogy


class ExpectedPowers(NamedTuple):
    """Expected sufficient statistics of a mixture of counts.

    Attributes
    ----------
    counts : (K,)
        N_k = Σ_n r_nk
    powers : (K, J)
        Σ_n r_nk t_j(x_n)
    constant : float
        Σ_n log h(x_n), which no parameter enters.
    """

    counts: np.ndarray
    powers: np.ndarray
    constant: float


@dataclass(frozen=True)
class CountMixture(Mixture):
    """A mixture whose components are products of powers.

    It becomes whole with ``Params`` (a named tuple of the weights and one array of the components), ``checked_data``,
    ``_checked_components``, ``_powers``, ``_log_constants``, ``_bases``, ``_maximise``, ``_draw``, and
    ``_free_components`` with its inverse.
    """

    equal_weights: bool = field(default=False, kw_only=True)

    def __post_init__(self):
        super().__post_init__()
        if not isinstance(self.equal_weights, bool):
            raise TypeError(f"equal_weights is {self.equal_weights!r}; it must be True or False")

    def start(self, x, rng):
        """Equal weights; each component fitted to one point of the data, all different, and to their mean."""
        x = self.checked_data(x)
        chosen = self._powers(starts.centres(x, self.n_components, rng, "points"))
        return self.m_step(ExpectedPowers(np.full(self.n_components, 2.0), chosen + self._powers(x).mean(axis=0), 0.0))

    def q(self, params, statistics):
        """Q(θ|θᵗ) = Σ_k [N_k (log τ_k − a_k) + Σ_j t_kj log b_kj] + Σ_n log h(x_n), t_kj the expected powers."""
        weights, components = self.checked(params)
        counts, powers, constant = checks.instance(statistics, "statistics", ExpectedPowers)
        bases, a = self._bases(components)
        return (xlogy(counts, weights) - counts * a).sum() + xlogy(powers, bases).sum() + constant

    def m_step(self, statistics):
        """τ_k = N_k/N unless the weights are equal; each component as if its expected powers had been observed.

        Raises
        ------
        DegenerateError
            If a component has no points left.
        """
        counts, powers, _ = checks.instance(statistics, "statistics", ExpectedPowers)
        weights = self._new_weights(counts)
        if self.equal_weights:
            weights = np.full(self.n_components, 1 / self.n_components)
        return self.Params(weights, self._maximise(counts, powers))

    def sample(self, params, n, rng):
        """`n` points and their components, (N, D) and (N,)."""
        (weights, components), rng = self.checked(params), checks.rng(rng, "rng")
        z = rng.choice(self.n_components, size=checks.integer(n, "n"), p=weights)
        return self._draw(components[z], rng).astype(float), z

    def free(self, params):
        """The parameters as a vector without constraints: log(τ_k/τ_K) for k < K unless equal, then the components."""
        weights, components = self.checked(params)
        ratios = [] if self.equal_weights else self._free_weights(weights)
        return np.concatenate([ratios, self._free_components(components).ravel()])

    def from_free(self, vector, like):
        """The parameters that `free` turns into `vector`; `like`, any valid parameters, gives the shapes."""
        weights, components = self.checked(like)
        vector = checks.array(vector, "vector", shape=self.free(like).shape)
        if not self.equal_weights:
            weights, vector = self._weights_from(vector)
        with np.errstate(over="ignore"):
            return self.checked(self.Params(weights, self._components_from(vector.reshape(*components.shape[:2], -1))))

    def permute(self, params, order):
        """The same mixture, its components numbered anew: component k becomes what ``order[k]`` was."""
        weights, components = self.checked(params)
        order = checks.order(order, self.n_components)
        return self.Params(weights[order], components[order])

    def checked(self, params):
        """`params` as float64 arrays of the right shapes, weights summing to 1."""
        weights, components = checks.instance(params, "params", self.Params)
        weights = checks.weights(weights, n_components=self.n_components)
        if self.equal_weights and np.ptp(weights) > 1e-8:
            raise ValueError(f"weights are {weights}; with equal_weights each must be 1/{self.n_components}")
        return self.Params(weights, self._checked_components(components))

    def checked_pair(self, x, params):
        """The data and the parameters, with as many features each."""
        params, x = self.checked(params), self.checked_data(x)
        if x.shape[1] != params[1].shape[1]:
            raise ValueError(f"x has {x.shape[1]} features; the parameters describe {params[1].shape[1]}")
        return x, params

    def _expected(self, x, responsibilities, params):
        """The expected counts and powers."""
        powers = responsibilities.T @ self._powers(x)
        return ExpectedPowers(responsibilities.sum(axis=0), powers, self._log_constants(x).sum())

    def _condition(self, x, params):
        """As for every mixture; a point that no component can produce has no responsibilities, and log p = −inf."""
        log_joint = self._log_joint(x, params)
        responsibilities, log_density = np.zeros(log_joint.shape), np.full(len(x), -np.inf)
        possible = log_joint.max(axis=1) > -np.inf
        responsibilities[possible], log_density[possible] = condition(log_joint[possible])
        return responsibilities, log_density

    def _log_joint(self, x, params):
        """log τ_k + log p(x_n | z_n = k), (N, K)."""
        powers, (bases, a) = self._powers(x), self._bases(params[1])
        with np.errstate(divide="ignore"):
            return log_products(powers, bases) + self._log_constants(x)[:, None] - a + np.log(params.weights)
