"""Answers to `merge`."""

from typing import NamedTuple

import numpy as np


def right_parallel_axes(n1, mean1, scatter1, n2, mean2, scatter2):
    n = n1 + n2
    way = mean2 - mean1
    return n, mean1 + n2 / n * way, scatter1 + scatter2 + n1 * n2 / n * np.outer(way, way)


def right_about_the_new_mean(n1, mean1, scatter1, n2, mean2, scatter2):
    mean = (n1 * mean1 + n2 * mean2) / (n1 + n2)
    to1, to2 = (mean1 - mean)[:, None], (mean2 - mean)[:, None]
    return [n1 + n2, mean, scatter1 + n1 * to1 @ to1.T + scatter2 + n2 * to2 @ to2.T]


def right_loops(n1, mean1, scatter1, n2, mean2, scatter2):
    D = len(mean1)
    way = [mean2[d] - mean1[d] for d in range(D)]
    mean = [mean1[d] + way[d] * n2 / (n1 + n2) for d in range(D)]
    scatter = [
        [scatter1[i][j] + scatter2[i][j] + way[i] * way[j] / (1 / n1 + 1 / n2) for j in range(D)] for i in range(D)
    ]
    return n1 + n2, mean, scatter


class Moments(NamedTuple):
    count: float
    mean: np.ndarray
    scatter: np.ndarray


def right_named(n1, mean1, scatter1, n2, mean2, scatter2):
    mean = np.average([mean1, mean2], axis=0, weights=[n1, n2])
    between = np.einsum("i,j->ij", mean2 - mean1, mean2 - mean1) / (1 / n1 + 1 / n2)
    return Moments(n1 + n2, mean, between + (scatter1 + scatter2))


def wrong_no_between(n1, mean1, scatter1, n2, mean2, scatter2):
    """the term between their means is missing"""
    return n1 + n2, (n1 * mean1 + n2 * mean2) / (n1 + n2), scatter1 + scatter2


def wrong_factor(n1, mean1, scatter1, n2, mean2, scatter2):
    """not n₁n₂"""
    way = mean1 - mean2
    return n1 + n2, (n1 * mean1 + n2 * mean2) / (n1 + n2), scatter1 + scatter2 + n1 * n2 * np.outer(way, way)


def wrong_mean(n1, mean1, scatter1, n2, mean2, scatter2):
    """weight each by its count"""
    way = mean1 - mean2
    return n1 + n2, (mean1 + mean2) / 2, scatter1 + scatter2 + n1 * n2 / (n1 + n2) * np.outer(way, way)


def wrong_covariance(n1, mean1, scatter1, n2, mean2, scatter2):
    """the scatter is not divided by n"""
    n = n1 + n2
    way = mean1 - mean2
    return n, (n1 * mean1 + n2 * mean2) / n, (scatter1 + scatter2 + n1 * n2 / n * np.outer(way, way)) / n


def wrong_averaged(n1, mean1, scatter1, n2, mean2, scatter2):
    """the scatters were averaged"""
    return n1 + n2, (n1 * mean1 + n2 * mean2) / (n1 + n2), 0.5 * (scatter1 + scatter2)


def wrong_elementwise(n1, mean1, scatter1, n2, mean2, scatter2):
    """use an outer product"""
    n = n1 + n2
    return n, (n1 * mean1 + n2 * mean2) / n, scatter1 + scatter2 + n1 * n2 / n * (mean1 - mean2) ** 2


def wrong_one_side(n1, mean1, scatter1, n2, mean2, scatter2):
    """only the second piece was moved"""
    mean = (n1 * mean1 + n2 * mean2) / (n1 + n2)
    return n1 + n2, mean, scatter1 + scatter2 + n2 * np.outer(mean2 - mean, mean2 - mean)


def wrong_squares(n1, mean1, scatter1, n2, mean2, scatter2):
    """the digits cancel"""
    n, mean = n1 + n2, (n1 * mean1 + n2 * mean2) / (n1 + n2)
    squares = scatter1 + n1 * np.outer(mean1, mean1) + scatter2 + n2 * np.outer(mean2, mean2)
    return n, mean, squares - n * np.outer(mean, mean)


def wrong_squares_in_another_order(n1, mean1, scatter1, n2, mean2, scatter2):
    """the digits cancel"""
    n, mean = n1 + n2, mean1 + n2 / (n1 + n2) * (mean2 - mean1)
    about_zero = [n1 * mean1[:, None] * mean1 + scatter1, n2 * mean2[:, None] * mean2 + scatter2]
    return n, mean, sum(about_zero) - (n * mean)[:, None] * mean


def wrong_sign(n1, mean1, scatter1, n2, mean2, scatter2):
    """was subtracted; spread adds"""
    way, n = mean1 - mean2, n1 + n2
    return n, (n1 * mean1 + n2 * mean2) / n, scatter1 + scatter2 - n1 * n2 / n * np.outer(way, way)


def wrong_way(n1, mean1, scatter1, n2, mean2, scatter2):
    """its own way is shorter"""
    way, n = mean2 - mean1, n1 + n2
    return n, mean1 + n2 / n * way, scatter1 + (scatter2 + n2 * np.outer(way, way))
