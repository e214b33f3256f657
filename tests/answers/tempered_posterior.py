"""Answers to `tempered_posterior`."""

import numpy as np
from scipy import special


def right_numpy(log_joint, temperature):
    a = log_joint / temperature
    weights = np.exp(a - a.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def right_scipy(log_joint, temperature):
    return special.softmax(log_joint / temperature, axis=1)


def right_from_the_posterior(log_joint, temperature):
    log_r = log_joint - special.logsumexp(log_joint, axis=1, keepdims=True)
    powers = np.exp(log_r / temperature)
    return powers / powers.sum(1)[:, None]


def right_loop(log_joint, temperature):
    rows = []
    for row in log_joint:
        weights = [np.exp((value - max(row)) / temperature) for value in row]
        rows.append([weight / sum(weights) for weight in weights])
    return rows


def wrong_without_temperature(log_joint, temperature):
    """the temperature has no effect"""
    return special.softmax(log_joint, axis=1)


def wrong_multiplied(log_joint, temperature):
    """multiplied by T"""
    return special.softmax(log_joint * temperature, axis=1)


def wrong_columns(log_joint, temperature):
    """the columns sum to 1"""
    return special.softmax(log_joint / temperature, axis=0)


def wrong_unnormalised(log_joint, temperature):
    """the rows do not sum to 1"""
    return np.exp(log_joint / temperature)


def wrong_hard(log_joint, temperature):
    """a hard assignment"""
    return np.eye(log_joint.shape[1])[np.argmax(log_joint, axis=1)]


def wrong_underflow(log_joint, temperature):
    """nan came out"""
    weights = np.exp(log_joint / temperature)
    return weights / weights.sum(axis=1, keepdims=True)
