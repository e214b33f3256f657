"""Answers to `e_step_in_blocks`."""

import math

import numpy as np
from scipy.special import logsumexp, softmax
from scipy.stats import expon


def right_numpy(blocks, weights, rates):
    counts, sums, log_likelihood = np.zeros(len(weights)), np.zeros(len(weights)), 0.0
    for x in blocks:
        log_joint = np.log(weights) + np.log(rates) - x[:, None] * rates
        largest = log_joint.max(axis=1, keepdims=True)
        joint = np.exp(log_joint - largest)
        total = joint.sum(axis=1, keepdims=True)
        r = joint / total
        counts += r.sum(axis=0)
        sums += x @ r
        log_likelihood += np.sum(largest + np.log(total))
    return counts, sums, log_likelihood


def right_scipy(blocks, weights, rates):
    parts = []
    for x in blocks:
        log_joint = np.log(weights) + expon(scale=1 / rates).logpdf(x[:, None])
        r = softmax(log_joint, axis=1)
        parts.append([r.sum(axis=0), r.T @ x, logsumexp(log_joint, axis=1).sum()])
    return [sum(column) for column in zip(*parts, strict=True)]


def right_loops(blocks, weights, rates):
    K = len(weights)
    counts, sums, log_likelihood = [0.0] * K, [0.0] * K, 0.0
    for block in blocks:
        for x in block:
            a = [math.log(weights[k] * rates[k]) - rates[k] * x for k in range(K)]
            top = max(a)
            total = sum(math.exp(value - top) for value in a)
            log_likelihood += top + math.log(total)
            for k in range(K):
                r = math.exp(a[k] - top) / total
                counts[k] += r
                sums[k] += r * x
    return {"counts": counts, "sums": sums, "log_likelihood": log_likelihood}


def right_recursion(blocks, weights, rates):
    if len(blocks) > 1:
        first, rest = right_scipy(blocks[:1], weights, rates), right_recursion(blocks[1:], weights, rates)
        return tuple(a + b for a, b in zip(first, rest, strict=True))
    return right_numpy(blocks, weights, rates)


def wrong_last(blocks, weights, rates):
    """these are the statistics of the last block"""
    for x in blocks:
        result = right_numpy([x], weights, rates)
    return result


def wrong_early_return(blocks, weights, rates):
    """these are the statistics of the first block"""
    for x in blocks:
        return right_numpy([x], weights, rates)


def wrong_dropped(blocks, weights, rates):
    """the last block is missing"""
    return right_numpy([blocks[i] for i in range(len(blocks) - 1)], weights, rates)


def wrong_average(blocks, weights, rates):
    """ℓ was divided by the number of blocks"""
    counts, sums, log_likelihood = right_numpy(blocks, weights, rates)
    return counts, sums, log_likelihood / len(blocks)


def wrong_per_point(blocks, weights, rates):
    """ℓ was divided by N"""
    counts, sums, log_likelihood = right_numpy(blocks, weights, rates)
    return counts, sums, log_likelihood / counts.sum()


def wrong_eager(blocks, weights, rates):
    """the M-step waits"""
    totals = None
    for x in blocks:
        counts, sums, log_likelihood = right_numpy([x], weights, rates)
        new = [counts, sums, log_likelihood]
        totals = new if totals is None else [a + b for a, b in zip(totals, new, strict=True)]
        weights, rates = counts / counts.sum(), counts / sums
    return totals


def wrong_axis(blocks, weights, rates):
    """each column sums to 1"""
    counts, sums, log_likelihood = 0, 0, 0
    for x in blocks:
        log_joint = np.log(weights * rates) - x[:, None] * rates
        r = softmax(log_joint, axis=0)
        counts, sums = counts + r.sum(axis=0), sums + x @ r
        log_likelihood += logsumexp(log_joint, axis=1).sum()
    return counts, sums, log_likelihood


def wrong_naive(blocks, weights, rates):
    """where does 0/0, log 0"""
    counts, sums, log_likelihood = 0, 0, 0
    for x in blocks:
        joint = weights * rates * np.exp(-x[:, None] * rates)
        density = joint.sum(axis=1)
        r = joint / density[:, None]
        counts, sums, log_likelihood = counts + r.sum(axis=0), sums + x @ r, log_likelihood + np.log(density).sum()
    return counts, sums, log_likelihood


def wrong_density(blocks, weights, rates):
    """the factor λ is missing"""
    counts, sums, log_likelihood = 0, 0, 0
    for x in blocks:
        log_joint = np.log(weights) - x[:, None] * rates
        r = softmax(log_joint, axis=1)
        counts, sums = counts + r.sum(axis=0), sums + x @ r
        log_likelihood += logsumexp(log_joint, axis=1).sum()
    return counts, sums, log_likelihood


def wrong_scale(blocks, weights, rates):
    """the rates were taken for means"""
    return right_numpy(blocks, weights, 1 / rates)


def wrong_means(blocks, weights, rates):
    """the means came"""
    counts, sums, log_likelihood = right_numpy(blocks, weights, rates)
    return counts, sums / counts, log_likelihood
