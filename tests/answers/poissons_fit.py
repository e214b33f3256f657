import numpy as np
from scipy.optimize import minimize
from scipy.stats import poisson


def e_step(theta, x):
    p, one, two = theta
    a, b = p * one**x * np.exp(-one), (1 - p) * two**x * np.exp(-two)  # x! cancels
    return a / (a + b)


def m_step(x, r):
    return np.mean(r), np.average(x, weights=r), np.average(x, weights=1 - r)


def climb(x, theta, steps, update=m_step):
    days = np.bincount(x.astype(int))
    counts = np.flatnonzero(days)
    x, days = counts, days[counts]
    for _ in range(steps):
        r = e_step(theta, x)
        p, one, two = (r @ days / days.sum(), np.average(x, weights=r * days), np.average(x, weights=(1 - r) * days))
        theta = update((p, one, two), theta)
    return theta


def new(params, old):
    return params


def right_climb(x):
    return climb(x, (0.3, 1.0, x.mean() + 1), 2500, new)


def right_other_order(x):
    return list(climb(x, (0.5, x.mean() + 2, 0.5 * x.mean()), 2500, new))


def right_array(x):
    return np.array(climb(x, (0.5, x.mean() / 2, 2 * x.mean()), 2500, new))[:, None]


def right_optimiser(x):
    def loss(free):
        p, one, two = 1 / (1 + np.exp(-free[0])), *np.exp(free[1:])
        return -np.logaddexp(np.log(p) + poisson.logpmf(x, one), np.log(1 - p) + poisson.logpmf(x, two)).sum()

    free = minimize(loss, [0, np.log(x.mean() / 2), np.log(x.mean() * 1.5)], method="BFGS").x
    return {"p": 1 / (1 + np.exp(-free[0])), "lambda1": np.exp(free[1]), "lambda2": np.exp(free[2])}


def wrong_same_start(x):
    "cannot leave"
    return climb(x, (0.5, x.mean(), x.mean()), 100, new)


def wrong_few_steps(x):
    "stopped at a small gain"
    return climb(x, (0.3, 0.8 * x.mean(), 1.2 * x.mean()), 3, new)


def wrong_p_exchanged(x):
    "p belongs to λ₁"
    p, one, two = right_climb(x)
    return 1 - p, one, two


def wrong_p_kept(x):
    "p stayed at ½"
    return climb(x, (0.5, 1.0, x.mean() + 1), 500, lambda params, old: (old[0], *params[1:]))


def wrong_one_poisson(x):
    "where 3 values were expected"
    return [x.mean()]


def wrong_published(x):
    "the maximum is"
    return 0.35988539698, 1.25609510122, 2.66340435663


def wrong_negative(x):
    "rates above 0"
    return 0.3, -1.0, 2.0
