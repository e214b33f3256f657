"""Answers to `missing_fraction`."""

import numpy as np


def right_one_line(x, r, mu, sigma):
    return np.sum(r * (1 - r) * (x - mu) ** 2) / (sigma**2 * np.sum(r))


def right_loop(x, r, mu, sigma):
    missing = complete = 0.0
    for value, share in zip(x, r, strict=True):
        missing += share * (1 - share) * (value - mu) ** 2 / sigma**4
        complete += share / sigma**2
    return missing / complete


def right_through_the_observed(x, r, mu, sigma):
    complete = r.sum() / sigma**2
    scores = (x - mu) / sigma**2
    observed = complete - (r * scores**2).sum() + ((r * scores) ** 2).sum()
    return 1 - observed / complete


def right_average_of_variances(x, r, mu, sigma):
    z_scores = (x - mu) / sigma
    return np.average((1 - r) * z_scores**2, weights=r)


def wrong_r(x, r, mu, sigma):
    """r(1 − r), not r"""
    return np.average(((x - mu) / sigma) ** 2, weights=r)


def wrong_n(x, r, mu, sigma):
    """not N/σ²"""
    return np.mean(r * (1 - r) * ((x - mu) / sigma) ** 2)


def wrong_without_sigma(x, r, mu, sigma):
    """σ enters the missing part as σ⁴"""
    return np.sum(r * (1 - r) * (x - mu) ** 2) / r.sum()


def wrong_observed(x, r, mu, sigma):
    """subtract it from 1"""
    return 1 - np.sum(r * (1 - r) * (x - mu) ** 2) / (sigma**2 * r.sum())


def wrong_not_divided(x, r, mu, sigma):
    """divide it by the complete"""
    return np.sum(r * (1 - r) * (x - mu) ** 2) / sigma**4


def wrong_no_distance(x, r, mu, sigma):
    """x − μ is missing"""
    return np.sum(r * (1 - r)) / sigma**2 / r.sum()
