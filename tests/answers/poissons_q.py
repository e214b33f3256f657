import math

import numpy as np
from scipy.stats import poisson


def right_scipy(theta, x, r):
    p, one, two = theta
    return np.sum(r * (np.log(p) + poisson(one).logpmf(x)) + (1 - r) * (np.log(1 - p) + poisson(two).logpmf(x)))


def right_loop(theta, x, r):
    p, one, two = theta
    total = 0
    for count, w in zip(x, r, strict=True):
        total += w * (math.log(p) + count * math.log(one) - one - math.log(math.factorial(int(count))))
        total += (1 - w) * (math.log(1 - p) + count * math.log(two) - two - math.log(math.factorial(int(count))))
    return total


def right_statistics(theta, x, r):
    N1, s1, s2 = r.sum(), r @ x, (1 - r) @ x
    N2 = len(x) - N1
    p, one, two = theta
    return N1 * np.log(p) + N2 * np.log(1 - p) + s1 * np.log(one) + s2 * np.log(two) - N1 * one - N2 * two


def right_columns(theta, x, r):
    rates = np.array(theta[1:])
    joint = np.log([theta[0], 1 - theta[0]]) + poisson(rates).logpmf(x[:, None])
    return np.array([(np.column_stack([r, 1 - r]) * joint).sum()])


right_formula = """sum(r*(log(p) + x*log(lambda1) - lambda1 - log_factorial(x))
    + (1-r)*(log(1-p) + x*log(lambda2) - lambda2 - log_factorial(x)))"""
right_formula_of_statistics = "N1*log(p) + N2*log(1-p) + s1*log(λ₁) + s2*log(λ₂) - N1*λ₁ - N2*λ₂"


def wrong_no_prior(theta, x, r):
    "log p and log(1 − p) are missing"
    return np.sum(r * poisson(theta[1]).logpmf(x) + (1 - r) * poisson(theta[2]).logpmf(x))


def wrong_observed(theta, x, r):
    "this is ℓ(θ)"
    p, one, two = theta
    return np.log(p * poisson(one).pmf(x) + (1 - p) * poisson(two).pmf(x)).sum()


def wrong_same_r(theta, x, r):
    "both kinds were weighted with r_n"
    p, one, two = theta
    return (r * (np.log(p) + poisson(one).logpmf(x)) + r * (np.log(1 - p) + poisson(two).logpmf(x))).sum()


def wrong_hard(theta, x, r):
    "hard assignment"
    return right_scipy(theta, x, np.round(r))


def wrong_sign(theta, x, r):
    "sign is wrong"
    return -right_loop(theta, x, r)


def wrong_mean(theta, x, r):
    "mean over the points"
    return right_scipy(theta, x, r) / len(x)


def wrong_exchanged(theta, x, r):
    "responsibilities are exchanged"
    return right_scipy(theta, x, 1 - r)


def wrong_log_p_twice(theta, x, r):
    "log p was used for both"
    return np.log(theta[0]) * len(x) + wrong_no_prior(theta, x, r)


wrong_formula_no_rate = ("sum(r*(log(p) + x*log(λ₁)) + (1-r)*(log(1-p) + x*log(λ₂)))", "−λ is missing")
wrong_formula_rates_once = ("N1*log(p) + N2*log(1-p) + s1*log(λ₁) + s2*log(λ₂) - λ₁ - λ₂", "−λ stands once")
wrong_formula_no_x = (
    "sum(r*(log(p) + log(λ₁) - λ₁) + (1-r)*(log(1-p) + log(λ₂) - λ₂)) - sum(log_factorial(x))",
    "the factor x",
)
