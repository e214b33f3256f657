"""The exam question of chapter 5, part by part. ``z`` (N,) holds 1 or 2 as in the question's text."""

from functools import partial

import numpy as np

from emlib import datasets
from emlib.exercises.compare import close, numbers, pieces
from emlib.exercises.exercise import Exercise
from emlib.exercises.tasks.two_gaussians import (
    WRONG_DENSITIES,
    TwoGaussians,
    data_and_r,
    data_and_theta,
    data_r_means,
    hard,
    log_det,
    log_joints,
    log_likelihood,
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

# ---- inputs ----------------------------------------------------------------------------------------------------------


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


def _two_groups_and_plateau(rng):
    """A start whose two components are almost the same: the first steps gain next to nothing."""
    x = rng.normal(size=(60, 2)) + 5 * (np.arange(60) < 20)[:, None]
    apart, everywhere = rng.uniform(0.01, 0.015, size=2), np.cov(x.T)
    return x, TwoGaussians(0.5, x.mean(axis=0) - apart, x.mean(axis=0) + apart, everywhere, everywhere)


def _faithful():
    start = (np.array([2.0, 60.0]), np.array([4.0, 75.0]), np.diag([1.0, 100.0]), np.diag([1.0, 100.0]))
    return datasets.faithful().x, TwoGaussians(0.5, *start)


def _r_symbols(r):
    return {"r": r, "N1": r.sum(), "N2": (1 - r).sum()}


def _q_symbols(theta, theta_t, x):
    old = {f"{name}_t": value for name, value in theta_t._asdict().items()}
    return {"x": x, "D": x.shape[1]} | _r_symbols(responsibility(x, theta_t)) | theta._asdict() | old


# ---- what is right ---------------------------------------------------------------------------------------------------


def _expected(theta, x, r, density=log_normal):
    """Σ_n r_n log p(x_n, 1 | θ) + (1 − r_n) log p(x_n, 2 | θ)."""
    one, two = log_joints(theta, x, density)
    return (r * one + (1 - r) * two).sum()


def _complete(theta, x, z, density=log_normal):
    return _expected(theta, x, z == 1, density)


def _q(theta, theta_t, x):
    return _expected(theta, x, responsibility(x, theta_t))


def _step_with(x, r):
    """The M-step."""
    means = weighted_means(x, r)
    return TwoGaussians(r.mean(), *means, *weighted_covariances(x, r, *means))


def _em_step(x, theta):
    return _step_with(x, responsibility(x, theta))


def _fit(x, theta, gain=1e-8, most=5000):
    reached = [log_likelihood(theta, x)]
    while len(reached) <= most:
        theta = _em_step(x, theta)
        reached.append(log_likelihood(theta, x))
        if reached[-1] - reached[-2] < gain:
            break
    return theta, reached


def _tau_objective(r):
    return lambda tau: r.sum() * np.log(tau[0]) + (1 - r).sum() * np.log1p(-tau[0])


def _means_objective(x, r):
    """Q in μ₁ and μ₂; the maximum is at the same place whatever the covariances, so take I."""
    return lambda mu: -(np.trace(scatter(x, r, mu[0])) + np.trace(scatter(x, 1 - r, mu[1]))) / 2


def covariances_objective(x, r, mu1, mu2):
    def q(Sigma):
        if any(np.linalg.eigvalsh(S)[0] <= 0 for S in Sigma):
            return np.nan
        parts = zip((r, 1 - r), (mu1, mu2), Sigma, strict=True)
        return sum(-(w.sum() * log_det(S) + np.trace(np.linalg.solve(S, scatter(x, w, mu)))) / 2 for w, mu, S in parts)

    return q


# ---- what is wrong ---------------------------------------------------------------------------------------------------


def _naive(x, theta):
    one, two = np.exp(log_joints(theta, x))
    return one / (one + two)


#: E-steps as learners write them, each the posterior of some model or half a posterior
WRONG_E_STEPS = {
    "the weights τ and 1 − τ are missing: Bayes' law needs the prior": lambda x, theta: responsibility(
        x, theta._replace(tau=0.5)
    ),
    "the weights are exchanged: τ belongs to component 1": lambda x, theta: responsibility(
        x, theta._replace(tau=1 - theta.tau)
    ),
    "this is a hard assignment; give the probability itself": lambda x, theta: hard(responsibility(x, theta)),
    "this is P(Z_n = 2 | x_n, θ), the other component's": lambda x, theta: 1 - responsibility(x, theta),
    **{says: partial(responsibility, density=density) for says, density in WRONG_DENSITIES.items()},
}
_IN_THE_E_STEP = {f"in the responsibilities, {says}": wrong for says, wrong in WRONG_E_STEPS.items()}


def _refreshed(x, theta):
    """The E-step made anew between the updates."""
    theta = theta._replace(tau=responsibility(x, theta).mean())
    theta = theta._replace(**dict(zip(("mu1", "mu2"), weighted_means(x, responsibility(x, theta)), strict=True)))
    r = responsibility(x, theta)
    return TwoGaussians(theta.tau, theta.mu1, theta.mu2, *weighted_covariances(x, r, theta.mu1, theta.mu2))


def _swapped(theta):
    return TwoGaussians(1 - theta.tau, theta.mu2, theta.mu1, theta.Sigma2, theta.Sigma1)


def _steps_inside(arguments, got):
    """The updates inside an EM step, each from the learner's own numbers before it, for every E-step that we know."""
    (x, theta), (tau, mu1, mu2, *covariances) = arguments, got
    for says, e_step in {"": responsibility, **_IN_THE_E_STEP}.items():
        r = e_step(x, theta)
        for about, means in {"": (mu1, mu2), "the covariances were taken about the *old* means": theta[1:3]}.items():
            yield (
                tuple(filter(None, (says, about))),
                (
                    (EXERCISES["update_tau"], (r,), tau),
                    (EXERCISES["update_means"], (x, r), (mu1, mu2)),
                    (EXERCISES["update_covariances"], (x, r, *means), tuple(covariances)),
                ),
            )


def _wrong_fit(arguments, value):
    """What is wrong with a learner's run of EM, found by going along with it."""
    x, start = arguments
    found = pieces(value[0], start) if isinstance(value, list) and len(value) == 2 else "it returned no pair"
    reached = numbers(value[1]) if not isinstance(found, str) else None
    if reached is None or reached.ndim != 1 or not len(reached):
        return f"{found if isinstance(found, str) else 'the second value is no list of numbers'}; give the pair (θ, ℓ)"
    theta = TwoGaussians(*found)
    if not np.isfinite(reached).all() or not all(np.isfinite(piece).all() for piece in found):
        return "nan or ∞ came out; do the E-step with logarithms"
    right = _fit(x, start, gain=-np.inf, most=min(len(reached) + 1, 200))[1]
    first, falls = right[0], np.flatnonzero(np.diff(reached) < -1e-9 * np.abs(reached[1:]))
    if not _near(reached[0], first):
        whys = {
            "that is the mean over the points": first / len(x),
            "that is the negative log-likelihood": -first,
            "that is ℓ after one step": right[1],
            "that is Q(θ|θ), not ℓ(θ)": _q(start, start, x),
            "the weights τ are missing in ℓ": log_likelihood(start._replace(tau=0.5), x) + len(x) * np.log(2),
            "the sum over the components stands inside the logarithm": np.sum(log_joints(start, x)),
        }
        why = next((f"; {says}" for says, wrong in whys.items() if _near(reached[0], wrong)), "")
        return f"the first value is {reached[0]:.6g}, but ℓ at the given θ is {first:.6g}{why}"
    if falls.size:
        t = falls[0]
        return f"ℓ falls in step {t + 1}, from {reached[t]:.8g} to {reached[t + 1]:.8g}; a step of EM never lowers it"
    for t, (mine, yours) in enumerate(zip(right, reached, strict=False)):
        if not _near(yours, mine):
            return f"after step {t} ℓ is {yours:.8g}, where EM has {mine:.8g}; put your step to check('em_step', …)"
    at_theta = log_likelihood(theta, x)
    if not _near(at_theta, reached[-1]):
        before = "; it belongs to the θ before the last M-step" if at_theta > reached[-1] else ""
        return f"the last ℓ is {reached[-1]:.8g}, but at the θ that you return it is {at_theta:.8g}{before}"
    onward, steps = _fit(x, theta)[1], len(reached) - 1
    if onward[-1] > at_theta + 1e-3:
        return (
            f"you stopped after {steps} steps at ℓ = {at_theta:.6g}, and EM goes on to {onward[-1]:.6g}; a small gain "
            "may be a plateau, and a fixed number of steps may be too few"
        )
    gain = onward[1] - onward[0]
    if gain > 1e-8:
        return f"you stopped after {steps} steps, and the next one still gains {gain:.1e}; go on until it is below 1e-8"
    climbing = np.flatnonzero(np.diff(reached, prepend=-np.inf) >= 1e-11)[-1]
    idle = steps - climbing
    if idle > max(20, climbing):  # a test of the parameters may take some more steps
        return (
            f"you went on for {idle} steps after EM had come to rest; where is the test that a step gains too little?"
        )
    return ""


def _near(a, b):
    return close(np.asarray(a), np.asarray(b), 1e-7)


# ---- the exercises ---------------------------------------------------------------------------------------------------

EXERCISES = {
    "complete_log_likelihood": Exercise(
        task="log L(θ; x, z) = log p(x, z | θ) of all the data, one number",
        see="chapter 4, the complete-data log-likelihood",
        inputs=_theta_data_labels,
        reference=_complete,
        mistakes={
            "log τ and log(1 − τ) are missing: p(x, z) = p(z) p(x | z)": lambda theta, x, z: (
                _complete(theta._replace(tau=0.5), x, z) + len(x) * np.log(2)
            ),
            "this is ℓ(θ), with z summed out; here z is known": lambda theta, x, z: log_likelihood(theta, x),
            "the two components are exchanged": lambda theta, x, z: _complete(theta, x, 3 - z),
            "this is the mean over the points; the likelihood wants the sum": lambda theta, x, z: (
                _complete(theta, x, z) / len(x)
            ),
            "the sign is wrong: this is the negative log-likelihood": lambda theta, x, z: -_complete(theta, x, z),
            "this is the likelihood itself; take its logarithm": lambda theta, x, z: np.exp(_complete(theta, x, z)),
            "these are the terms of the single points; add them up": lambda theta, x, z: np.where(
                z == 1, *log_joints(theta, x)
            ),
            "both components were counted for every point; only the one that z names counts": lambda theta, x, z: (
                np.sum(log_joints(theta, x))
            ),
            "only the points of component 1 were counted": lambda theta, x, z: log_joints(theta, x)[0][z == 1].sum(),
            "log τ was used for both components; the second has log(1 − τ)": lambda theta, x, z: (
                _complete(theta, x, z) + (z == 2).sum() * np.log(theta.tau / (1 - theta.tau))
            ),
            "τ and 1 − τ stand without their logarithms": lambda theta, x, z: (
                _complete(theta._replace(tau=0.5), x, z)
                + np.where(z == 1, theta.tau, 1 - theta.tau).sum()
                + len(x) * np.log(2)
            ),
            "log τ was counted once; every point has its own factor": lambda theta, x, z: (
                _complete(theta._replace(tau=0.5), x, z) + len(x) * np.log(2) + np.log(theta.tau) + np.log1p(-theta.tau)
            ),
            "the factor (2π)^(−D/2) of the densities is missing": lambda theta, x, z: (
                _complete(theta, x, z) + x.size * np.log(2 * np.pi) / 2
            ),
            "the densities' factor is (2π)^(−D/2); the power D is missing": lambda theta, x, z: (
                _complete(theta, x, z) + (x.size - len(x)) * np.log(2 * np.pi) / 2
            ),
            **{says: partial(_complete, density=density) for says, density in WRONG_DENSITIES.items()},
        },
    ),
    "responsibility": Exercise(
        task="r_n = P(Z_n = 1 | x_n, θ) for every point, shape (N,)",
        see="chapter 4, the E-step",
        inputs=data_and_theta,
        reference=responsibility,
        mistakes=WRONG_E_STEPS
        | {
            "this is τ p(x_n | Z = 1), not yet divided by p(x_n)": lambda x, theta: np.exp(log_joints(theta, x)[0]),
            "this is the density p(x_n | Z = 1) alone": lambda x, theta: np.exp(log_normal(x, theta.mu1, theta.Sigma1)),
            "the values sum to 1 over the points; for each point the *two components* must sum to 1": lambda x, theta: (
                _over_the_points(log_joints(theta, x)[0])
            ),
            "this is log r_n, not r_n": lambda x, theta: log_joints(theta, x)[0] - np.logaddexp(*log_joints(theta, x)),
            "this is the odds r_n/(1 − r_n); divide by the sum of both": lambda x, theta: np.exp(
                np.subtract(*log_joints(theta, x))
            ),
            "both columns came; give the first, P(Z_n = 1 | x_n, θ)": lambda x, theta: np.stack(
                [responsibility(x, theta), 1 - responsibility(x, theta)], axis=1
            ),
            "the *logarithms* were divided by their sum; take their exponentials first": lambda x, theta: (
                log_joints(theta, x)[0] / np.sum(log_joints(theta, x), axis=0)
            ),
            "this is τ for every point; the data are not used": lambda x, theta: np.full(len(x), theta.tau),
            "the densities of a far point underflow to 0, and 0/0 is nan: work with logarithms": _naive,
        },
    ),
    "q": Exercise(
        task="Q(θ|θᵗ) = E over Z | x, θᵗ of log p(x, Z | θ), one number",
        see="chapter 3, Q taken apart, and chapter 4, Q of the mixture",
        inputs=_two_thetas_and_data,
        reference=_q,
        varied=lambda rng, arguments: (random_theta(rng, arguments[2].shape[1]), *arguments[1:]),
        symbols=_q_symbols,
        mistakes={
            "this is ℓ(θ), the log of the sum; in Q the log stands inside the expectation": lambda theta, theta_t, x: (
                log_likelihood(theta, x)
            ),
            "this is ℓ(θᵗ)": lambda theta, theta_t, x: log_likelihood(theta_t, x),
            "Q was evaluated at θᵗ; θᵗ belongs in the responsibilities only": lambda theta, theta_t, x: _q(
                theta_t, theta_t, x
            ),
            "the responsibilities were computed at θ; they belong to θᵗ and stay fixed": lambda theta, theta_t, x: _q(
                theta, theta, x
            ),
            "the roles of θ and θᵗ are exchanged": lambda theta, theta_t, x: _q(theta_t, theta, x),
            "log τ and log(1 − τ) are missing: log p(x, z) = log p(z) + log p(x | z)": lambda theta, theta_t, x: (
                _q(theta._replace(tau=0.5), theta_t, x) + len(x) * np.log(2)
            ),
            "these are the terms with τ alone; the densities are missing": lambda theta, theta_t, x: _expected(
                theta, x, responsibility(x, theta_t), density=lambda x, mu, Sigma: np.zeros(len(x))
            ),
            "log τ was used for both components; the second has log(1 − τ)": lambda theta, theta_t, x: (
                _q(theta, theta_t, x) + (1 - responsibility(x, theta_t)).sum() * np.log(theta.tau / (1 - theta.tau))
            ),
            "log τ stands once, not with every point": lambda theta, theta_t, x: (
                _q(theta._replace(tau=0.5), theta_t, x) + len(x) * np.log(2) + np.log(theta.tau) + np.log1p(-theta.tau)
            ),
            "log τᵗ was used; in the complete-data log-likelihood τ varies": lambda theta, theta_t, x: _q(
                theta._replace(tau=theta_t.tau), theta_t, x
            ),
            "both components were weighted with r_n; the second has 1 − r_n": lambda theta, theta_t, x: (
                responsibility(x, theta_t) * np.sum(log_joints(theta, x), axis=0)
            ).sum(),
            "the second component is missing": lambda theta, theta_t, x: (
                responsibility(x, theta_t) * log_joints(theta, x)[0]
            ).sum(),
            "the components were not weighted with their responsibilities": lambda theta, theta_t, x: np.sum(
                log_joints(theta, x)
            ),
            "the log was taken of the weighted sum of the densities; it stands inside": lambda theta, theta_t, x: (
                _log_of_the_mean(theta, theta_t, x)
            ),
            "this is the mean over the points; Q is the sum": lambda theta, theta_t, x: _q(theta, theta_t, x) / len(x),
            "the sign is wrong: this is −Q": lambda theta, theta_t, x: -_q(theta, theta_t, x),
            "these are the terms of the single points; add them up": lambda theta, theta_t, x: (
                responsibility(x, theta_t) * np.subtract(*log_joints(theta, x)) + log_joints(theta, x)[1]
            ),
            **{
                says: lambda theta, theta_t, x, density=density: _expected(
                    theta, x, responsibility(x, theta_t), density
                )
                for says, density in WRONG_DENSITIES.items()
            },
            **{
                says: lambda theta, theta_t, x, e_step=e_step: _expected(theta, x, e_step(x, theta_t))
                for says, e_step in _IN_THE_E_STEP.items()
            },
        },
    ),
    "update_tau": Exercise(
        task="the τ that maximises Q, one number",
        see="chapter 4, the update of τ",
        inputs=lambda rng: (random_responsibility(rng, rng.integers(6, 12)),),
        reference=np.mean,
        symbols=_r_symbols,
        objective=_tau_objective,
        mistakes={
            "this is N₁ = Σ r_n; divide it by N": lambda r: r.sum(),
            "this is the weight of component 2": lambda r: 1 - r.mean(),
            "a hard count was used; sum the probabilities themselves": lambda r: hard(r).mean(),
            "hard labels were counted, and not divided by N": lambda r: hard(r).sum(),
            "the weights need not be equal": lambda r: 0.5,
            "divide by N, not by N − 1: the weights must sum to 1": lambda r: r.sum() / (len(r) - 1),
            "r was normalised by its own sum, which makes every mean 1/N": lambda r: 1 / len(r),
            "this is N₁/N₂, the odds; τ is N₁/(N₁ + N₂)": lambda r: r.sum() / (1 - r).sum(),
            "this is N/N₁, upside down": lambda r: len(r) / r.sum(),
            "this is Σ r²/Σ r; each point counts with r once": lambda r: (r @ r) / r.sum(),
            "this is the geometric mean; the sum comes from the derivative of Σ r_n log τ": lambda r: np.exp(
                np.log(r).mean()
            ),
            "this is the median": np.median,
            "these are the responsibilities themselves; τ is their mean": lambda r: r,
            "the pair (τ, 1 − τ) came; give τ alone": lambda r: (r.mean(), 1 - r.mean()),
        },
    ),
    "update_means": Exercise(
        task="the pair (μ₁, μ₂) that maximises Q, each of shape (D,)",
        see="chapter 4, the update of μ",
        inputs=data_and_r,
        reference=weighted_means,
        symbols=lambda x, r: {"x": x} | _r_symbols(r),
        objective=_means_objective,
        mistakes={
            "the sums were divided by N; divide by N_k, the sum of the responsibilities": lambda x, r: (
                r @ x / len(x),
                (1 - r) @ x / len(x),
            ),
            "the sums were not divided by N_k": lambda x, r: (r @ x, (1 - r) @ x),
            "the two means are exchanged": lambda x, r: weighted_means(x, r)[::-1],
            "a hard assignment was used": lambda x, r: weighted_means(x, hard(r)),
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
            "divide by N_k, not by N_k − 1": lambda x, r: (
                r @ x / (r.sum() - 1),
                (1 - r) @ x / ((1 - r).sum() - 1),
            ),
            "the features were averaged too: the sum runs over the points, axis 0": lambda x, r: tuple(
                mean.mean() for mean in weighted_means(x, r)
            ),
            "the features were summed too: the sum runs over the points, axis 0": lambda x, r: tuple(
                mean.sum() for mean in weighted_means(x, r)
            ),
            "these are the weighted points; sum them": lambda x, r: (
                r[:, None] * x / r.sum(),
                (1 - r)[:, None] * x / (1 - r).sum(),
            ),
            "only μ₁ came; give the pair": lambda x, r: weighted_means(x, r)[0],
        },
    ),
    "update_covariances": Exercise(
        task="the pair (Σ₁, Σ₂) that maximises Q given the new means, each of shape (D, D)",
        see="chapter 4, the update of Σ",
        inputs=data_r_means,
        reference=weighted_covariances,
        symbols=lambda x, r, mu1, mu2: {"x": x, "mu1": mu1, "mu2": mu2} | _r_symbols(r),
        objective=covariances_objective,
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
            "the means were not subtracted: these are second moments about 0": lambda x, r, m1, m2: (
                weighted_covariances(x, r, 0, 0)
            ),
            "only the diagonal was kept; the features' covariances belong to Σ too": lambda x, r, m1, m2: tuple(
                np.diag(np.diag(S)) for S in weighted_covariances(x, r, m1, m2)
            ),
            "these are the variances, the diagonal alone; Σ is a matrix": lambda x, r, m1, m2: tuple(
                np.diag(S) for S in weighted_covariances(x, r, m1, m2)
            ),
            "these are standard deviations, the roots; Σ holds variances and covariances": lambda x, r, m1, m2: tuple(
                np.sqrt(S) for S in weighted_covariances(x, r, m1, m2)
            ),
            "the outer product is transposed: dᵀd is one number, d dᵀ is the matrix": lambda x, r, m1, m2: tuple(
                np.trace(S) for S in weighted_covariances(x, r, m1, m2)
            ),
            "the outer product is transposed: this is N × N, one row per point": lambda x, r, m1, m2: tuple(
                (x - m) * w[:, None] @ (x - m).T / w.sum() for m, w in ((m1, r), (m2, 1 - r))
            ),
            "the responsibilities are missing: every point was weighted alike": lambda x, r, m1, m2: (
                scatter(x, np.ones_like(r), m1) / len(x),
                scatter(x, np.ones_like(r), m2) / len(x),
            ),
            "a hard assignment was used": lambda x, r, m1, m2: weighted_covariances(x, hard(r), m1, m2),
            "the two covariances are exchanged": lambda x, r, m1, m2: weighted_covariances(x, r, m1, m2)[::-1],
            "the means are exchanged: Σ₁ is taken about μ₁": lambda x, r, m1, m2: weighted_covariances(x, r, m2, m1),
            "the responsibilities were squared: weight the outer product, not the deviation": lambda x, r, m1, m2: (
                scatter(x, r**2, m1) / r.sum(),
                scatter(x, (1 - r) ** 2, m2) / (1 - r).sum(),
            ),
            "both covariances use r_n; the second needs 1 − r_n": lambda x, r, m1, m2: (
                scatter(x, r, m1) / r.sum(),
                scatter(x, r, m2) / r.sum(),
            ),
            "the second sum was divided by N₁; its own count is N₂": lambda x, r, m1, m2: (
                scatter(x, r, m1) / r.sum(),
                scatter(x, 1 - r, m2) / r.sum(),
            ),
            "the deviations were taken from the mean of all points, not from μ_k": lambda x, r, m1, m2: (
                weighted_covariances(x, r, x.mean(axis=0), x.mean(axis=0))
            ),
            "this is the pooled covariance twice; the two components have their own": lambda x, r, m1, m2: (
                (tied_covariance(x, r, m1, m2),) * 2
            ),
            "these are the inverses, Σ⁻¹": lambda x, r, m1, m2: tuple(
                np.linalg.inv(S) for S in weighted_covariances(x, r, m1, m2)
            ),
        },
    ),
    "em_step": Exercise(
        task="θᵗ⁺¹ as TwoGaussians(tau, mu1, mu2, Sigma1, Sigma2) from x and θᵗ",
        see="chapter 4, the algorithm by hand",
        inputs=_data_and_wide_theta,
        reference=_em_step,
        replay=_steps_inside,
        mistakes={
            "θᵗ came back unchanged": lambda x, theta: theta,
            "τ was not updated": lambda x, theta: _em_step(x, theta)._replace(tau=theta.tau),
            "the means were not updated": lambda x, theta: TwoGaussians(
                responsibility(x, theta).mean(),
                *theta[1:3],
                *weighted_covariances(x, responsibility(x, theta), *theta[1:3]),
            ),
            "the covariances were not updated": lambda x, theta: TwoGaussians(*_em_step(x, theta)[:3], *theta[3:]),
            "only τ was updated": lambda x, theta: theta._replace(tau=_em_step(x, theta).tau),
            "the two components are exchanged": lambda x, theta: _swapped(_em_step(x, theta)),
            "τ belongs to component 1; yours is the other component's": lambda x, theta: _em_step(x, theta)._replace(
                tau=1 - _em_step(x, theta).tau
            ),
            "the responsibilities were computed anew between the updates; one E-step serves a whole M-step": _refreshed,
            "two steps were made, not one": lambda x, theta: _em_step(x, _em_step(x, theta)),
            "the pair (θᵗ⁺¹, ℓ) came; give θᵗ⁺¹ alone": lambda x, theta: (
                _em_step(x, theta),
                log_likelihood(theta, x),
            ),
        },
    ),
    "fit": Exercise(
        task="the pair (θ, ℓ) from x and a start: θ where EM has converged (a step gains less than 1e-8), and the list "
        "of ℓ at every θ on the way, from the start to the θ returned",
        see="chapter 4, the algorithm by hand, and chapter 3, ℓ never falls",
        inputs=_two_groups_and_plateau,
        reference=_fit,
        law=_wrong_fit,
        published=("on Old Faithful, where mclust publishes ℓ = −1130.264", _faithful),
        fresh=2,
    ),
}


def _over_the_points(log_joint):
    joint = np.exp(log_joint - log_joint.max())
    return joint / joint.sum()


def _log_of_the_mean(theta, theta_t, x):
    r = responsibility(x, theta_t)
    one, two = log_joints(theta, x)
    return np.logaddexp(np.log(r) + one, np.log1p(-r) + two).sum()
