"""Answers to `in_order`."""

import numpy as np


def right_argsort(weights, means):
    order = np.argsort(means[:, 0])
    return weights[order], means[order]


def right_sorted_pairs(weights, means):
    pairs = sorted(zip(weights, means.tolist(), strict=True), key=lambda pair: pair[1][0])
    return [weight for weight, _ in pairs], [mean for _, mean in pairs]


def right_lexsort(weights, means):
    order = np.lexsort((weights, means[:, 0]))
    return np.take(weights, order), np.take(means, order, axis=0)


def right_selection(weights, means):
    left, new_weights, new_means = list(range(len(weights))), [], []
    while left:
        first = min(left, key=lambda k: means[k, 0])
        left.remove(first)
        new_weights.append(weights[first])
        new_means.append(means[first])
    return np.array(new_weights), np.array(new_means)


def wrong_weights_left(weights, means):
    """the weights left behind"""
    return weights, means[means[:, 0].argsort()]


def wrong_each_by_itself(weights, means):
    """each sorted by themselves"""
    return np.sort(weights), means[np.argsort(means[:, 0])]


def wrong_features(weights, means):
    """each feature was sorted by itself"""
    return weights[np.argsort(means[:, 0])], np.sort(means, axis=0)


def wrong_by_weight(weights, means):
    """ordered by weight"""
    order = weights.argsort()
    return weights[order], means[order]


def wrong_descending(weights, means):
    """from large to small"""
    order = np.argsort(means[:, 0])[::-1]
    return weights[order], means[order]


def wrong_last_feature(weights, means):
    """by the last feature"""
    order = np.argsort(means[:, -1])
    return weights[order], means[order]
