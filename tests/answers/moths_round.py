"""Answers to `moths_round`."""

import numpy as np


def right_by_hand(p, counts):
    p_C, p_I, p_T = p
    carbonaria, insularia, typica = counts
    CC = carbonaria * p_C**2 / (p_C**2 + 2 * p_C * p_I + 2 * p_C * p_T)
    CI = carbonaria * 2 * p_C * p_I / (p_C**2 + 2 * p_C * p_I + 2 * p_C * p_T)
    CT = carbonaria - CC - CI
    II = insularia * p_I**2 / (p_I**2 + 2 * p_I * p_T)
    IT = insularia - II
    total = 2 * sum(counts)
    return (2 * CC + CI + CT) / total, (2 * II + IT + CI) / total, (2 * typica + CT + IT) / total


def right_list_of_pairs(p, counts):
    ruled = {0: [(0, 0), (0, 1), (1, 0), (0, 2), (2, 0)], 1: [(1, 1), (1, 2), (2, 1)], 2: [(2, 2)]}
    genes = [0.0, 0.0, 0.0]
    for colour, pairs in ruled.items():
        whole = sum(p[a] * p[b] for a, b in pairs)
        for a, b in pairs:
            share = counts[colour] * p[a] * p[b] / whole
            genes[a] += share
            genes[b] += share
    return [gene / sum(genes) for gene in genes]


def right_matrix(p, counts):
    both = np.outer(p, p)
    colour = np.minimum(*np.indices((3, 3)))
    shares = both * (counts / np.bincount(colour.ravel(), both.ravel()))[colour]
    return (shares.sum(axis=0) + shares.sum(axis=1)) / shares.sum() / 2


def right_rest(p, counts):
    n = counts.sum()
    p_C = counts[0] / n * p[0] / (p[0] ** 2 + 2 * p[0] * (1 - p[0])) * (2 * p[0] + 2 * p[1] + 2 * p[2]) / 2
    CI = counts[0] * 2 * p[1] / (2 - p[0])
    II = counts[1] * p[1] / (p[1] + 2 * p[2])
    p_I = (CI + counts[1] + II) / (2 * n)
    return np.array([[p_C, p_I, 1 - p_C - p_I]])


def _split(p, counts, two=2.0):
    black = np.array([p[0] ** 2, two * p[0] * p[1], two * p[0] * p[2]])
    mottled = np.array([p[1] ** 2, two * p[1] * p[2]])
    return [*(counts[0] * black / black.sum()), *(counts[1] * mottled / mottled.sum()), counts[2]]


def _count(CC, CI, CT, II, IT, TT):
    return np.array([2 * CC + CI + CT, 2 * II + CI + IT, 2 * TT + CT + IT])


def wrong_without_two(p, counts):
    """comes about in two ways"""
    genes = _count(*_split(p, counts, two=1.0))
    return genes / genes.sum()


def wrong_not_divided(p, counts):
    """divide them by their sum"""
    return _count(*_split(p, counts))


def wrong_by_moths(p, counts):
    """every moth has two genes"""
    return _count(*_split(p, counts)) / np.sum(counts)


def wrong_black_is_CC(p, counts):
    """carbonaria was not split"""
    *_, II, IT, TT = _split(p, counts)
    return _count(counts[0], 0, 0, II, IT, TT) / (2 * counts.sum())


def wrong_colours(p, counts):
    """the shares of the colours"""
    return counts / np.sum(counts)


def wrong_doubles_once(p, counts):
    """each was counted once"""
    CC, CI, CT, II, IT, TT = _split(p, counts)
    genes = np.array([CC + CI + CT, II + CI + IT, TT + CT + IT])
    return genes / genes.sum()


def wrong_order(p, counts):
    """the order is C, I, T"""
    genes = _count(*_split(p, counts))
    return genes[2] / genes.sum(), genes[1] / genes.sum(), genes[0] / genes.sum()


def wrong_evenly(p, counts):
    """split evenly"""
    third, half = counts[0] / 3, counts[1] / 2
    return _count(third, third, third, half, half, counts[2]) / (2 * counts.sum())


def wrong_unchanged(p, counts):
    """this is p as it was"""
    return p.copy()
