"""The multivariate normal distribution with missing values.

Story: x_n ~ Normal(μ, Σ), and of every row only some values are seen; nan marks a gap. What is hidden are the values in
the gaps. Why they are missing must not depend on what they would have been, once the seen values are known.

Beale & Little (1975), Missing values in multivariate analysis. JRSS B 37, 129–145. Little & Rubin (2019), Statistical
Analysis with Missing Data, § 11.2.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emlib import checks
from emlib.errors import DegenerateError
from emlib.models.gaussian_mixture import GaussianMixture, GaussianMixtureParams, cholesky
from emlib.numerics import Moments, row_squares

#: Once the gaps are filled in, a normal distribution is a mixture of one component.
COMPLETE = GaussianMixture(1)


class NormalParams(NamedTuple):
    """θ: the ``mean`` μ, (D,), and the ``covariance`` Σ, (D, D), positive definite."""

    mean: np.ndarray
    covariance: np.ndarray


class FillIns(NamedTuple):
    """What the seen values of each row say about its gaps.

    Attributes
    ----------
    means : (N, D)
        The data, each gap filled in with its conditional mean.
    covariances : (N, D, D)
        The conditional covariances of the gaps; 0 where a value is seen.
    """

    means: np.ndarray
    covariances: np.ndarray


class IncompleteMoments(NamedTuple):
    """The expected `Moments` of the completed rows, and how many values of each feature are ``seen``, (D,)."""

    completed: Moments
    seen: np.ndarray


@dataclass(frozen=True)
class IncompleteNormal:
    """A normal distribution of which any values may be missing; the objective is ℓ of what is seen.

    A row of only gaps says nothing, and adds nothing to ℓ. Where two features are never seen together, the data leave
    their partial correlation open, and it stays as the start has it.
    """

    def start(self, x, rng):
        """Uncorrelated features with the variances of the seen values, the mean drawn from that distribution."""
        x, rng = checks.data(x, gaps=True), checks.rng(rng, "rng")
        seen = ~np.isnan(x)
        _refuse_unseen(seen.sum(axis=0))
        variances = np.nanvar(x, axis=0)
        for d in np.flatnonzero(variances == 0):
            raise DegenerateError(
                f"feature {d} of x is constant where it is seen: no normal density fits; leave it out"
            )
        mean = np.nanmean(x, axis=0) + np.sqrt(variances) * rng.standard_normal(x.shape[1])
        return NormalParams(mean, np.diag(variances))

    def posterior(self, x, params):
        """The conditional distribution of the gaps, `FillIns`."""
        x, params = self.checked_pair(x, params)
        means, covariances = x.copy(), np.zeros(x.shape + x.shape[1:])
        for rows, gaps, fill, factor, _ in self._patterns(x, params):
            means[np.ix_(rows, gaps)] = fill
            covariances[np.ix_(rows, gaps, gaps)] = factor @ factor.T
        return FillIns(means, covariances)

    def entropy(self, x, params):
        """The entropy of the gaps given what is seen, H = ½ Σ_n log |2πe C_n|, C_n their covariance."""
        total = 0.0
        for rows, gaps, _, factor, _ in self._patterns(*self.checked_pair(x, params)):
            total += len(rows) * (len(gaps) / 2 * np.log(2 * np.pi * np.e) + np.log(np.diagonal(factor)).sum())
        return total

    def e_step(self, x, params):
        """The expected moments of the completed rows, and ℓ. Returns (`IncompleteMoments`, log-likelihood).

        Into the scatter go the filled-in rows *and* the covariance of each row's gaps: filled in alone, the data would
        vary less than they do.
        """
        x, params = self.checked_pair(x, params)
        completed, uncertainty, log_likelihood = x.copy(), np.zeros(params.covariance.shape), 0.0
        for rows, gaps, fill, factor, log_density in self._patterns(x, params):
            completed[np.ix_(rows, gaps)] = fill
            uncertainty[np.ix_(gaps, gaps)] += len(rows) * factor @ factor.T
            log_likelihood += log_density.sum()
        moments = Moments.of(completed, np.ones((len(x), 1)), params.mean[None], full=True)
        moments = moments._replace(scatters=moments.scatters + uncertainty)
        return IncompleteMoments(moments, (~np.isnan(x)).sum(axis=0)), log_likelihood

    def q(self, params, statistics):
        """Q(θ|θᵗ) = −½ [N log |2πΣ| + tr(Σ⁻¹ E Σ_n (x_n − μ)(x_n − μ)ᵀ)]."""
        return COMPLETE.q(_one_component(self.checked(params)), self._checked_statistics(statistics).completed)

    def m_step(self, statistics):
        """μ the mean and Σ the covariance of the completed rows.

        Raises
        ------
        DegenerateError
            If a feature is never seen, is constant, or depends linearly on others.
        """
        statistics = self._checked_statistics(statistics)
        _refuse_unseen(statistics.seen)
        _, means, covariances = COMPLETE.m_step(statistics.completed)
        return NormalParams(means[0], covariances[0])

    def sample(self, params, n, rng):
        """`n` complete rows, (n, D)."""
        params, rng = self.checked(params), checks.rng(rng, "rng")
        factor = cholesky(params.covariance, "covariance")
        return params.mean + rng.standard_normal((checks.integer(n, "n"), len(factor))) @ factor.T

    def score_samples(self, x, params):
        """log p(what is seen of x_n | θ), (N,); 0 for a row of only gaps."""
        x, params = self.checked_pair(x, params)
        scores = np.empty(len(x))
        for rows, *_, log_density in self._patterns(x, params):
            scores[rows] = log_density
        return scores

    def free(self, params):
        """The parameters as a vector without constraints: see `emlib.GaussianMixture.free`."""
        return COMPLETE.free(_one_component(self.checked(params)))

    def from_free(self, vector, like):
        """The parameters that `free` turns into `vector`; `like`, any valid parameters, gives the shapes."""
        _, means, covariances = COMPLETE.from_free(vector, _one_component(self.checked(like)))
        return NormalParams(means[0], covariances[0])

    def checked(self, params):
        """`params` as float64 arrays of the right shapes, the covariance positive definite."""
        params = checks.instance(params, "params", NormalParams)
        mean = checks.array(params.mean, "mean", ndim=1)
        checks.means(mean[None], 1, "mean")
        covariance = checks.array(params.covariance, "covariance", shape=(len(mean), len(mean)))
        cholesky(covariance, "covariance")
        return NormalParams(mean, covariance)

    def checked_pair(self, x, params):
        """The data, nan marking the gaps, and the parameters, with as many features each."""
        params = self.checked(params)
        return checks.data(x, n_features=len(params.mean), gaps=True), params

    def _checked_statistics(self, statistics):
        return checks.instance(statistics, "statistics", IncompleteMoments)

    def _patterns(self, x, params):
        """For the rows that share each pattern of gaps: their numbers, the gaps, what fills them in, a lower triangular
        factor of the gaps' conditional covariance, and the log density of what is seen.

        With the seen values first, the Cholesky factor of Σ holds all of it: [[L_ss, 0], [L_gs, L_gg]].
        """
        mean, covariance = params
        patterns, which = np.unique(np.isnan(x), axis=0, return_inverse=True)
        for pattern, missing in enumerate(patterns):
            rows, gaps, seen = np.flatnonzero(which == pattern), np.flatnonzero(missing), np.flatnonzero(~missing)
            order, n_seen = np.concatenate([seen, gaps]), len(seen)
            scale = np.sqrt(np.diagonal(covariance)[order])
            factor = cholesky(covariance[np.ix_(order, order)], "covariance")
            correlation = factor / scale[:, None]  # solved in units of the standard deviations
            d = (x[np.ix_(rows, seen)] - mean[seen]) / scale[:n_seen]
            white = np.linalg.solve(correlation[:n_seen, :n_seen], d.T).T
            log_det = 2 * np.log(np.diagonal(factor)[:n_seen]).sum()
            log_density = 0.0 - (n_seen * np.log(2 * np.pi) + log_det + row_squares(white)) / 2
            yield rows, gaps, mean[gaps] + white @ factor[n_seen:, :n_seen].T, factor[n_seen:, n_seen:], log_density


def _one_component(params):
    return GaussianMixtureParams(np.ones(1), params.mean[None], params.covariance[None])


def _refuse_unseen(seen):
    for d in np.flatnonzero(seen == 0):
        raise DegenerateError(f"feature {d} of x is never seen: all its values are gaps; leave it out")
