"""The exercises of chapter 5: what each asks for, what is right, and the wrong answers that learners write.

In the exam question, θ is a `TwoGaussians`, ``x`` has shape (N, D), ``z`` (N,) holds 1 or 2 as in the question's text,
and ``r`` (N,) holds r_n = P(Z_n = 1 | x_n, θᵗ).
"""

from typing import NamedTuple

import numpy as np

from emlib.exercises.review import Exercise, Mistake
from emlib.models.centres import CentreParams
from emlib.models.gaussian_mixture import GaussianMixture, GaussianMixtureParams
from emlib.models.kmeans import KMeans
from emlib.models.soft_assignment import SoftAssignment
from emlib.numerics import log_sum_exp, squared_distances


class TwoGaussians(NamedTuple):
    """θ of the exam question: P(Z = 1) = τ; X | Z = 1 ~ Normal(μ₁, Σ₁); X | Z = 2 ~ Normal(μ₂, Σ₂)."""

    tau: float
    mu1: np.ndarray
    mu2: np.ndarray
    Sigma1: np.ndarray
    Sigma2: np.ndarray


MIXTURE = GaussianMixture(2)


def as_mixture(theta):
    """θ of the exam question as the parameters of a two-component `emlib.GaussianMixture`."""
    return GaussianMixtureParams(
        np.array([theta.tau, 1 - theta.tau]),
        np.array([theta.mu1, theta.mu2]),
        np.array([theta.Sigma1, theta.Sigma2]),
    )


# ---- inputs ----------------------------------------------------------------------------------------------


def _theta(rng, d):
    factors = rng.normal(size=(2, d, d))
    return TwoGaussians(
        rng.uniform(0.15, 0.4),
        rng.normal(size=d),
        rng.normal(size=d) + 2,
        *(f @ f.T + 0.3 * np.eye(d) for f in factors),
    )


def _data(rng, n=None):
    return 2 * rng.normal(size=(n or rng.integers(6, 12), rng.integers(2, 4)))


def _data_and_theta(rng):
    """The last point lies so far out that its densities underflow."""
    x = _data(rng)
    x[-1] = 400.0
    return x, _theta(rng, x.shape[1])


def _data_and_wide_theta(rng):
    """So many points, so widely shared, that no component can collapse in one step."""
    x = _data(rng, n=30)
    theta = _theta(rng, x.shape[1])
    wider = 3 * np.eye(x.shape[1])
    return x, theta._replace(Sigma1=theta.Sigma1 + wider, Sigma2=theta.Sigma2 + wider)


def _theta_data_labels(rng):
    x = _data(rng)
    z = rng.integers(1, 3, size=len(x))
    z[:2] = 1, 2
    return _theta(rng, x.shape[1]), x, z


def _two_thetas_and_data(rng):
    x = _data(rng)
    return _theta(rng, x.shape[1]), _theta(rng, x.shape[1]), x


def _responsibility(rng, n):
    return rng.uniform(0.05, 0.95, size=n)


def _data_and_r(rng):
    x = _data(rng)
    return x, _responsibility(rng, len(x))


def _data_r_means(rng):
    x, r = _data_and_r(rng)
    return x, r, *_means(x, r)


def _partly_labelled(rng):
    x, theta = _data_and_theta(rng)
    z = rng.integers(0, 3, size=len(x))
    z[:3] = 0, 1, 2
    return x, theta, z


def _data_and_centres(rng):
    x = _data(rng)
    return x, rng.normal(size=(rng.integers(3, 5), x.shape[1]))


def _exponents(rng):
    a = rng.normal(size=(rng.integers(5, 9), rng.integers(2, 5)))
    a[0] -= 2000
    a[1] += 2000
    return (a,)


# ---- what is right ---------------------------------------------------------------------------------------


def _log_normal(x, mu, Sigma):
    return GaussianMixture(1).score_samples(x, GaussianMixtureParams(np.ones(1), mu[None], Sigma[None]))


def _log_joints(theta, x):
    """log p(x_n, Z_n = 1 | θ) and log p(x_n, Z_n = 2 | θ), each (N,)."""
    one = np.log(theta.tau) + _log_normal(x, theta.mu1, theta.Sigma1)
    two = np.log1p(-theta.tau) + _log_normal(x, theta.mu2, theta.Sigma2)
    return one, two


def _complete(theta, x, z):
    one, two = _log_joints(theta, x)
    return np.where(z == 1, one, two).sum()


def _r(x, theta):
    return MIXTURE.posterior(x, as_mixture(theta))[:, 0]


def _expected(theta, x, r):
    """Σ_n r_n log p(x_n, 1 | θ) + (1 − r_n) log p(x_n, 2 | θ)."""
    one, two = _log_joints(theta, x)
    return (r * one + (1 - r) * two).sum()


def _q(theta, theta_t, x):
    return _expected(theta, x, _r(x, theta_t))


def _means(x, r):
    return r @ x / r.sum(), (1 - r) @ x / (1 - r).sum()


def _scatter(x, weights, mu):
    d = x - mu
    return (d * weights[:, None]).T @ d


def _covariances(x, r, mu1, mu2):
    return _scatter(x, r, mu1) / r.sum(), _scatter(x, 1 - r, mu2) / (1 - r).sum()


def _tied(x, r, mu1, mu2):
    return (_scatter(x, r, mu1) + _scatter(x, 1 - r, mu2)) / len(x)


def _partly_known(x, theta, z):
    return np.where(z == 0, _r(x, theta), z == 1)


def _em_step(x, theta):
    statistics, _ = MIXTURE.e_step(x, as_mixture(theta))
    params = MIXTURE.m_step(statistics)
    return TwoGaussians(params.weights[0], *params.means, *params.covariances)


# ---- what is wrong ---------------------------------------------------------------------------------------


def _step_with(x, theta, r):
    """An M-step from the responsibilities of a mistaken E-step."""
    means = _means(x, r)
    return TwoGaussians(r.mean(), *means, *_covariances(x, r, *means))


def _hard(x, theta):
    return (_r(x, theta) > 0.5).astype(float)


def _without_weights(x, theta):
    return _r(x, theta._replace(tau=0.5))


def _softmax(log_joint, axis=1):
    joint = np.exp(log_joint - log_joint.max(axis=axis, keepdims=True))
    return joint / joint.sum(axis=axis, keepdims=True)


def _no_determinant(x, theta):
    half_log_dets = [np.linalg.slogdet(S)[1] / 2 for S in (theta.Sigma1, theta.Sigma2)]
    one, two = _log_joints(theta, x)
    return _softmax(np.stack([one + half_log_dets[0], two + half_log_dets[1]], axis=1))[:, 0]


def _old_means(x, theta):
    r = _r(x, theta)
    return TwoGaussians(r.mean(), *_means(x, r), *_covariances(x, r, theta.mu1, theta.mu2))


def _over_n(x, theta):
    r, n = _r(x, theta), len(x)
    mu1, mu2 = r @ x / n, (1 - r) @ x / n
    return TwoGaussians(r.mean(), mu1, mu2, _scatter(x, r, mu1) / n, _scatter(x, 1 - r, mu2) / n)


def _covariance_over_n(x, theta):
    r, n = _r(x, theta), len(x)
    means = _means(x, r)
    return TwoGaussians(r.mean(), *means, _scatter(x, r, means[0]) / n, _scatter(x, 1 - r, means[1]) / n)


def _swapped(x, theta):
    new = _em_step(x, theta)
    return TwoGaussians(1 - new.tau, new.mu2, new.mu1, new.Sigma2, new.Sigma1)


def _refreshed(x, theta):
    """The E-step made anew between the updates."""
    tau = _r(x, theta).mean()
    theta = theta._replace(tau=tau)
    mu1, mu2 = _means(x, _r(x, theta))
    theta = theta._replace(mu1=mu1, mu2=mu2)
    return theta._replace(**dict(zip(("Sigma1", "Sigma2"), _covariances(x, _r(x, theta), mu1, mu2), strict=True)))


def _second_moments(x, r, mu1, mu2):
    return _scatter(x, r, 0) / r.sum(), _scatter(x, 1 - r, 0) / (1 - r).sum()


def _diagonals(x, r, mu1, mu2):
    return tuple(np.diag(np.diagonal(S)) for S in _covariances(x, r, mu1, mu2))


def _soft(x, means, stiffness):
    return SoftAssignment(len(means), stiffness=stiffness).posterior(x, CentreParams(means))


def _distances(x, means):
    return np.sqrt(squared_distances(x, means))


EXERCISES = {
    "assign": Exercise(
        task="for every point the index, from 0, of its nearest centre, shape (N,)",
        see="chapter 1, the assignment step",
        inputs=_data_and_centres,
        reference=lambda x, means: KMeans(len(means)).posterior(x, CentreParams(means)).argmax(axis=1),
        mistakes=(
            Mistake("each point went to the farthest centre", lambda x, m: _distances(x, m).argmax(axis=1)),
            Mistake("the labels count from 1; count from 0", lambda x, m: _distances(x, m).argmin(axis=1) + 1),
            Mistake(
                "this is, for every centre, its nearest point: the minimum ran along the wrong axis",
                lambda x, m: _distances(x, m).argmin(axis=0),
            ),
            Mistake(
                "these are the smallest distances, not where they are",
                lambda x, m: _distances(x, m).min(axis=1),
            ),
            Mistake(
                "these are the smallest squared distances, not where they are",
                lambda x, m: squared_distances(x, m).min(axis=1),
            ),
            Mistake(
                "these are 0–1 rows with one column per centre; give the index of the 1",
                lambda x, m: np.eye(len(m))[_distances(x, m).argmin(axis=1)],
            ),
            Mistake(
                "distances were summed without squaring or taking absolute values, so that signs cancel",
                lambda x, m: (x[:, None] - m).sum(axis=2).argmin(axis=1),
            ),
            Mistake(
                "this is the nearest centre by the sum of absolute differences; k-means uses the Euclidean distance",
                lambda x, m: np.abs(x[:, None] - m).sum(axis=2).argmin(axis=1),
            ),
        ),
    ),
    "log_sum_exp": Exercise(
        task="log Σ_k exp(a_nk) for every row of a, shape (N,)",
        see="chapter 2, where the naive code underflows",
        inputs=_exponents,
        reference=log_sum_exp,
        mistakes=(
            Mistake(
                "the exponential was taken before the row's maximum was subtracted: far rows overflow or underflow",
                lambda a: np.log(np.exp(a).sum(axis=1)),
            ),
            Mistake(
                "the maximum was subtracted but not added back after the logarithm",
                lambda a: np.log(np.exp(a - a.max(axis=1, keepdims=True)).sum(axis=1)),
            ),
            Mistake("this is the maximum alone; the other terms count too", lambda a: a.max(axis=1)),
            Mistake(
                "this is the sum of logarithms, Σ_k a_nk, not the logarithm of the sum",
                lambda a: a.sum(axis=1),
            ),
            Mistake(
                "the sum ran over the rows; it runs along each row",
                lambda a: np.log(np.exp(a - a.max(axis=0)).sum(axis=0)) + a.max(axis=0),
            ),
            Mistake(
                "one maximum for the whole array is not enough: rows far below it underflow. Take each row's own",
                lambda a: np.log(np.exp(a - a.max()).sum(axis=1)) + a.max(),
            ),
            Mistake(
                "this is the logarithm of the mean; do not divide by K",
                lambda a: log_sum_exp(a) - np.log(a.shape[1]),
            ),
        ),
    ),
    "soft_assign": Exercise(
        task="r_nk ∝ exp(−β‖x_n − μ_k‖²/2), every row summing to 1, shape (N, K)",
        see="chapter 2, Bayes' law for the assignment",
        inputs=lambda rng: (*_data_and_centres(rng), rng.uniform(0.3, 0.8)),
        reference=_soft,
        mistakes=(
            Mistake(
                "this gives the *farther* centre more: distances normalised by their sum grow with distance",
                lambda x, m, b: _distances(x, m) / _distances(x, m).sum(axis=1, keepdims=True),
            ),
            Mistake(
                "inverse distances come from no p(x | k); use the normal density",
                lambda x, m, b: (1 / _distances(x, m)) / (1 / _distances(x, m)).sum(axis=1, keepdims=True),
            ),
            Mistake("the ½ in the exponent is missing", lambda x, m, b: _soft(x, m, 2 * b)),
            Mistake(
                "β = 1/σ² multiplies the squared distance; you divided by it",
                lambda x, m, b: _soft(x, m, 1 / b),
            ),
            Mistake("β already is 1/σ²; it was squared again", lambda x, m, b: _soft(x, m, b**2)),
            Mistake("the distance was not squared", lambda x, m, b: _softmax(-b / 2 * _distances(x, m))),
            Mistake("the rows are not normalised", lambda x, m, b: np.exp(-b / 2 * squared_distances(x, m))),
            Mistake(
                "the columns sum to 1; normalise over the clusters k, along each row",
                lambda x, m, b: _softmax(-b / 2 * squared_distances(x, m), axis=0),
            ),
            Mistake(
                "this is a hard assignment; a soft one gives every cluster its share",
                lambda x, m, b: KMeans(len(m)).posterior(x, CentreParams(m)),
            ),
            Mistake(
                "the sign of the exponent is wrong: far centres win",
                lambda x, m, b: _softmax(b / 2 * squared_distances(x, m)),
            ),
        ),
    ),
    "complete_log_likelihood": Exercise(
        task="log L(θ; x, z) = log p(x, z | θ) of all the data, one number",
        see="chapter 4, the complete-data log-likelihood",
        inputs=_theta_data_labels,
        reference=_complete,
        mistakes=(
            Mistake(
                "log τ and log(1 − τ) are missing: p(x, z) = p(z) p(x | z)",
                lambda theta, x, z: np.where(
                    z == 1, _log_normal(x, theta.mu1, theta.Sigma1), _log_normal(x, theta.mu2, theta.Sigma2)
                ).sum(),
            ),
            Mistake(
                "this is ℓ(θ), with z summed out; here z is known",
                lambda theta, x, z: MIXTURE.score_samples(x, as_mixture(theta)).sum(),
            ),
            Mistake("the two components are exchanged", lambda theta, x, z: _complete(theta, x, 3 - z)),
            Mistake(
                "this is the mean over the points; the likelihood wants the sum",
                lambda theta, x, z: _complete(theta, x, z) / len(x),
            ),
            Mistake(
                "the sign is wrong: this is the negative log-likelihood",
                lambda theta, x, z: -_complete(theta, x, z),
            ),
            Mistake(
                "these are the terms of the single points; add them up",
                lambda theta, x, z: np.where(z == 1, *_log_joints(theta, x)),
            ),
            Mistake(
                "both components were counted for every point; only the one that z names counts",
                lambda theta, x, z: np.sum(_log_joints(theta, x)),
            ),
            Mistake(
                "log τ was used for both components; the second has log(1 − τ)",
                lambda theta, x, z: _complete(theta, x, z) + (z == 2).sum() * np.log(theta.tau / (1 - theta.tau)),
            ),
            Mistake(
                "the determinants are missing: −½ log |Σ| belongs to the density",
                lambda theta, x, z: (
                    _complete(theta, x, z)
                    + sum(
                        ((z == k) * np.linalg.slogdet(S)[1] / 2).sum()
                        for k, S in ((1, theta.Sigma1), (2, theta.Sigma2))
                    )
                ),
            ),
            Mistake(
                "the factor (2π)^(−D/2) of the densities is missing",
                lambda theta, x, z: _complete(theta, x, z) + x.size * np.log(2 * np.pi) / 2,
            ),
        ),
    ),
    "responsibility": Exercise(
        task="r_n = P(Z_n = 1 | x_n, θ) for every point, shape (N,)",
        see="chapter 4, the E-step",
        inputs=_data_and_theta,
        reference=_r,
        mistakes=(
            Mistake("the weights τ and 1 − τ are missing: Bayes' law needs the prior", _without_weights),
            Mistake("this is a hard assignment; give the probability itself", _hard),
            Mistake("this is P(Z_n = 2 | x_n, θ), the other component's", lambda x, theta: 1 - _r(x, theta)),
            Mistake(
                "this is τ p(x_n | Z = 1), not yet divided by p(x_n)",
                lambda x, theta: np.exp(_log_joints(theta, x)[0]),
            ),
            Mistake(
                "this is the density p(x_n | Z = 1) alone",
                lambda x, theta: np.exp(_log_normal(x, theta.mu1, theta.Sigma1)),
            ),
            Mistake(
                "the values sum to 1 over the points; for each point the *two components* must sum to 1",
                lambda x, theta: _softmax(_log_joints(theta, x)[0][:, None], axis=0)[:, 0],
            ),
            Mistake("the determinants |Σ| of the two densities are missing", _no_determinant),
            Mistake(
                "the weights are exchanged: τ belongs to component 1",
                lambda x, theta: _r(x, theta._replace(tau=1 - theta.tau)),
            ),
            Mistake(
                "this is log r_n, not r_n",
                lambda x, theta: _log_joints(theta, x)[0] - np.logaddexp(*_log_joints(theta, x)),
            ),
            Mistake(
                "Σ was used where Σ⁻¹ belongs",
                lambda x, theta: _r(
                    x, theta._replace(Sigma1=np.linalg.inv(theta.Sigma1), Sigma2=np.linalg.inv(theta.Sigma2))
                ),
            ),
            Mistake(
                "the ½ in the exponent is missing",
                lambda x, theta: _softmax(
                    np.stack(
                        [
                            2 * _log_normal(x, m, S) + np.log(w) + np.linalg.slogdet(S)[1] / 2
                            for w, m, S in (
                                (theta.tau, theta.mu1, theta.Sigma1),
                                (1 - theta.tau, theta.mu2, theta.Sigma2),
                            )
                        ],
                        axis=1,
                    )
                )[:, 0],
            ),
        ),
    ),
    "q": Exercise(
        task="Q(θ|θᵗ) = E over Z | x, θᵗ of log p(x, Z | θ), one number",
        see="chapter 3, Q taken apart, and chapter 4, Q of the mixture",
        inputs=_two_thetas_and_data,
        reference=_q,
        constant_is_free=True,
        varied=lambda rng, arguments: (_theta(rng, arguments[2].shape[1]), *arguments[1:]),
        mistakes=(
            Mistake(
                "this is ℓ(θ), the logarithm of the sum; in Q the logarithm stands inside the expectation",
                lambda theta, theta_t, x: MIXTURE.score_samples(x, as_mixture(theta)).sum(),
            ),
            Mistake(
                "Q was evaluated at θᵗ; θᵗ belongs in the responsibilities only",
                lambda theta, theta_t, x: _q(theta_t, theta_t, x),
            ),
            Mistake(
                "the responsibilities were computed at θ; they belong to θᵗ and stay fixed while θ varies",
                lambda theta, theta_t, x: _q(theta, theta, x),
            ),
            Mistake("the roles of θ and θᵗ are exchanged", lambda theta, theta_t, x: _q(theta_t, theta, x)),
            Mistake(
                "log τ and log(1 − τ) are missing: log p(x, z) = log p(z) + log p(x | z)",
                lambda theta, theta_t, x: _q(theta, theta_t, x) - _prior_part(theta, theta_t, x),
            ),
            Mistake(
                "log τ was used for both components; the second has log(1 − τ)",
                lambda theta, theta_t, x: (
                    _q(theta, theta_t, x) + (1 - _r(x, theta_t)).sum() * np.log(theta.tau / (1 - theta.tau))
                ),
            ),
            Mistake(
                "both components were weighted with r_n; the second has 1 − r_n",
                lambda theta, theta_t, x: (_r(x, theta_t) * np.sum(_log_joints(theta, x), axis=0)).sum(),
            ),
            Mistake(
                "the components were not weighted with their responsibilities",
                lambda theta, theta_t, x: np.sum(_log_joints(theta, x)),
            ),
            Mistake(
                "a hard assignment was used; the expectation weights with r_n and 1 − r_n",
                lambda theta, theta_t, x: _expected(theta, x, _hard(x, theta_t)),
            ),
            Mistake(
                "the logarithm was taken of the weighted sum of the densities; it stands inside",
                lambda theta, theta_t, x: np.logaddexp(
                    *(
                        np.log(w) + j
                        for w, j in zip((_r(x, theta_t), 1 - _r(x, theta_t)), _log_joints(theta, x), strict=True)
                    )
                ).sum(),
            ),
            Mistake(
                "this is the mean over the points; Q is the sum",
                lambda theta, theta_t, x: _q(theta, theta_t, x) / len(x),
            ),
            Mistake("the sign is wrong: this is −Q", lambda theta, theta_t, x: -_q(theta, theta_t, x)),
            Mistake(
                "the responsibilities lack the weights τᵗ",
                lambda theta, theta_t, x: _expected(theta, x, _without_weights(x, theta_t)),
            ),
            Mistake(
                "the responsibilities are exchanged",
                lambda theta, theta_t, x: _expected(theta, x, 1 - _r(x, theta_t)),
            ),
            Mistake(
                "−½ log |Σ| is missing from the densities",
                lambda theta, theta_t, x: _q(theta, theta_t, x) + _determinant_part(theta, theta_t, x),
            ),
        ),
    ),
    "update_tau": Exercise(
        task="the τ that maximises Q, one number",
        see="chapter 4, the update of τ",
        inputs=lambda rng: (_responsibility(rng, rng.integers(6, 12)),),
        reference=lambda r: r.mean(),
        mistakes=(
            Mistake("this is N₁ = Σ r_n; divide it by N", lambda r: r.sum()),
            Mistake("this is the weight of component 2", lambda r: 1 - r.mean()),
            Mistake("a hard count was used; sum the probabilities themselves", lambda r: (r > 0.5).mean()),
            Mistake("the weights need not be equal", lambda r: 0.5),
            Mistake("divide by N, not by N − 1: the weights must sum to 1", lambda r: r.sum() / (len(r) - 1)),
            Mistake("r was normalised by its own sum, which makes every mean 1/N", lambda r: (r / r.sum()).mean()),
            Mistake("this is N₁/N₂, the odds; τ is N₁/(N₁ + N₂)", lambda r: r.sum() / (1 - r).sum()),
            Mistake("this is Σ r²/Σ r; each point counts with r once", lambda r: (r @ r) / r.sum()),
            Mistake(
                "this is the geometric mean; the sum comes from the derivative of Σ r_n log τ",
                lambda r: np.exp(np.log(r).mean()),
            ),
            Mistake("this is the median", np.median),
        ),
    ),
    "update_means": Exercise(
        task="the pair (μ₁, μ₂) that maximises Q, each of shape (D,)",
        see="chapter 4, the update of μ",
        inputs=_data_and_r,
        reference=_means,
        mistakes=(
            Mistake(
                "the sums were divided by N; divide by N_k, the sum of the responsibilities",
                lambda x, r: (r @ x / len(x), (1 - r) @ x / len(x)),
            ),
            Mistake("the sums were not divided by N_k", lambda x, r: (r @ x, (1 - r) @ x)),
            Mistake("the two means are exchanged", lambda x, r: _means(x, r)[::-1]),
            Mistake(
                "a hard assignment was used",
                lambda x, r: _means(x, (r > 0.5).astype(float)) if 0 < (r > 0.5).sum() < len(r) else (x[0], x[0]),
            ),
            Mistake(
                "the responsibilities are missing: this is the mean of all points, twice",
                lambda x, r: (x.mean(axis=0), x.mean(axis=0)),
            ),
            Mistake("both means use r_n; the second needs 1 − r_n", lambda x, r: (_means(x, r)[0],) * 2),
            Mistake(
                "the second sum was divided by N₁; its own count is N₂ = Σ (1 − r_n)",
                lambda x, r: (_means(x, r)[0], (1 - r) @ x / r.sum()),
            ),
            Mistake(
                "the responsibilities were squared (that is fuzzy c-means, not EM)",
                lambda x, r: (r**2 @ x / (r**2).sum(), (1 - r) ** 2 @ x / ((1 - r) ** 2).sum()),
            ),
            Mistake(
                "the counts were exchanged: Σ r x belongs over Σ r",
                lambda x, r: (r @ x / (1 - r).sum(), (1 - r) @ x / r.sum()),
            ),
            Mistake(
                "divide by N_k, not by N_k − 1",
                lambda x, r: (r @ x / (r.sum() - 1), (1 - r) @ x / ((1 - r).sum() - 1)),
            ),
        ),
    ),
    "update_covariances": Exercise(
        task="the pair (Σ₁, Σ₂) that maximises Q given the new means, each of shape (D, D)",
        see="chapter 4, the update of Σ",
        inputs=_data_r_means,
        reference=_covariances,
        mistakes=(
            Mistake(
                "the sums were divided by N; divide by N_k",
                lambda x, r, m1, m2: (_scatter(x, r, m1) / len(x), _scatter(x, 1 - r, m2) / len(x)),
            ),
            Mistake(
                "divide by N_k, not by N_k − 1: maximum likelihood, not the unbiased estimate",
                lambda x, r, m1, m2: (
                    _scatter(x, r, m1) / (r.sum() - 1),
                    _scatter(x, 1 - r, m2) / ((1 - r).sum() - 1),
                ),
            ),
            Mistake(
                "the sums were not divided by N_k",
                lambda x, r, m1, m2: (_scatter(x, r, m1), _scatter(x, 1 - r, m2)),
            ),
            Mistake("the means were not subtracted: these are second moments about 0", _second_moments),
            Mistake("only the diagonal was kept; the features' covariances belong to Σ too", _diagonals),
            Mistake(
                "the outer product is transposed: dᵀd is one number, d dᵀ is the matrix",
                lambda x, r, m1, m2: tuple(np.trace(S) for S in _covariances(x, r, m1, m2)),
            ),
            Mistake(
                "the responsibilities are missing: every point was weighted alike",
                lambda x, r, m1, m2: (
                    _scatter(x, np.ones_like(r), m1) / len(x),
                    _scatter(x, np.ones_like(r), m2) / len(x),
                ),
            ),
            Mistake("the two covariances are exchanged", lambda x, r, m1, m2: _covariances(x, r, m1, m2)[::-1]),
            Mistake(
                "the responsibilities were squared: weight the outer product, not the deviation",
                lambda x, r, m1, m2: (
                    _scatter(x, r**2, m1) / r.sum(),
                    _scatter(x, (1 - r) ** 2, m2) / (1 - r).sum(),
                ),
            ),
            Mistake(
                "both covariances use r_n; the second needs 1 − r_n",
                lambda x, r, m1, m2: (_scatter(x, r, m1) / r.sum(), _scatter(x, r, m2) / r.sum()),
            ),
            Mistake(
                "the deviations were taken from the mean of all points, not from μ_k",
                lambda x, r, m1, m2: _covariances(x, r, x.mean(axis=0), x.mean(axis=0)),
            ),
            Mistake(
                "this is the pooled covariance twice; the two components have their own",
                lambda x, r, m1, m2: (_tied(x, r, m1, m2),) * 2,
            ),
        ),
    ),
    "em_step": Exercise(
        task="θᵗ⁺¹ as TwoGaussians(tau, mu1, mu2, Sigma1, Sigma2) from x and θᵗ",
        see="chapter 4, the algorithm by hand",
        inputs=_data_and_wide_theta,
        reference=_em_step,
        mistakes=(
            Mistake(
                "the covariances were taken about the *old* means; the maximum of Q over μ and Σ uses the new",
                _old_means,
            ),
            Mistake(
                "the E-step assigned points hard",
                lambda x, theta: _step_with(x, theta, _hard(x, theta)) if 0 < _hard(x, theta).sum() < len(x) else theta,
            ),
            Mistake(
                "the weights are missing in the E-step",
                lambda x, theta: _step_with(x, theta, _without_weights(x, theta)),
            ),
            Mistake("τ was not updated", lambda x, theta: _em_step(x, theta)._replace(tau=theta.tau)),
            Mistake(
                "the covariances were not updated",
                lambda x, theta: _em_step(x, theta)._replace(Sigma1=theta.Sigma1, Sigma2=theta.Sigma2),
            ),
            Mistake("the sums were divided by N instead of N_k", _over_n),
            Mistake("the covariances were divided by N instead of N_k", _covariance_over_n),
            Mistake("the two components are exchanged", _swapped),
            Mistake(
                "the responsibilities were computed anew between the updates; one E-step serves a whole M-step",
                _refreshed,
            ),
            Mistake("θᵗ came back unchanged", lambda x, theta: theta),
            Mistake(
                "the determinants are missing in the E-step's densities",
                lambda x, theta: _step_with(x, theta, _no_determinant(x, theta)),
            ),
        ),
    ),
    "update_tied_covariance": Exercise(
        task="the one Σ that both components share and that maximises Q given the new means, shape (D, D)",
        see="chapter 4, the covariance families",
        inputs=_data_r_means,
        reference=_tied,
        mistakes=(
            Mistake(
                "the two covariances were averaged alike; each counts with its N_k",
                lambda x, r, m1, m2: np.mean(_covariances(x, r, m1, m2), axis=0),
            ),
            Mistake("the two covariances were added", lambda x, r, m1, m2: np.sum(_covariances(x, r, m1, m2), axis=0)),
            Mistake(
                "this is the covariance of all the data; take each point from the mean of its component",
                lambda x, r, m1, m2: np.cov(x.T, bias=True),
            ),
            Mistake("the sum was not divided by N", lambda x, r, m1, m2: len(x) * _tied(x, r, m1, m2)),
            Mistake(
                "divide by N, not by N − 2: maximum likelihood, not the unbiased estimate",
                lambda x, r, m1, m2: _tied(x, r, m1, m2) * len(x) / (len(x) - 2),
            ),
            Mistake(
                "this is the first component's covariance alone", lambda x, r, m1, m2: _covariances(x, r, m1, m2)[0]
            ),
            Mistake(
                "the pair came back; both components share one matrix",
                lambda x, r, m1, m2: (_tied(x, r, m1, m2),) * 2,
            ),
        ),
    ),
    "partly_known": Exercise(
        task="P(Z_n = 1 | x_n, z_n if known, θ) for every point, shape (N,), where z_n = 0 means unknown",
        see="chapter 3, the posterior of the latent variables",
        inputs=_partly_labelled,
        reference=_partly_known,
        mistakes=(
            Mistake("the known labels were not used", lambda x, theta, z: _r(x, theta)),
            Mistake(
                "a point whose label is unknown has the posterior of the E-step, not ½",
                lambda x, theta, z: np.where(z == 0, 0.5, z == 1),
            ),
            Mistake(
                "a point whose label is unknown has the posterior of the E-step, not the prior τ",
                lambda x, theta, z: np.where(z == 0, theta.tau, z == 1),
            ),
            Mistake("points without a label count too: they got 0", lambda x, theta, z: (z == 1).astype(float)),
            Mistake(
                "the known labels are exchanged: z_n = 1 makes the probability 1",
                lambda x, theta, z: np.where(z == 0, _r(x, theta), z == 2),
            ),
            Mistake(
                "unknown points were assigned hard",
                lambda x, theta, z: np.where(z == 0, _r(x, theta) > 0.5, z == 1),
            ),
            Mistake(
                "points known to belong to component 2 still have a posterior; it is 0",
                lambda x, theta, z: np.where(z == 1, 1.0, _r(x, theta)),
            ),
        ),
    ),
}


def _prior_part(theta, theta_t, x):
    r = _r(x, theta_t)
    return r.sum() * np.log(theta.tau) + (1 - r).sum() * np.log1p(-theta.tau)


def _determinant_part(theta, theta_t, x):
    r = _r(x, theta_t)
    return (r.sum() * np.linalg.slogdet(theta.Sigma1)[1] + (1 - r).sum() * np.linalg.slogdet(theta.Sigma2)[1]) / 2
