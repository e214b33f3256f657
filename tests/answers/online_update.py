"""Answers to `online_update`."""

import math

import numpy as np


def right_formula(mean, sums, n, t):
    gamma = (t + 2) ** -0.6
    return (1 - gamma) * mean + gamma * sums / n


def right_correction(mean, sums, n, t):
    return mean + (sums / n - mean) / (t + 2) ** 0.6


def right_list(mean, sums, n, t):
    gamma = math.exp(-0.6 * math.log(t + 2))
    return [(1 - gamma) * old + gamma * new / n for old, new in zip(mean, sums, strict=True)]


def right_average(mean, sums, n, t):
    gamma = 1 / np.power(t + 2.0, 0.6)
    return np.average(np.stack([mean, sums / n]), axis=0, weights=[1 - gamma, gamma])


def wrong_sums(mean, sums, n, t):
    """divide those of the batch"""
    gamma = (t + 2) ** -0.6
    return (1 - gamma) * mean + gamma * sums


def wrong_exchanged(mean, sums, n, t):
    """are exchanged"""
    gamma = (t + 2) ** -0.6
    return gamma * mean + (1 - gamma) * sums / n


def wrong_growing(mean, sums, n, t):
    """the past was not shrunk"""
    return mean + sums / n * (t + 2) ** -0.6


def wrong_power(mean, sums, n, t):
    """γ shrinks as t grows"""
    gamma = (t + 2) ** 0.6
    return (1 - gamma) * mean + gamma * sums / n


def wrong_count(mean, sums, n, t):
    """yours is (t + 1)^−0.6"""
    gamma = (1 + t) ** -0.6
    return (1 - gamma) * mean + gamma * sums / n


def wrong_harmonic(mean, sums, n, t):
    """the power is −0.6"""
    return mean + (sums / n - mean) / (t + 2)


def wrong_batch(mean, sums, n, t):
    """the past is forgotten"""
    return sums / n


def wrong_in_place(mean, sums, n, t):
    """work on a copy"""
    gamma = (t + 2) ** -0.6
    mean *= 1 - gamma
    mean += gamma * sums / n
    return mean


def wrong_half(mean, sums, n, t):
    """use γ"""
    return (mean + sums / n) / 2
