"""Answers to `clerk_round`."""

import math

import numpy as np
from scipy import stats


def right_by_hand(rate, days):
    at_least_2 = 1 - math.exp(-rate) * (1 + rate)
    at_least_3 = at_least_2 - math.exp(-rate) * rate**2 / 2
    return (days[1] + 2 * days[2] + days[3] * rate * at_least_2 / at_least_3) / sum(days)


def right_series(rate, days):
    x = np.arange(3, 120)
    p = stats.poisson.pmf(x, rate)
    return (days @ [0, 1, 2, x @ p / p.sum()]) / days.sum()


def right_survival(rate, days):
    beyond = rate * stats.poisson.sf(1, rate) / stats.poisson.sf(2, rate)
    return np.array([np.average([0, 1, 2, beyond], weights=days)])


def right_rest_of_the_mean(rate, days):
    p = [math.exp(-rate) * rate**x / math.factorial(x) for x in range(3)]
    return float(days[1] + 2 * days[2] + days[3] * (rate - p[1] - 2 * p[2]) / (1 - sum(p))) / float(days.sum())


def wrong_three(rate, days):
    """for three"""
    return days @ np.arange(4) / days.sum()


def wrong_rate(rate, days):
    """λ was filled in"""
    return (days[1] + 2 * days[2] + rate * days[3]) / days.sum()


def wrong_memory(rate, days):
    """does not start afresh"""
    return (days[1] + 2 * days[2] + (3 + rate) * days[3]) / days.sum()


def wrong_joint(rate, days):
    """not divided by P(x ≥ 3)"""
    x = np.arange(3, 120)
    return (days[1] + 2 * days[2] + days[3] * (x @ stats.poisson.pmf(x, rate))) / days.sum()


def wrong_ratio(rate, days):
    """upside down"""
    beyond = rate * stats.poisson.sf(2, rate) / stats.poisson.sf(1, rate)
    return (days[1] + 2 * days[2] + days[3] * beyond) / days.sum()


def wrong_bound(rate, days):
    """this conditions on x ≥ 4"""
    beyond = rate * stats.poisson.sf(2, rate) / stats.poisson.sf(3, rate)
    return (days[1] + 2 * days[2] + days[3] * beyond) / days.sum()


def wrong_days_with_notices(rate, days):
    """divide by all"""
    return right_by_hand(rate, days) * days.sum() / days[1:].sum()


def wrong_left_out(rate, days):
    """were left out"""
    return (days[1] + 2 * days[2]) / days[:3].sum()


def wrong_sum(rate, days):
    """divide it by the days"""
    return right_by_hand(rate, days) * days.sum()


def wrong_twos(rate, days):
    """counted once"""
    return (days[1] + days[2] + days[3] * rate * stats.poisson.sf(1, rate) / stats.poisson.sf(2, rate)) / days.sum()
