import math

import numpy as np
from scipy.special import logsumexp


def right_scipy(a):
    return logsumexp(a, axis=1)


def right_loops(a):
    out = []
    for row in a.tolist():
        top = max(row)
        out.append(top + math.log(sum(math.exp(v - top) for v in row)))
    return out


def right_reduce(a):
    result = a[:, 0]
    for k in range(1, a.shape[1]):
        result = np.logaddexp(result, a[:, k])
    return result


def right_keepdims(a):
    m = np.max(a, axis=1, keepdims=True)
    return m + np.log(np.sum(np.exp(a - m), axis=1, keepdims=True))


def right_long_double(a):
    return np.logaddexp.reduce(np.asarray(a, "longdouble"), axis=-1)


def wrong_naive(a):
    "before the row's maximum was subtracted"
    return np.log(np.sum(np.exp(a), axis=-1))


def wrong_not_added_back(a):
    "not added back"
    m = a.max(1)
    return np.log(np.exp(a - m[:, None]).sum(1))


def wrong_max(a):
    "maximum alone"
    return np.array([max(row) for row in a])


def wrong_sum_of_logs(a):
    "sum of logarithms"
    return np.log(np.exp(1.0)) * np.array([sum(row) for row in a])


def wrong_axis(a):
    "along each row"
    return logsumexp(a, axis=0)


def wrong_global_max(a):
    "one maximum for the whole array"
    m = np.max(a)
    return m + np.log(np.sum(np.exp(a - m), axis=1))


def through(a, shift):
    return shift + np.log(np.exp(a - shift[:, None]).sum(axis=1))


def wrong_mean_subtracted(a):
    "only the maximum keeps every exponential ≤ 1"
    return through(a, np.mean(a, axis=1))


def wrong_minimum_subtracted(a):
    "mean or minimum was subtracted"
    return through(a, np.min(a, axis=1))


def wrong_first_subtracted(a):
    "first entry was subtracted"
    return through(a, a[:, 0])


def wrong_last_subtracted(a):
    "came out where"
    return through(a, a[:, -1])


def wrong_mean(a):
    "logarithm of the mean"
    m = a.max(axis=1)
    return m + np.log(np.mean(np.exp(a - m[:, None]), axis=1))


def wrong_in_place(a):
    "changed one of its inputs"
    m = a.max(axis=1)
    a -= m[:, None]
    return m + np.log(np.exp(a).sum(axis=1))
