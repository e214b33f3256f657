"""The mixture of linear regressions.

Story: z_n = k with probability τ_k; the response y_n | z_n = k, w_n ~ Normal(a_k + b_k·w_n, σ_k²), where w_n are
features about which the model says nothing. The data `x` (N, D + 1) are the features and, in the last column, the
response.

Quandt & Ramsey (1978), Estimating mixtures of normal distributions and switching regressions. Journal of the American
Statistical Association 73, 730–738. De Veaux (1989), Mixtures of linear regressions. Computational Statistics & Data
Analysis 8, 227–245.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emlib import checks
from emlib.errors import DegenerateError
from emlib.models.mixture import Mixture
from emlib.numerics import Moments, xlogy

#: A variance about the line below this fraction of the response's own is a collapse; so are features that close to one.
COLLAPSE = 1e-12


class RegressionMixtureParams(NamedTuple):
    """θ of a mixture of regressions.

    Attributes
    ----------
    weights : (K,)
        τ, not negative, with sum 1.
    intercepts : (K,)
        a, in the unit of the response.
    slopes : (K, D)
        b
    variances : (K,)
        σ², in the unit of the response squared.
    """

    weights: np.ndarray
    intercepts: np.ndarray
    slopes: np.ndarray
    variances: np.ndarray


@dataclass(frozen=True)
class RegressionMixture(Mixture):
    """A mixture of K linear regressions with normal errors; the objective is log p(y | features, θ).

    Parameters
    ----------
    n_components : int
        K, the number of lines.
    """

    def start(self, x, rng):
        """Equal weights, the variance about one line for all, and each line through a few points drawn at random."""
        x, rng = self.checked_data(x), checks.rng(rng, "rng")
        share = np.full((len(x), self.n_components), 1 / self.n_components)
        params = self.m_step(self._expected(x, share, None))
        centre, scale = x.mean(axis=0), x.std(axis=0)
        intercepts, slopes = np.empty(self.n_components), np.empty(params.slopes.shape)
        for k in range(self.n_components):
            few = (x[rng.choice(len(x), min(2 * x.shape[1], len(x)), replace=False)] - centre) / scale
            line = np.linalg.lstsq(np.insert(few[:, :-1], 0, 1.0, axis=1), few[:, -1], rcond=None)[0]
            slopes[k] = line[1:] * scale[-1] / scale[:-1]
            intercepts[k] = centre[-1] + line[0] * scale[-1] - slopes[k] @ centre[:-1]
        return params._replace(intercepts=intercepts, slopes=slopes)

    def q(self, params, statistics):
        """Q(θ|θᵗ) = Σ_k N_k log τ_k − ½ Σ_k [N_k log 2πσ_k² + Σ_n r_nk (y_n − a_k − b_k·w_n)² / σ_k²]."""
        weights, intercepts, slopes, variances = self.checked(params)
        counts = checks.instance(statistics, "statistics", Moments).counts
        residual = np.column_stack([-slopes, np.ones(len(slopes))])
        squares = np.einsum("ki,kij,kj->k", residual, statistics.scatters, residual)
        squares += counts * (np.sum(residual * statistics.means, axis=1) - intercepts) ** 2
        return (xlogy(counts, weights) - (counts * np.log(2 * np.pi * variances) + squares / variances) / 2).sum()

    def m_step(self, statistics):
        """τ_k = N_k/N; the weighted least-squares line; σ_k² the weighted mean square about it.

        Raises
        ------
        DegenerateError
            If a component has no points left, its features do not vary, or its line passes through all its points.
        """
        counts = checks.instance(statistics, "statistics", Moments).counts
        weights, means = self._new_weights(counts), statistics.means
        overall = statistics.about(weights @ means).sum(axis=0).diagonal() / counts.sum()
        slopes, variances = np.empty(means[:, :-1].shape), np.empty(len(means))
        for k, scatter in enumerate(statistics.scatters / counts[:, None, None]):
            slopes[k], variances[k] = self._least_squares(scatter, overall, k)
        intercepts = means[:, -1] - np.sum(slopes * means[:, :-1], axis=1)
        return RegressionMixtureParams(weights, intercepts, slopes, variances)

    def sample(self, params, n, rng, features=None):
        """`n` points and their components, (N, D + 1) and (N,).

        The model says nothing about the features: give those of the points, (N, D), or get standard normal ones.
        """
        weights, intercepts, slopes, variances = self.checked(params)
        n, rng = checks.integer(n, "n"), checks.rng(rng, "rng")
        if features is None:
            features = rng.standard_normal((n, slopes.shape[1]))
        features = checks.array(features, "features", shape=(n, slopes.shape[1]))
        z = rng.choice(self.n_components, size=n, p=weights)
        y = intercepts[z] + np.sum(slopes[z] * features, axis=1) + np.sqrt(variances[z]) * rng.standard_normal(n)
        return np.column_stack([features, y]), z

    def free(self, params):
        """The parameters as a vector without constraints: log(τ_k/τ_K) for k < K, intercepts, slopes and log σ."""
        weights, intercepts, slopes, variances = self.checked(params)
        return np.concatenate([self._free_weights(weights), intercepts, slopes.ravel(), np.log(variances) / 2])

    def from_free(self, vector, like):
        """The parameters that `free` turns into `vector`; `like`, any valid parameters, gives the shapes."""
        like = self.checked(like)
        weights, others = self._weights_from(checks.array(vector, "vector", shape=self.free(like).shape))
        intercepts, slopes, logs = np.split(others, [self.n_components, self.n_components + like.slopes.size])
        with np.errstate(over="ignore"):
            variances = np.exp(2 * logs)
        return self.checked(RegressionMixtureParams(weights, intercepts, slopes.reshape(like.slopes.shape), variances))

    def permute(self, params, order):
        """The same mixture, its components numbered anew: component k becomes what ``order[k]`` was."""
        order = checks.order(order, self.n_components)
        return RegressionMixtureParams(*(part[order] for part in self.checked(params)))

    def checked(self, params):
        """`params` as float64 arrays of the right shapes, weights summing to 1, variances greater than 0."""
        params = checks.instance(params, "params", RegressionMixtureParams)
        weights = checks.weights(params.weights, n_components=self.n_components)
        slopes = checks.components(params.slopes, "slopes", self.n_components)
        intercepts = checks.array(params.intercepts, "intercepts", shape=weights.shape)
        variances = checks.array(params.variances, "variances", shape=weights.shape)
        for k in np.flatnonzero(variances <= 0):
            raise ValueError(f"variances[{k}] is {variances[k]:g}; every variance must be greater than 0")
        return RegressionMixtureParams(weights, intercepts, slopes, variances)

    def checked_data(self, x):
        """The data, with at least one feature and the response."""
        x = checks.data(x)
        if x.shape[1] < 2:
            raise ValueError("x has 1 column; it needs the features and, in the last column, the response")
        return x

    def checked_pair(self, x, params):
        """The data and the parameters, with as many features each."""
        x, params = self.checked_data(x), self.checked(params)
        if x.shape[1] - 1 != params.slopes.shape[1]:
            raise ValueError(f"x has {x.shape[1] - 1} features; the parameters describe {params.slopes.shape[1]}")
        return x, params

    def _log_joint(self, x, params):
        """log τ_k + log Normal(y_n; a_k + b_k·w_n, σ_k²), (N, K)."""
        weights, intercepts, slopes, variances = params
        residuals = x[:, -1:] - intercepts - x[:, :-1] @ slopes.T
        with np.errstate(divide="ignore", over="ignore"):  # what overflows, `condition` refuses
            return np.log(weights) - (np.log(2 * np.pi * variances) + residuals**2 / variances) / 2

    def _expected(self, x, responsibilities, params):
        """The expected counts, means and scatters of features and response together."""
        return Moments.of(x, responsibilities, np.zeros((self.n_components, x.shape[1])), full=True)

    def _least_squares(self, covariance, overall, k):
        """The slopes and the variance about the line, from the covariance of features and response."""
        scale = np.sqrt(np.where(overall > 0, overall, 1.0))
        standard = covariance / np.outer(scale, scale)
        if np.linalg.eigvalsh(standard[:-1, :-1])[0] < COLLAPSE:
            raise DegenerateError(
                f"the features of component {k} are constant or depend linearly on each other; use another start or "
                "fewer components, or leave a feature out"
            )
        residual = np.append(-np.linalg.solve(standard[:-1, :-1], standard[:-1, -1]), 1.0)
        variance = residual @ standard @ residual
        if variance < COLLAPSE:
            raise DegenerateError(
                f"component {k} has collapsed: its line passes through all its points and the likelihood is unbounded "
                "there; use another start or fewer components"
            )
        return -residual[:-1] * scale[-1] / scale[:-1], variance * scale[-1] ** 2
