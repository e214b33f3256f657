"""Answers to `expected_sums`."""

import numpy as np


def right_fill(rows, alone, mu, Sigma):
    wait = mu[1] + Sigma[0, 1] / Sigma[0, 0] * (alone - mu[0])
    c = Sigma[1, 1] - Sigma[0, 1] ** 2 / Sigma[0, 0]
    return (
        rows[:, 1].sum() + wait.sum(),
        (rows[:, 0] * rows[:, 1]).sum() + (alone * wait).sum(),
        (rows[:, 1] ** 2).sum() + (wait**2 + c).sum(),
    )


def right_loop(rows, alone, mu, Sigma):
    total = cross = squares = 0.0
    for x1, x2 in rows:
        total, cross, squares = total + x2, cross + x1 * x2, squares + x2**2
    for x1 in alone:
        mean = mu[1] + Sigma[1, 0] * (x1 - mu[0]) / Sigma[0, 0]
        variance = Sigma[1, 1] - Sigma[1, 0] * Sigma[0, 1] / Sigma[0, 0]
        total, cross, squares = total + mean, cross + x1 * mean, squares + mean**2 + variance
    return [total, cross, squares]


def right_precision(rows, alone, mu, Sigma):
    precision = np.linalg.inv(Sigma)
    wait = mu[1] - precision[1, 0] / precision[1, 1] * (alone - mu[0])
    table = np.vstack([rows, np.column_stack([alone, wait])])
    scatter = table.T @ table
    return np.array([table[:, 1].sum(), scatter[0, 1], scatter[1, 1] + len(alone) / precision[1, 1]])


def right_correlation(rows, alone, mu, Sigma):
    sd = np.sqrt(np.diag(Sigma))
    rho = Sigma[0, 1] / sd.prod()
    y = np.concatenate([rows[:, 1], mu[1] + rho * sd[1] * (alone - mu[0]) / sd[0]])
    x = np.concatenate([rows[:, 0], alone])
    return {"sum": y.sum(), "cross": np.dot(x, y), "squares": np.dot(y, y) + alone.size * (1 - rho**2) * Sigma[1, 1]}


def _both(rows, alone, wait):
    return np.append(rows[:, 0], alone), np.append(rows[:, 1], wait)


def _answer(rows, alone, wait, extra=0.0):
    x, y = _both(rows, alone, wait)
    return y.sum(), (x * y).sum(), (y**2).sum() + extra


def _line(alone, mu, Sigma):
    return mu[1] + Sigma[0, 1] / Sigma[0, 0] * (alone - mu[0])


def _variance(Sigma):
    return np.linalg.det(Sigma) / Sigma[0, 0]


def wrong_without_c(rows, alone, mu, Sigma):
    """is not E[x]²"""
    return _answer(rows, alone, _line(alone, mu, Sigma))


def wrong_c_once(rows, alone, mu, Sigma):
    """c was added once"""
    return _answer(rows, alone, _line(alone, mu, Sigma), _variance(Sigma))


def wrong_c_everywhere(rows, alone, mu, Sigma):
    """c was added for every row"""
    return _answer(rows, alone, _line(alone, mu, Sigma), (len(rows) + len(alone)) * _variance(Sigma))


def wrong_whole_variance(rows, alone, mu, Sigma):
    """Σ₂₂ was added"""
    return _answer(rows, alone, _line(alone, mu, Sigma), len(alone) * Sigma[1, 1])


def wrong_mean(rows, alone, mu, Sigma):
    """μ₂ was filled in"""
    return _answer(rows, alone, mu[1] + 0 * alone, len(alone) * _variance(Sigma))


def wrong_slope(rows, alone, mu, Sigma):
    """divides by Σ₂₂"""
    wait = mu[1] + Sigma[0, 1] / Sigma[1, 1] * (alone - mu[0])
    return _answer(rows, alone, wait, len(alone) * _variance(Sigma))


def wrong_uncentred(rows, alone, mu, Sigma):
    """μ₁ is missing"""
    return _answer(rows, alone, mu[1] + Sigma[0, 1] / Sigma[0, 0] * alone, len(alone) * _variance(Sigma))


def wrong_complete_cases(rows, alone, mu, Sigma):
    """left out"""
    return rows[:, 1].sum(), rows[:, 0] @ rows[:, 1], rows[:, 1] @ rows[:, 1]


def wrong_minus(rows, alone, mu, Sigma):
    """c was subtracted"""
    return _answer(rows, alone, _line(alone, mu, Sigma), -len(alone) * _variance(Sigma))


def wrong_pair(rows, alone, mu, Sigma):
    """where 3 values were expected"""
    return right_fill(rows, alone, mu, Sigma)[:2]
