"""The model of the exam question, for every exercise about it: θ, data at random, and the steps of its EM.

``x`` has shape (N, D), and ``r`` (N,) holds r_n = P(Z_n = 1 | x_n, θᵗ).
"""

from typing import NamedTuple

import numpy as np

from emlib.models.gaussian_mixture import GaussianMixture, GaussianMixtureParams

MIXTURE = GaussianMixture(2)


class TwoGaussians(NamedTuple):
    """θ of the exam question: P(Z = 1) = τ; X | Z = 1 ~ Normal(μ₁, Σ₁); X | Z = 2 ~ Normal(μ₂, Σ₂)."""

    tau: float
    mu1: np.ndarray
    mu2: np.ndarray
    Sigma1: np.ndarray
    Sigma2: np.ndarray


def as_mixture(theta):
    """θ of the exam question as the parameters of a two-component `emlib.GaussianMixture`."""
    return GaussianMixtureParams(
        np.array([theta.tau, 1 - theta.tau]),
        np.array([theta.mu1, theta.mu2]),
        np.array([theta.Sigma1, theta.Sigma2]),
    )


def random_theta(rng, d):
    factors = rng.normal(size=(2, d, d))
    return TwoGaussians(
        rng.uniform(0.15, 0.4),
        rng.normal(size=d),
        rng.normal(size=d) + 2,
        *(f @ f.T + 0.3 * np.eye(d) for f in factors),
    )


def random_data(rng, n=None):
    return 2 * rng.normal(size=(n or rng.integers(6, 12), rng.integers(2, 4)))


def data_and_theta(rng):
    """The last point lies so far out that its densities underflow."""
    x = random_data(rng)
    x[-1] = 400.0
    return x, random_theta(rng, x.shape[1])


def random_responsibility(rng, n):
    return rng.uniform(0.05, 0.95, size=n)


def data_and_r(rng):
    x = random_data(rng)
    return x, random_responsibility(rng, len(x))


def data_r_means(rng):
    x, r = data_and_r(rng)
    return x, r, *weighted_means(x, r)


def log_normal(x, mu, Sigma):
    return GaussianMixture(1).score_samples(x, GaussianMixtureParams(np.ones(1), mu[None], Sigma[None]))


def log_joints(theta, x):
    """log p(x_n, Z_n = 1 | θ) and log p(x_n, Z_n = 2 | θ), each (N,)."""
    one = np.log(theta.tau) + log_normal(x, theta.mu1, theta.Sigma1)
    two = np.log1p(-theta.tau) + log_normal(x, theta.mu2, theta.Sigma2)
    return one, two


def responsibility(x, theta):
    return MIXTURE.posterior(x, as_mixture(theta))[:, 0]


def weighted_means(x, r):
    return r @ x / r.sum(), (1 - r) @ x / (1 - r).sum()


def scatter(x, weights, mu):
    d = x - mu
    return (d * weights[:, None]).T @ d


def weighted_covariances(x, r, mu1, mu2):
    return scatter(x, r, mu1) / r.sum(), scatter(x, 1 - r, mu2) / (1 - r).sum()


def tied_covariance(x, r, mu1, mu2):
    return (scatter(x, r, mu1) + scatter(x, 1 - r, mu2)) / len(x)
