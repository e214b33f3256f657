"""Answers to `map_weights`."""

import numpy as np


def right_numpy(counts, alpha):
    imagined = counts + alpha - 1
    return imagined / imagined.sum()


def right_textbook(counts, alpha):
    return (counts + alpha - 1) / (counts.sum() + alpha.sum() - len(alpha))


def right_loop(counts, alpha):
    total = sum(n + a - 1 for n, a in zip(counts, alpha, strict=True))
    return [(n + a - 1) / total for n, a in zip(counts, alpha, strict=True)]


def right_column(counts, alpha):
    imagined = np.atleast_2d(counts + alpha - 1.0).T
    return imagined / np.sum(imagined)


def wrong_mean(counts, alpha):
    """this is the posterior mean"""
    return (counts + alpha) / np.sum(counts + alpha)


def wrong_likelihood(counts, alpha):
    """the prior has no effect"""
    return counts / counts.sum()


def wrong_below(counts, alpha):
    """imagined counts are missing below"""
    return (counts + alpha - 1) / counts.sum()


def wrong_total(counts, alpha):
    """divide by the total"""
    return counts + alpha - 1


def wrong_prior(counts, alpha):
    """the data are missing"""
    return (alpha - 1) / np.sum(alpha - 1)


def wrong_denominator(counts, alpha):
    """the mode subtracts K"""
    return (counts + alpha - 1) / (counts.sum() + alpha.sum())
