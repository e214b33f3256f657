"""The multivariate Student-t distribution: a normal one whose scale is drawn anew for every point.

Story: u_n ~ Gamma(ν/2, rate ν/2); x_n | u_n ~ Normal(μ, Σ/u_n). What is hidden is the precision u_n of each point: a
far point is one of small u_n, and weighs little. With D = 1 it is Student's t with location and scale.

Dempster, Laird & Rubin (1980), Iteratively reweighted least squares for linear regression when errors are
normal/independent distributed. Lange, Little & Taylor (1989), Robust statistical modeling using the t distribution.
Journal of the American Statistical Association 84, 881–896. Liu & Rubin (1995), ML estimation of the t distribution
using EM and its extensions, ECM and ECME. Statistica Sinica 5, 19–39.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emlib import checks
from emlib.errors import DegenerateError
from emlib.models.gaussian_mixture import GaussianMixture, GaussianMixtureParams, cholesky, precision_factor
from emlib.numerics import Moments, row_squares

#: Given the precisions, a weighted normal distribution, which is a mixture of one component.
COMPLETE = GaussianMixture(1)
#: Where ν is sought: at the upper end the distribution is normal in all that data could show.
DOF = 1e-3, 1e9
#: A weighted variance below this fraction of the data's mean square is a collapse, and no matter of far points.
COLLAPSE = 1e-20


class StudentTParams(NamedTuple):
    """θ of a Student-t distribution.

    Attributes
    ----------
    location : (D,)
        μ, the centre, and the mean where ν > 1.
    scale : (D, D)
        Σ, positive definite; the covariance is Σ ν/(ν − 2) where ν > 2.
    dof : float
        ν, the degrees of freedom: the smaller, the heavier the tails.
    """

    location: np.ndarray
    scale: np.ndarray
    dof: float


class Precisions(NamedTuple):
    """The precisions given the data, u_n ~ Gamma(``shapes``, ``rates``), each (N,): their means are shape/rate."""

    shapes: np.ndarray
    rates: np.ndarray


class WeightedMoments(NamedTuple):
    """Expected sufficient statistics.

    Attributes
    ----------
    weighted : Moments
        Of the data, each point weighing E[u_n].
    count : float
        N
    log_precisions : float
        Σ_n E[log u_n]
    squares : (D,)
        Σ_n x_n², which weighs nothing: beside it a collapse shows.
    """

    weighted: Moments
    count: float
    log_precisions: float
    squares: np.ndarray


@dataclass(frozen=True)
class StudentT:
    """A multivariate Student-t distribution; the objective is the log-likelihood ℓ.

    Parameters
    ----------
    dof : float or None
        ν, if it is known; None lets EM find it.
    """

    dof: float | None = None

    def __post_init__(self):
        if self.dof is not None:
            checks.number(self.dof, "dof", strict=True)

    def start(self, x, rng):
        """A point of the data, the covariance of all of them, and the ν that is known, or 4."""
        x, rng = checks.data(x), checks.rng(rng, "rng")
        _, means, covariances = COMPLETE.start(x, rng, "points")
        return StudentTParams(means[0], covariances[0], 4.0 if self.dof is None else float(self.dof))

    def posterior(self, x, params):
        """The `Precisions` given the data."""
        x, params = self.checked_pair(x, params)
        return self._precisions(x, params)[0]

    def entropy(self, x, params):
        """The entropy of the precisions: of each Gamma(a, b), a − log b + log Γ(a) + (1 − a) ψ(a)."""
        shapes, rates = self.posterior(x, params)
        shape = float(shapes[0])
        each = shape + math.lgamma(shape) + (1 - shape) * _digamma(shape)
        return len(rates) * each - np.log(rates).sum()

    def e_step(self, x, params):
        """Moments weighted by the expected precisions, and ℓ. Returns (`WeightedMoments`, log-likelihood)."""
        x, params = self.checked_pair(x, params)
        (shapes, rates), log_density = self._precisions(x, params)
        weighted = Moments.of(x, (shapes / rates)[:, None], params.location[None], full=True)
        log_precisions = len(x) * _digamma(float(shapes[0])) - np.log(rates).sum()
        squares = np.square(x).sum(axis=0)
        return WeightedMoments(weighted, float(len(x)), log_precisions, squares), log_density.sum()

    def q(self, params, statistics):
        """Q(θ|θᵗ) = E Σ_n [log Gamma(u_n; ν/2, ν/2) + log Normal(x_n; μ, Σ/u_n)]."""
        location, scale, dof = self.checked(params)
        weighted, count, log_precisions, _ = checks.instance(statistics, "statistics", WeightedMoments)
        half, n_features = dof / 2, len(location)
        gamma = count * (half * math.log(half) - math.lgamma(half)) - half * weighted.counts[0]
        whiten, log_det = precision_factor(scale, "scale")
        squares = np.sum(whiten @ weighted.about(location)[0] * whiten)
        normal = count * (n_features * math.log(2 * math.pi) + log_det) + squares
        return gamma + (half - 1 + n_features / 2) * log_precisions - normal / 2

    def m_step(self, statistics):
        """μ the weighted mean; Σ the weighted scatter over N; ν, if it is sought, from log(ν/2) − ψ(ν/2).

        Raises
        ------
        DegenerateError
            If a feature is constant or depends linearly on others, or too many of its values are equal.
        """
        weighted, count, log_precisions, squares = checks.instance(statistics, "statistics", WeightedMoments)
        for d in np.flatnonzero(np.diagonal(weighted.scatters[0]) < COLLAPSE * squares):
            raise DegenerateError(
                f"feature {d} of x is constant, or too many of its values are all but equal: around "
                f"{weighted.means[0, d]:.4g} the likelihood is unbounded; leave it out, subtract its offset, or fix a "
                "larger dof"
            )
        _, means, covariances = COMPLETE.m_step(weighted)
        dof = self.dof
        if dof is None:
            dof = _dof((weighted.counts[0] - log_precisions) / count - 1)
        return StudentTParams(means[0], covariances[0] * weighted.counts[0] / count, float(dof))

    def score_samples(self, x, params):
        """log p(x_n | θ), (N,)."""
        return self._precisions(*self.checked_pair(x, params))[1]

    def sample(self, params, n, rng):
        """`n` points and their precisions, (n, D) and (n,)."""
        (location, scale, dof), rng = self.checked(params), checks.rng(rng, "rng")
        u = rng.gamma(dof / 2, 2 / dof, checks.integer(n, "n"))
        factor = cholesky(scale, "scale")
        return location + rng.standard_normal((n, len(location))) @ factor.T / np.sqrt(u)[:, None], u

    def free(self, params):
        """The parameters as a vector without constraints: see `emlib.GaussianMixture.free`; and log ν if sought."""
        params = self.checked(params)
        return np.append(COMPLETE.free(_one_component(params)), [math.log(params.dof)] * (self.dof is None))

    def from_free(self, vector, like):
        """The parameters that `free` turns into `vector`; `like`, any valid parameters, gives the shapes."""
        like = self.checked(like)
        vector, dof = checks.array(vector, "vector", shape=self.free(like).shape), self.dof
        if dof is None:
            with np.errstate(over="ignore"):
                vector, dof = vector[:-1], np.exp(vector[-1])
        _, means, covariances = COMPLETE.from_free(vector, _one_component(like))
        return self.checked(StudentTParams(means[0], covariances[0], float(dof)))

    def checked(self, params):
        """`params` as float64 arrays of the right shapes, the scale positive definite, ν as the model has it."""
        params = checks.instance(params, "params", StudentTParams)
        location = checks.means(checks.array(params.location, "location", ndim=1)[None], 1, "location")[0]
        scale = checks.array(params.scale, "scale", shape=(len(location), len(location)))
        cholesky(scale, "scale")
        dof = checks.number(params.dof, "params.dof", strict=True)
        if self.dof is not None and dof != self.dof:
            raise ValueError(f"params.dof is {dof:g}; the model has dof {self.dof:g}")
        return StudentTParams(location, scale, dof)

    def checked_pair(self, x, params):
        """The data and the parameters, with as many features each."""
        params = self.checked(params)
        return checks.data(x, n_features=len(params.location)), params

    def _precisions(self, x, params):
        """The `Precisions`, and log p(x_n | θ)."""
        location, scale, dof = params
        whiten, log_det = precision_factor(scale, "scale")
        distances = row_squares((x - location) @ whiten.T)
        n_features = len(location)
        shape = (dof + n_features) / 2
        constant = math.lgamma(shape) - math.lgamma(dof / 2) - (n_features * math.log(dof * math.pi) + log_det) / 2
        precisions = Precisions(np.full(len(x), shape), (dof + distances) / 2)
        return precisions, constant - shape * np.log1p(distances / dof)


def _one_component(params):
    return GaussianMixtureParams(np.ones(1), params.location[None], params.scale[None])


def _dof(excess):
    """The ν with log(ν/2) − ψ(ν/2) = `excess`, which falls as ν grows; by bisection of log ν within `DOF`."""
    low, high = map(math.log, DOF)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _log_minus_digamma(math.exp(middle) / 2) > excess else (low, middle)
    return math.exp((low + high) / 2)


def _digamma(a):
    """ψ(a) = d log Γ(a)/da for a > 0."""
    return math.log(a) - _log_minus_digamma(a)


def _log_minus_digamma(a):
    """log a − ψ(a), from the asymptotic series after a few steps of ψ(a + 1) = ψ(a) + 1/a; nothing cancels in it."""
    total, far = 0.0, a
    while far < 10:
        total += 1 / far
        far += 1
    y = 1 / far**2
    series = 1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * (691 / 32760 - y / 12)))))
    return total - math.log(far / a) + 1 / (2 * far) + y * series
