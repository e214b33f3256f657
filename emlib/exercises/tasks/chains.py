"""Chapter 7: one step of the backward sweep, the year to come, and Gaussian states."""

import numpy as np

from emlib.exercises.exercise import Exercise


def _transitions(rng, k):
    """A chain that rather stays where it is, never the same for two states."""
    return 0.5 * np.eye(k) + 0.5 * rng.dirichlet(np.ones(k), size=k)


def _filtered_and_next(rng):
    k = rng.integers(2, 5)
    return rng.dirichlet(np.ones(k)), _transitions(rng, k), rng.dirichlet(np.ones(k))


def _pairs(filtered, A, r_next):
    return filtered[:, None] * A * (r_next / (filtered @ A))


def _record(rng):
    """A short record whose probability underflows as that of a long one does; a long one forgets how it began."""
    k, n = rng.integers(2, 4), rng.integers(4, 8)
    rates = np.sort(rng.uniform(4, 30, size=k))
    b = rng.dirichlet(np.ones(k), size=n) * 10 ** rng.uniform(-120, -90, size=(n, 1))
    return b, rng.dirichlet(np.ones(k)), _transitions(rng, k), rates


def _filtered(b, pi, A):
    """α̂_N, the distribution of the last state given all that was seen."""
    state = pi
    for n, step in enumerate(b):
        joint = (state @ A if n else state) * step
        state = joint / joint.sum()
    return state


def _next(state, rates):
    return state, state @ rates


def _x_and_r(rng):
    k, n = rng.integers(2, 4), rng.integers(7, 13)
    return rng.normal(size=n, scale=4) + 50, rng.dirichlet(np.ones(k), size=n)


def _means(x, r):
    return x @ r / r.sum(axis=0)


def _scatter(x, r, means):
    return (r * (x[:, None] - means) ** 2).sum()


def _m_step(x, r):
    return _means(x, r), _scatter(x, r, _means(x, r)) / len(x)


def _q(x, r):
    def q(pieces):
        means, variance = pieces
        return -(len(x) * np.log(2 * np.pi * variance) + _scatter(x, r, means) / variance) / 2

    return q


EXERCISES = {
    "pairs_given_all": Exercise(
        task="ξ (K, K), from α̂_n (K,), the transitions A (K, K) and r_{n+1} (K,)",
        see="chapter 7, why one scales",
        inputs=_filtered_and_next,
        reference=_pairs,
        mistakes={
            "r_{n+1} was not divided by the prediction: the news is what it adds to it": lambda f, A, r: (
                f[:, None] * A * r
            ),
            "this is divided by its sum; divide r_{n+1} by the prediction, each state by its own": lambda f, A, r: (
                f[:, None] * A * r / (f @ A @ r)
            ),
            "r_{n+1} is missing: this is what the past alone says of the step": lambda f, A, r: f[:, None] * A,
            "the states are taken as independent; A is missing": lambda f, A, r: np.outer(f, r),
            "r_{n+1} was divided by α̂_n; divide it by the prediction, α̂_n A": lambda f, A, r: f[:, None] * A * (r / f),
            "the prediction is α̂_n A, with the sum over the state that is left; this sums over the other": (
                lambda f, A, r: f[:, None] * A * (r / (A @ f))
            ),
            "A is transposed: a_jk leads from j, the row, to k, the column": lambda f, A, r: (
                f[:, None] * A.T * (r / (f @ A.T))
            ),
            "ξ is transposed: rows are the state at n, columns the state at n + 1": lambda f, A, r: _pairs(f, A, r).T,
            "α̂_n stands along the columns; it belongs to the rows": lambda f, A, r: f * A * (r / (f @ A)),
            "α̂_n is missing": lambda f, A, r: A * (r / (f @ A)),
            "this is p(z_n = j | z_{n+1} = k), Bayes' law; multiply it by r_{n+1}": lambda f, A, r: (
                f[:, None] * A / (f @ A)
            ),
            "this is r_n, the sum over the state at n + 1; ξ has K × K entries": lambda f, A, r: _pairs(f, A, r).sum(
                axis=1
            ),
        },
    ),
    "next_year": Exercise(
        task="the pair of p(z_{N+1} = k | x) (K,) and the expected count, one number, from b (N, K), π (K,), A (K, K) "
        "and the rates (K,)",
        see="chapter 7, forward, and why one scales",
        inputs=_record,
        reference=lambda b, pi, A, rates: _next(_filtered(b, pi, A) @ A, rates),
        mistakes={
            "this is the state of the last year; take one more step of the chain": lambda b, pi, A, rates: _next(
                _filtered(b, pi, A), rates
            ),
            "the count belongs to the last year, the state to the next": lambda b, pi, A, rates: (
                _filtered(b, pi, A) @ A,
                _filtered(b, pi, A) @ rates,
            ),
            "two steps were taken; the next year is one away": lambda b, pi, A, rates: _next(
                _filtered(b, pi, A) @ A @ A, rates
            ),
            "A is transposed: a_jk leads from j to k, so the state stands on its left": lambda b, pi, A, rates: _next(
                A @ _filtered(b, pi, A), rates
            ),
            "the record was not used: this is where the chain alone would be": lambda b, pi, A, rates: _next(
                pi @ np.linalg.matrix_power(A, len(b)), rates
            ),
            "this follows the first year, not the last": lambda b, pi, A, rates: _next(
                _filtered(b[:1], pi, A) @ A, rates
            ),
            "only the last year was used; the earlier ones have a say": lambda b, pi, A, rates: _next(
                _filtered(b[-1:], pi, A) @ A, rates
            ),
            "a step was taken before the first year: π is the distribution of z₁": lambda b, pi, A, rates: _next(
                _filtered(b, pi @ A, A) @ A, rates
            ),
            "the last state was taken for certain, the most probable one": lambda b, pi, A, rates: _next(
                A[_filtered(b, pi, A).argmax()], rates
            ),
            "this is the rate of the most probable state; average the rates": lambda b, pi, A, rates: (
                _filtered(b, pi, A) @ A,
                rates[(_filtered(b, pi, A) @ A).argmax()],
            ),
            "the rates were averaged without the probabilities": lambda b, pi, A, rates: (
                _filtered(b, pi, A) @ A,
                rates.mean(),
            ),
        },
    ),
    "m_step_gaussian": Exercise(
        task="the pair of the means (K,) and the common variance, one number, from x (N,) and r (N, K)",
        see="chapter 7, Baum and Welch, and chapter 4, the update of μ",
        inputs=_x_and_r,
        reference=_m_step,
        objective=_q,
        mistakes={
            "the means were divided by N; divide by N_k": lambda x, r: (
                x @ r / len(x),
                _scatter(x, r, x @ r / len(x)) / len(x),
            ),
            "the means were divided by N; divide by N_k (the variance is right)": lambda x, r: (
                x @ r / len(x),
                _m_step(x, r)[1],
            ),
            "the means were not divided by N_k": lambda x, r: (x @ r, _scatter(x, r, x @ r) / len(x)),
            "the variance is about the mean of all x; take each state's new mean": lambda x, r: (_means(x, r), x.var()),
            "each state has its own variance here; one common one was asked for": lambda x, r: (
                _means(x, r),
                (r * (x[:, None] - _means(x, r)) ** 2).sum(axis=0) / r.sum(axis=0),
            ),
            "this is the plain average of the states' variances; weight them with N_k": lambda x, r: (
                _means(x, r),
                ((r * (x[:, None] - _means(x, r)) ** 2).sum(axis=0) / r.sum(axis=0)).mean(),
            ),
            "the variances of the states were added up; their sums of squares are added, and divided by N": (
                lambda x, r: (
                    _means(x, r),
                    ((r * (x[:, None] - _means(x, r)) ** 2).sum(axis=0) / r.sum(axis=0)).sum(),
                )
            ),
            "the squares were not weighted with r": lambda x, r: (
                _means(x, r),
                ((x[:, None] - _means(x, r)) ** 2).sum() / len(x),
            ),
            "the squares were not weighted with r, only averaged": lambda x, r: (
                _means(x, r),
                ((x[:, None] - _means(x, r)) ** 2).mean(),
            ),
            "the variance was divided by N K: the r of each point already add up to 1": lambda x, r: (
                _means(x, r),
                _scatter(x, r, _means(x, r)) / r.size,
            ),
            "the variance was divided by N − 1; the maximum of Q has N": lambda x, r: (
                _means(x, r),
                _scatter(x, r, _means(x, r)) / (len(x) - 1),
            ),
            "the variance was divided by N − K; the maximum of Q has N": lambda x, r: (
                _means(x, r),
                _scatter(x, r, _means(x, r)) / (len(x) - r.shape[1]),
            ),
            "the variance was not divided by N": lambda x, r: (_means(x, r), _scatter(x, r, _means(x, r))),
            "this is the standard deviation; the variance was asked for": lambda x, r: (
                _means(x, r),
                np.sqrt(_m_step(x, r)[1]),
            ),
            "a hard assignment was used": lambda x, r: _m_step(x, np.eye(r.shape[1])[r.argmax(axis=1)]),
            "the average was squared: expected is (x − μ)² of each state, not (x − Σ r μ)²": lambda x, r: (
                _means(x, r),
                ((x - r @ _means(x, r)) ** 2).mean(),
            ),
        },
    ),
}
