"""Answers to `m_step_gaussian`."""

import numpy as np


def right_arrays(x, r):
    means = r.T @ x / r.sum(axis=0)
    return means, (r * (x[:, None] - means) ** 2).sum() / len(x)


def right_averages(x, r):
    means = [np.average(x, weights=column) for column in r.T]
    variances = [np.average((x - mean) ** 2, weights=column) for mean, column in zip(means, r.T, strict=True)]
    return means, np.average(variances, weights=r.sum(axis=0))


def right_loops(x, r):
    N, K = r.shape
    means = [sum(r[n, k] * x[n] for n in range(N)) / sum(r[:, k]) for k in range(K)]
    total = 0.0
    for n in range(N):
        for k in range(K):
            total += r[n, k] * (x[n] - means[k]) ** 2
    return np.array(means), np.array([[total / N]])


def right_squares(x, r):
    N_k = r.sum(axis=0)
    mu = x @ r / N_k
    return {"mu": mu, "variance": (x @ x - N_k @ mu**2) / len(x)}


def wrong_one_mean(x, r):
    """about the mean of all x"""
    return x @ r / r.sum(axis=0), np.var(x)


def wrong_of_each(x, r):
    """each state has its own variance"""
    means = x @ r / r.sum(0)
    return means, (r * (x[:, None] - means) ** 2).sum(0) / r.sum(0)


def wrong_plain_average(x, r):
    """weight them with N_k"""
    means, variances = wrong_of_each(x, r)
    return means, np.mean(variances)


def wrong_n(x, r):
    """divide by N_k"""
    means = np.array([np.mean(r[:, k] * x) for k in range(r.shape[1])])
    return means, np.sum(r * (x[:, None] - means) ** 2) / len(x)


def wrong_mean_of_all_entries(x, r):
    """divided by N K"""
    means = x @ r / r.sum(0)
    return means, np.mean(r * (x[:, None] - means) ** 2)


def wrong_unbiased(x, r):
    """divided by N − 1"""
    means, variance = right_arrays(x, r)
    return means, variance * len(x) / (len(x) - 1)


def wrong_sd(x, r):
    """this is the standard deviation"""
    means, variance = right_arrays(x, r)
    return means, variance**0.5


def wrong_hard(x, r):
    """a hard assignment was used"""
    z = r.argmax(axis=1)
    means = np.array([x[z == k].mean() if (z == k).any() else np.nan for k in range(r.shape[1])])
    return means, np.mean((x - means[z]) ** 2)


def wrong_of_the_average(x, r):
    """the average was squared"""
    means = x @ r / r.sum(0)
    return means, np.mean((x - (r * means).sum(axis=1)) ** 2)


def wrong_sum(x, r):
    """was not divided by N"""
    means = x @ r / r.sum(0)
    return means, (r * (x[:, None] - means) ** 2).sum()
