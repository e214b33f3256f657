"""The exam question of chapter 5, in its seven parts. ``z`` (N,) holds 1 or 2 as in the question's text."""

import numpy as np

from emlib.exercises.exercise import Exercise
from emlib.exercises.tasks.two_gaussians import (
    MIXTURE,
    TwoGaussians,
    as_mixture,
    data_and_r,
    data_and_theta,
    data_r_means,
    log_joints,
    log_normal,
    random_data,
    random_responsibility,
    random_theta,
    responsibility,
    scatter,
    tied_covariance,
    weighted_covariances,
    weighted_means,
)
from emlib.numerics import condition


def _data_and_wide_theta(rng):
    """So many points, so widely shared, that no component can collapse in one step."""
    x = random_data(rng, n=30)
    theta = random_theta(rng, x.shape[1])
    wider = 3 * np.eye(x.shape[1])
    return x, theta._replace(Sigma1=theta.Sigma1 + wider, Sigma2=theta.Sigma2 + wider)


def _theta_data_labels(rng):
    x = random_data(rng)
    z = rng.integers(1, 3, size=len(x))
    z[:2] = 1, 2
    return random_theta(rng, x.shape[1]), x, z


def _two_thetas_and_data(rng):
    x = random_data(rng)
    return random_theta(rng, x.shape[1]), random_theta(rng, x.shape[1]), x


def _complete(theta, x, z):
    one, two = log_joints(theta, x)
    return np.where(z == 1, one, two).sum()


def _expected(theta, x, r):
    """Σ_n r_n log p(x_n, 1 | θ) + (1 − r_n) log p(x_n, 2 | θ)."""
    one, two = log_joints(theta, x)
    return (r * one + (1 - r) * two).sum()


def _q(theta, theta_t, x):
    return _expected(theta, x, responsibility(x, theta_t))


def _em_step(x, theta):
    statistics, _ = MIXTURE.e_step(x, as_mixture(theta))
    params = MIXTURE.m_step(statistics)
    return TwoGaussians(params.weights[0], *params.means, *params.covariances)


def _step_with(x, theta, r):
    """An M-step from the responsibilities of a mistaken E-step."""
    means = weighted_means(x, r)
    return TwoGaussians(r.mean(), *means, *weighted_covariances(x, r, *means))


def _hard(x, theta):
    return (responsibility(x, theta) > 0.5).astype(float)


def _without_weights(x, theta):
    return responsibility(x, theta._replace(tau=0.5))


def _no_determinant(x, theta):
    half_log_dets = [np.linalg.slogdet(S)[1] / 2 for S in (theta.Sigma1, theta.Sigma2)]
    one, two = log_joints(theta, x)
    return condition(np.stack([one + half_log_dets[0], two + half_log_dets[1]], axis=1))[0][:, 0]


def _old_means(x, theta):
    r = responsibility(x, theta)
    return TwoGaussians(r.mean(), *weighted_means(x, r), *weighted_covariances(x, r, theta.mu1, theta.mu2))


def _over_n(x, theta):
    r, n = responsibility(x, theta), len(x)
    mu1, mu2 = r @ x / n, (1 - r) @ x / n
    return TwoGaussians(r.mean(), mu1, mu2, scatter(x, r, mu1) / n, scatter(x, 1 - r, mu2) / n)


def _covariance_over_n(x, theta):
    r, n = responsibility(x, theta), len(x)
    means = weighted_means(x, r)
    return TwoGaussians(r.mean(), *means, scatter(x, r, means[0]) / n, scatter(x, 1 - r, means[1]) / n)


def _swapped(x, theta):
    new = _em_step(x, theta)
    return TwoGaussians(1 - new.tau, new.mu2, new.mu1, new.Sigma2, new.Sigma1)


def _refreshed(x, theta):
    """The E-step made anew between the updates."""
    tau = responsibility(x, theta).mean()
    theta = theta._replace(tau=tau)
    mu1, mu2 = weighted_means(x, responsibility(x, theta))
    theta = theta._replace(mu1=mu1, mu2=mu2)
    return theta._replace(
        **dict(zip(("Sigma1", "Sigma2"), weighted_covariances(x, responsibility(x, theta), mu1, mu2), strict=True))
    )


def _second_moments(x, r, mu1, mu2):
    return scatter(x, r, 0) / r.sum(), scatter(x, 1 - r, 0) / (1 - r).sum()


def _diagonals(x, r, mu1, mu2):
    return tuple(np.diag(np.diagonal(S)) for S in weighted_covariances(x, r, mu1, mu2))


def _prior_part(theta, theta_t, x):
    r = responsibility(x, theta_t)
    return r.sum() * np.log(theta.tau) + (1 - r).sum() * np.log1p(-theta.tau)


def _determinant_part(theta, theta_t, x):
    r = responsibility(x, theta_t)
    return (r.sum() * np.linalg.slogdet(theta.Sigma1)[1] + (1 - r).sum() * np.linalg.slogdet(theta.Sigma2)[1]) / 2


EXERCISES = {
    "complete_log_likelihood": Exercise(
        task="log L(θ; x, z) = log p(x, z | θ) of all the data, one number",
        see="chapter 4, the complete-data log-likelihood",
        inputs=_theta_data_labels,
        reference=_complete,
        mistakes={
            "log τ and log(1 − τ) are missing: p(x, z) = p(z) p(x | z)": lambda theta, x, z: np.where(
                z == 1, log_normal(x, theta.mu1, theta.Sigma1), log_normal(x, theta.mu2, theta.Sigma2)
            ).sum(),
            "this is ℓ(θ), with z summed out; here z is known": lambda theta, x, z: MIXTURE.score_samples(
                x, as_mixture(theta)
            ).sum(),
            "the two components are exchanged": lambda theta, x, z: _complete(theta, x, 3 - z),
            "this is the mean over the points; the likelihood wants the sum": lambda theta, x, z: (
                _complete(theta, x, z) / len(x)
            ),
            "the sign is wrong: this is the negative log-likelihood": lambda theta, x, z: -_complete(theta, x, z),
            "these are the terms of the single points; add them up": lambda theta, x, z: np.where(
                z == 1, *log_joints(theta, x)
            ),
            "both components were counted for every point; only the one that z names counts": lambda theta, x, z: (
                np.sum(log_joints(theta, x))
            ),
            "log τ was used for both components; the second has log(1 − τ)": lambda theta, x, z: (
                _complete(theta, x, z) + (z == 2).sum() * np.log(theta.tau / (1 - theta.tau))
            ),
            "the determinants are missing: −½ log |Σ| belongs to the density": lambda theta, x, z: (
                _complete(theta, x, z)
                + sum(((z == k) * np.linalg.slogdet(S)[1] / 2).sum() for k, S in ((1, theta.Sigma1), (2, theta.Sigma2)))
            ),
            "the factor (2π)^(−D/2) of the densities is missing": lambda theta, x, z: (
                _complete(theta, x, z) + x.size * np.log(2 * np.pi) / 2
            ),
        },
    ),
    "responsibility": Exercise(
        task="r_n = P(Z_n = 1 | x_n, θ) for every point, shape (N,)",
        see="chapter 4, the E-step",
        inputs=data_and_theta,
        reference=responsibility,
        mistakes={
            "the weights τ and 1 − τ are missing: Bayes' law needs the prior": _without_weights,
            "this is a hard assignment; give the probability itself": _hard,
            "this is P(Z_n = 2 | x_n, θ), the other component's": lambda x, theta: 1 - responsibility(x, theta),
            "this is τ p(x_n | Z = 1), not yet divided by p(x_n)": lambda x, theta: np.exp(log_joints(theta, x)[0]),
            "this is the density p(x_n | Z = 1) alone": lambda x, theta: np.exp(log_normal(x, theta.mu1, theta.Sigma1)),
            "the values sum to 1 over the points; for each point the *two components* must sum to 1": lambda x, theta: (
                condition(log_joints(theta, x)[0][None])[0][0]
            ),
            "the determinants |Σ| of the two densities are missing": _no_determinant,
            "the weights are exchanged: τ belongs to component 1": lambda x, theta: responsibility(
                x, theta._replace(tau=1 - theta.tau)
            ),
            "this is log r_n, not r_n": lambda x, theta: log_joints(theta, x)[0] - np.logaddexp(*log_joints(theta, x)),
            "Σ was used where Σ⁻¹ belongs": lambda x, theta: responsibility(
                x, theta._replace(Sigma1=np.linalg.inv(theta.Sigma1), Sigma2=np.linalg.inv(theta.Sigma2))
            ),
            "the ½ in the exponent is missing": lambda x, theta: condition(
                np.stack(
                    [
                        2 * log_normal(x, m, S) + np.log(w) + np.linalg.slogdet(S)[1] / 2
                        for w, m, S in (
                            (theta.tau, theta.mu1, theta.Sigma1),
                            (1 - theta.tau, theta.mu2, theta.Sigma2),
                        )
                    ],
                    axis=1,
                )
            )[0][:, 0],
        },
    ),
    "q": Exercise(
        task="Q(θ|θᵗ) = E over Z | x, θᵗ of log p(x, Z | θ), one number",
        see="chapter 3, Q taken apart, and chapter 4, Q of the mixture",
        inputs=_two_thetas_and_data,
        reference=_q,
        varied=lambda rng, arguments: (random_theta(rng, arguments[2].shape[1]), *arguments[1:]),
        mistakes={
            "this is ℓ(θ), the log of the sum; in Q the log stands inside the expectation": lambda theta, theta_t, x: (
                MIXTURE.score_samples(x, as_mixture(theta)).sum()
            ),
            "Q was evaluated at θᵗ; θᵗ belongs in the responsibilities only": lambda theta, theta_t, x: _q(
                theta_t, theta_t, x
            ),
            "the responsibilities were computed at θ; they belong to θᵗ and stay fixed": lambda theta, theta_t, x: _q(
                theta, theta, x
            ),
            "the roles of θ and θᵗ are exchanged": lambda theta, theta_t, x: _q(theta_t, theta, x),
            "log τ and log(1 − τ) are missing: log p(x, z) = log p(z) + log p(x | z)": lambda theta, theta_t, x: (
                _q(theta, theta_t, x) - _prior_part(theta, theta_t, x)
            ),
            "log τ was used for both components; the second has log(1 − τ)": lambda theta, theta_t, x: (
                _q(theta, theta_t, x) + (1 - responsibility(x, theta_t)).sum() * np.log(theta.tau / (1 - theta.tau))
            ),
            "both components were weighted with r_n; the second has 1 − r_n": lambda theta, theta_t, x: (
                responsibility(x, theta_t) * np.sum(log_joints(theta, x), axis=0)
            ).sum(),
            "the components were not weighted with their responsibilities": lambda theta, theta_t, x: np.sum(
                log_joints(theta, x)
            ),
            "a hard assignment was used; the expectation weights with r_n and 1 − r_n": lambda theta, theta_t, x: (
                _expected(theta, x, _hard(x, theta_t))
            ),
            "the log was taken of the weighted sum of the densities; it stands inside": lambda theta, theta_t, x: (
                np.logaddexp(
                    *(
                        np.log(w) + j
                        for w, j in zip(
                            (responsibility(x, theta_t), 1 - responsibility(x, theta_t)),
                            log_joints(theta, x),
                            strict=True,
                        )
                    )
                ).sum()
            ),
            "this is the mean over the points; Q is the sum": lambda theta, theta_t, x: _q(theta, theta_t, x) / len(x),
            "the sign is wrong: this is −Q": lambda theta, theta_t, x: -_q(theta, theta_t, x),
            "the responsibilities lack the weights τᵗ": lambda theta, theta_t, x: _expected(
                theta, x, _without_weights(x, theta_t)
            ),
            "the responsibilities are exchanged": lambda theta, theta_t, x: _expected(
                theta, x, 1 - responsibility(x, theta_t)
            ),
            "−½ log |Σ| is missing from the densities": lambda theta, theta_t, x: (
                _q(theta, theta_t, x) + _determinant_part(theta, theta_t, x)
            ),
        },
    ),
    "update_tau": Exercise(
        task="the τ that maximises Q, one number",
        see="chapter 4, the update of τ",
        inputs=lambda rng: (random_responsibility(rng, rng.integers(6, 12)),),
        reference=lambda r: r.mean(),
        mistakes={
            "this is N₁ = Σ r_n; divide it by N": lambda r: r.sum(),
            "this is the weight of component 2": lambda r: 1 - r.mean(),
            "a hard count was used; sum the probabilities themselves": lambda r: (r > 0.5).mean(),
            "the weights need not be equal": lambda r: 0.5,
            "divide by N, not by N − 1: the weights must sum to 1": lambda r: r.sum() / (len(r) - 1),
            "r was normalised by its own sum, which makes every mean 1/N": lambda r: (r / r.sum()).mean(),
            "this is N₁/N₂, the odds; τ is N₁/(N₁ + N₂)": lambda r: r.sum() / (1 - r).sum(),
            "this is Σ r²/Σ r; each point counts with r once": lambda r: (r @ r) / r.sum(),
            "this is the geometric mean; the sum comes from the derivative of Σ r_n log τ": lambda r: np.exp(
                np.log(r).mean()
            ),
            "this is the median": np.median,
        },
    ),
    "update_means": Exercise(
        task="the pair (μ₁, μ₂) that maximises Q, each of shape (D,)",
        see="chapter 4, the update of μ",
        inputs=data_and_r,
        reference=weighted_means,
        mistakes={
            "the sums were divided by N; divide by N_k, the sum of the responsibilities": lambda x, r: (
                r @ x / len(x),
                (1 - r) @ x / len(x),
            ),
            "the sums were not divided by N_k": lambda x, r: (r @ x, (1 - r) @ x),
            "the two means are exchanged": lambda x, r: weighted_means(x, r)[::-1],
            "a hard assignment was used": lambda x, r: (
                weighted_means(x, (r > 0.5).astype(float)) if 0 < (r > 0.5).sum() < len(r) else (x[0], x[0])
            ),
            "the responsibilities are missing: this is the mean of all points, twice": lambda x, r: (
                x.mean(axis=0),
                x.mean(axis=0),
            ),
            "both means use r_n; the second needs 1 − r_n": lambda x, r: (weighted_means(x, r)[0],) * 2,
            "the second sum was divided by N₁; its own count is N₂ = Σ (1 − r_n)": lambda x, r: (
                weighted_means(x, r)[0],
                (1 - r) @ x / r.sum(),
            ),
            "the responsibilities were squared (that is fuzzy c-means, not EM)": lambda x, r: (
                r**2 @ x / (r**2).sum(),
                (1 - r) ** 2 @ x / ((1 - r) ** 2).sum(),
            ),
            "the counts were exchanged: Σ r x belongs over Σ r": lambda x, r: (
                r @ x / (1 - r).sum(),
                (1 - r) @ x / r.sum(),
            ),
            "divide by N_k, not by N_k − 1": lambda x, r: (r @ x / (r.sum() - 1), (1 - r) @ x / ((1 - r).sum() - 1)),
        },
    ),
    "update_covariances": Exercise(
        task="the pair (Σ₁, Σ₂) that maximises Q given the new means, each of shape (D, D)",
        see="chapter 4, the update of Σ",
        inputs=data_r_means,
        reference=weighted_covariances,
        mistakes={
            "the sums were divided by N; divide by N_k": lambda x, r, m1, m2: (
                scatter(x, r, m1) / len(x),
                scatter(x, 1 - r, m2) / len(x),
            ),
            "divide by N_k, not by N_k − 1: maximum likelihood, not the unbiased estimate": lambda x, r, m1, m2: (
                scatter(x, r, m1) / (r.sum() - 1),
                scatter(x, 1 - r, m2) / ((1 - r).sum() - 1),
            ),
            "the sums were not divided by N_k": lambda x, r, m1, m2: (scatter(x, r, m1), scatter(x, 1 - r, m2)),
            "the means were not subtracted: these are second moments about 0": _second_moments,
            "only the diagonal was kept; the features' covariances belong to Σ too": _diagonals,
            "the outer product is transposed: dᵀd is one number, d dᵀ is the matrix": lambda x, r, m1, m2: tuple(
                np.trace(S) for S in weighted_covariances(x, r, m1, m2)
            ),
            "the responsibilities are missing: every point was weighted alike": lambda x, r, m1, m2: (
                scatter(x, np.ones_like(r), m1) / len(x),
                scatter(x, np.ones_like(r), m2) / len(x),
            ),
            "the two covariances are exchanged": lambda x, r, m1, m2: weighted_covariances(x, r, m1, m2)[::-1],
            "the responsibilities were squared: weight the outer product, not the deviation": lambda x, r, m1, m2: (
                scatter(x, r**2, m1) / r.sum(),
                scatter(x, (1 - r) ** 2, m2) / (1 - r).sum(),
            ),
            "both covariances use r_n; the second needs 1 − r_n": lambda x, r, m1, m2: (
                scatter(x, r, m1) / r.sum(),
                scatter(x, r, m2) / r.sum(),
            ),
            "the deviations were taken from the mean of all points, not from μ_k": lambda x, r, m1, m2: (
                weighted_covariances(x, r, x.mean(axis=0), x.mean(axis=0))
            ),
            "this is the pooled covariance twice; the two components have their own": lambda x, r, m1, m2: (
                (tied_covariance(x, r, m1, m2),) * 2
            ),
        },
    ),
    "em_step": Exercise(
        task="θᵗ⁺¹ as TwoGaussians(tau, mu1, mu2, Sigma1, Sigma2) from x and θᵗ",
        see="chapter 4, the algorithm by hand",
        inputs=_data_and_wide_theta,
        reference=_em_step,
        mistakes={
            "the covariances were taken about the *old* means; the maximum of Q over μ and Σ uses the new": _old_means,
            "the E-step assigned points hard": lambda x, theta: (
                _step_with(x, theta, _hard(x, theta)) if 0 < _hard(x, theta).sum() < len(x) else theta
            ),
            "the weights are missing in the E-step": lambda x, theta: _step_with(x, theta, _without_weights(x, theta)),
            "τ was not updated": lambda x, theta: _em_step(x, theta)._replace(tau=theta.tau),
            "the covariances were not updated": lambda x, theta: _em_step(x, theta)._replace(
                Sigma1=theta.Sigma1, Sigma2=theta.Sigma2
            ),
            "the sums were divided by N instead of N_k": _over_n,
            "the covariances were divided by N instead of N_k": _covariance_over_n,
            "the two components are exchanged": _swapped,
            "the responsibilities were computed anew between the updates; one E-step serves a whole M-step": _refreshed,
            "θᵗ came back unchanged": lambda x, theta: theta,
            "the determinants are missing in the E-step's densities": lambda x, theta: _step_with(
                x, theta, _no_determinant(x, theta)
            ),
        },
    ),
}
