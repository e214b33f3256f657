"""Factor analysis and probabilistic principal components.

Story: z_n ~ Normal(0, I), K factors that nobody measured; x_n | z_n ~ Normal(μ + W z_n, Ψ), Ψ diagonal: given the
factors, the features have nothing more to do with each other. With one variance for all features, Ψ = σ² I, it is
probabilistic principal component analysis.

Rubin & Thayer (1982), EM algorithms for ML factor analysis. Psychometrika 47, 69–76. Tipping & Bishop (1999),
Probabilistic principal component analysis. JRSS B 61, 611–622.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emlib import checks
from emlib.errors import DegenerateError
from emlib.models.gaussian_mixture import precision_factor
from emlib.numerics import Moments, row_squares

#: A feature whose own noise is below this fraction of its variance is all but determined by the factors.
COLLAPSE = 1e-10


class FactorAnalysisParams(NamedTuple):
    """θ of factor analysis.

    Attributes
    ----------
    mean : (D,)
        μ
    loadings : (D, K)
        W: what a unit of each factor adds to each feature. Known up to a rotation of the factors.
    noise : (D,)
        The diagonal of Ψ, the variance that each feature has on its own; all alike where it is isotropic.
    """

    mean: np.ndarray
    loadings: np.ndarray
    noise: np.ndarray


class Factors(NamedTuple):
    """The factors given the data: z_n ~ Normal(``means[n]``, ``covariance``), (N, K) and (K, K), the same for all."""

    means: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True)
class FactorAnalysis:
    """Factor analysis; the objective is the log-likelihood ℓ, that of Normal(μ, W Wᵀ + Ψ).

    Parameters
    ----------
    n_factors : int
        K, the number of factors, fewer than there are features.
    isotropic : bool
        Whether all features have the same noise: probabilistic principal components.
    """

    n_factors: int
    isotropic: bool = False

    def __post_init__(self):
        object.__setattr__(self, "n_factors", checks.integer(self.n_factors, "n_factors"))
        if not isinstance(self.isotropic, bool):
            raise TypeError(f"isotropic is {self.isotropic!r}; it must be True or False")

    def start(self, x, rng):
        """A mean drawn from around the data; half of every variance noise, about half of it random loadings."""
        x, rng = self.checked_data(x), checks.rng(rng, "rng")
        variances = x.var(axis=0)
        for d in np.flatnonzero(variances == 0):
            raise DegenerateError(f"feature {d} of x is constant: no normal density fits; leave it out")
        mean = x.mean(axis=0) + np.sqrt(variances) * rng.standard_normal(x.shape[1])
        scale = np.sqrt(variances / 2 / self.n_factors)
        loadings = scale[:, None] * rng.standard_normal((x.shape[1], self.n_factors))
        return FactorAnalysisParams(mean, loadings, self._family(variances / 2))

    def posterior(self, x, params):
        """The `Factors` given the data."""
        return self._factors(*self.checked_pair(x, params))

    def entropy(self, x, params):
        """The entropy of the factors, N/2 log |2πe Cov|."""
        x, params = self.checked_pair(x, params)
        return len(x) / 2 * np.linalg.slogdet(2 * np.pi * np.e * self._factors(x, params).covariance)[1]

    def e_step(self, x, params):
        """The expected moments of features and factors together, and ℓ. Returns (`Moments`, log-likelihood)."""
        x, params = self.checked_pair(x, params)
        factors = self._factors(x, params)
        reference = np.append(params.mean, np.zeros(self.n_factors))[None]
        moments = Moments.of(np.column_stack([x, factors.means]), np.ones((len(x), 1)), reference, full=True)
        scatters = moments.scatters.copy()
        scatters[0, -self.n_factors :, -self.n_factors :] += len(x) * factors.covariance
        return moments._replace(scatters=scatters), self._log_density(x, params).sum()

    def q(self, params, statistics):
        """Q(θ|θᵗ) = E Σ_n [log Normal(x_n; μ + W z_n, Ψ) + log Normal(z_n; 0, I)]."""
        mean, loadings, noise = self.checked(params)
        count = checks.instance(statistics, "statistics", Moments).counts[0]
        d, k = loadings.shape
        about = statistics.about(np.append(mean, np.zeros(k)))[0]
        residual = np.column_stack([np.eye(d), -loadings])
        squares = np.einsum("di,ij,dj->d", residual, about, residual)
        constant = (d + k) * np.log(2 * np.pi) + np.log(noise).sum()
        return -(count * constant + (squares / noise).sum() + np.trace(about[d:, d:])) / 2

    def m_step(self, statistics):
        """The regression of the features on the expected factors, and the mean squares about it.

        Raises
        ------
        DegenerateError
            If a feature is constant, or the factors leave it no noise of its own (a Heywood case).
        """
        count = checks.instance(statistics, "statistics", Moments).counts[0]
        means, covariance = statistics.means[0], statistics.scatters[0] / count
        d = len(means) - self.n_factors
        loadings = np.linalg.solve(covariance[d:, d:], covariance[d:, :d]).T
        residual = np.column_stack([np.eye(d), -loadings])
        noise = self._family(np.einsum("di,ij,dj->d", residual, covariance, residual))
        for i in np.flatnonzero(noise <= COLLAPSE * covariance.diagonal()[:d]):
            raise DegenerateError(
                f"the factors determine feature {i} of x, which keeps no noise of its own (a Heywood case); use fewer "
                "factors, or leave it out if it is constant or depends linearly on others"
            )
        return FactorAnalysisParams(means[:d] - loadings @ means[d:], loadings, noise)

    def score_samples(self, x, params):
        """log p(x_n | θ), (N,)."""
        return self._log_density(*self.checked_pair(x, params))

    def sample(self, params, n, rng):
        """`n` points and their factors, (n, D) and (n, K)."""
        (mean, loadings, noise), rng = self.checked(params), checks.rng(rng, "rng")
        z = rng.standard_normal((checks.integer(n, "n"), self.n_factors))
        return mean + z @ loadings.T + np.sqrt(noise) * rng.standard_normal((n, len(mean))), z

    def covariance(self, params):
        """W Wᵀ + Ψ, the covariance of the features, (D, D): the same for every rotation of the factors."""
        _, loadings, noise = self.checked(params)
        return loadings @ loadings.T + np.diag(noise)

    def n_free(self, params):
        """How many parameters can be told apart: `free` has K (K − 1)/2 more, which rotate the factors."""
        return len(self.free(params)) - self.n_factors * (self.n_factors - 1) // 2

    def free(self, params):
        """The parameters as a vector without constraints: the means, the loadings and log √ψ_d, or log σ."""
        mean, loadings, noise = self.checked(params)
        return np.concatenate([mean, loadings.ravel(), np.log(noise[:1] if self.isotropic else noise) / 2])

    def from_free(self, vector, like):
        """The parameters that `free` turns into `vector`; `like`, any valid parameters, gives the shapes."""
        like = self.checked(like)
        vector = checks.array(vector, "vector", shape=self.free(like).shape)
        mean, loadings, logs = np.split(vector, np.cumsum([like.mean.size, like.loadings.size]))
        with np.errstate(over="ignore"):
            noise = np.broadcast_to(np.exp(2 * logs), like.mean.shape).copy()
        return self.checked(FactorAnalysisParams(mean, loadings.reshape(like.loadings.shape), noise))

    def checked(self, params):
        """`params` as float64 arrays of the right shapes, the noise greater than 0."""
        params = checks.instance(params, "params", FactorAnalysisParams)
        mean = checks.means(checks.array(params.mean, "mean", ndim=1)[None], 1, "mean")[0]
        loadings = checks.array(params.loadings, "loadings", shape=(len(mean), self.n_factors))
        noise = checks.array(params.noise, "noise", shape=mean.shape)
        for d in np.flatnonzero(noise <= 0):
            raise ValueError(f"noise[{d}] is {noise[d]:g}; every variance must be greater than 0")
        if self.isotropic and np.ptp(noise) > 1e-8 * noise[0]:
            raise ValueError("noise differs between features; an isotropic model has the same for all")
        return FactorAnalysisParams(mean, loadings, noise)

    def checked_data(self, x):
        """The data, with more features than factors."""
        x = checks.data(x)
        if x.shape[1] <= self.n_factors:
            raise ValueError(f"x has {x.shape[1]} features; n_factors is {self.n_factors}, and must be less")
        return x

    def checked_pair(self, x, params):
        """The data and the parameters, with as many features each."""
        params, x = self.checked(params), self.checked_data(x)
        if x.shape[1] != len(params.mean):
            raise ValueError(f"x has {x.shape[1]} features; the parameters describe {len(params.mean)}")
        return x, params

    def _family(self, variances):
        """The noise of the family nearest to `variances`: themselves, or for all features their mean."""
        return np.full(variances.shape, variances.mean()) if self.isotropic else variances

    def _factors(self, x, params):
        """The posterior of the factors: Cov = (I + Wᵀ Ψ⁻¹ W)⁻¹, means Cov Wᵀ Ψ⁻¹ (x_n − μ)."""
        mean, loadings, noise = params
        weighted = loadings / noise[:, None]
        covariance = np.linalg.inv(np.eye(self.n_factors) + loadings.T @ weighted)
        return Factors((x - mean) @ weighted @ covariance, (covariance + covariance.T) / 2)

    def _log_density(self, x, params):
        """log Normal(x_n; μ, W Wᵀ + Ψ), (N,)."""
        whiten, log_det = precision_factor(params.loadings @ params.loadings.T + np.diag(params.noise), "W Wᵀ + Ψ")
        return -(x.shape[1] * np.log(2 * np.pi) + log_det + row_squares((x - params.mean) @ whiten.T)) / 2
