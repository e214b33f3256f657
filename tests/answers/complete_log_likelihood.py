import math

import numpy as np
from scipy.stats import multivariate_normal as normal


def logpdf(x, mu, Sigma):
    return normal(mu, Sigma).logpdf(x)


def right_loops(theta, x, z):
    total = 0
    for point, label in zip(x, z, strict=True):
        if label == 1:
            total += math.log(theta.tau) + logpdf(point, theta.mu1, theta.Sigma1)
        else:
            total += math.log(1 - theta.tau) + logpdf(point, theta.mu2, theta.Sigma2)
    return total


def right_masks(theta, x, z):
    tau, mu1, mu2, Sigma1, Sigma2 = theta
    one, two = x[z == 1], x[z == 2]
    prior = len(one) * np.log(tau) + len(two) * np.log(1 - tau)
    return prior + logpdf(one, mu1, Sigma1).sum() + logpdf(two, mu2, Sigma2).sum()


def right_indicators(theta, x, z):
    a = np.log(theta.tau) + logpdf(x, theta.mu1, theta.Sigma1)
    b = np.log(1 - theta.tau) + logpdf(x, theta.mu2, theta.Sigma2)
    return np.array([[np.dot(z == 1, a) + np.dot(z == 2, b)]])


def right_log_of_product(theta, x, z):
    factors = np.where(
        z == 1,
        theta.tau * normal(theta.mu1, theta.Sigma1).pdf(x),
        (1 - theta.tau) * normal(theta.mu2, theta.Sigma2).pdf(x),
    )
    return sum(np.log(factors))


def wrong_no_prior(theta, x, z):
    "log τ and log(1 − τ) are missing"
    total = logpdf(x[z == 1], theta.mu1, theta.Sigma1).sum()
    return total + logpdf(x[z == 2], theta.mu2, theta.Sigma2).sum()


def wrong_observed(theta, x, z):
    "z summed out"
    p = theta.tau * normal(theta.mu1, theta.Sigma1).pdf(x)
    return np.log(p + (1 - theta.tau) * normal(theta.mu2, theta.Sigma2).pdf(x)).sum()


def wrong_labels(theta, x, z):
    "components are exchanged"
    return right_masks(theta, x, 3 - z)


def wrong_zero_based(theta, x, z):
    "component"
    a = np.log(theta.tau) + logpdf(x, theta.mu1, theta.Sigma1)
    return (a * (z == 1)).sum()


def wrong_mean(theta, x, z):
    "mean over the points"
    return right_masks(theta, x, z) / x.shape[0]


def wrong_negative(theta, x, z):
    "the sign is wrong"
    return -right_loops(theta, x, z)


def wrong_likelihood(theta, x, z):
    "take its logarithm"
    product = 1.0
    for point, label in zip(x, z, strict=True):
        if label == 1:
            product *= theta.tau * normal(theta.mu1, theta.Sigma1).pdf(point)
        else:
            product *= (1 - theta.tau) * normal(theta.mu2, theta.Sigma2).pdf(point)
    return product


def wrong_per_point(theta, x, z):
    "add them up"
    a = np.log(theta.tau) + logpdf(x, theta.mu1, theta.Sigma1)
    b = np.log(1 - theta.tau) + logpdf(x, theta.mu2, theta.Sigma2)
    return np.where(z == 1, a, b)


def wrong_both(theta, x, z):
    "both components were counted"
    a = np.log(theta.tau) + logpdf(x, theta.mu1, theta.Sigma1)
    b = np.log(1 - theta.tau) + logpdf(x, theta.mu2, theta.Sigma2)
    return np.sum(a + b)


def wrong_tau_twice(theta, x, z):
    "log τ was used for both"
    a = logpdf(x, theta.mu1, theta.Sigma1)
    b = logpdf(x, theta.mu2, theta.Sigma2)
    return (np.log(theta.tau) + np.where(z == 1, a, b)).sum()


def by_hand(x, mu, Sigma, determinant=0.5, half=0.5, constant=1.0):
    d = x - mu
    squares = np.einsum("ni,ij,nj->n", d, np.linalg.inv(Sigma), d)
    return -half * squares - determinant * np.log(np.linalg.det(Sigma)) - constant * len(mu) / 2 * np.log(2 * np.pi)


def complete(theta, x, z, **wrong):
    a = np.log(theta.tau) + by_hand(x, theta.mu1, theta.Sigma1, **wrong)
    b = np.log(1 - theta.tau) + by_hand(x, theta.mu2, theta.Sigma2, **wrong)
    return a[z == 1].sum() + b[z == 2].sum()


def wrong_no_determinant(theta, x, z):
    "determinants |Σ| are missing"
    return complete(theta, x, z, determinant=0)


def wrong_determinant_not_rooted(theta, x, z):
    "stands under a root"
    return complete(theta, x, z, determinant=1)


def wrong_no_half(theta, x, z):
    "½ in the exponent"
    return complete(theta, x, z, half=1)


def wrong_no_pi(theta, x, z):
    "(2π)^(−D/2) of the densities is missing"
    return complete(theta, x, z, constant=0)
