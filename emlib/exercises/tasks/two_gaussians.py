"""The model of the exam question, for every exercise about it: θ, data at random, and the steps of its EM.

``x`` has shape (N, D), and ``r`` (N,) holds r_n = P(Z_n = 1 | x_n, θᵗ).
"""

from typing import NamedTuple

import numpy as np

from emlib.numerics import condition


class TwoGaussians(NamedTuple):
    """θ of the exam question: P(Z = 1) = τ; X | Z = 1 ~ Normal(μ₁, Σ₁); X | Z = 2 ~ Normal(μ₂, Σ₂)."""

    tau: float
    mu1: np.ndarray
    mu2: np.ndarray
    Sigma1: np.ndarray
    Sigma2: np.ndarray


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
    return -(len(mu) * np.log(2 * np.pi) + log_det(Sigma) + mahalanobis(x, mu, Sigma)) / 2


def mahalanobis(x, mu, Sigma):
    """(x_n − μ)ᵀ Σ⁻¹ (x_n − μ), (N,)."""
    d = x - mu
    return (d * np.linalg.solve(Sigma, d.T).T).sum(axis=1)


def log_det(Sigma):
    return np.linalg.slogdet(Sigma)[1]


#: log-densities as learners write them; each is wrong by more than a constant factor of the density
WRONG_DENSITIES = {
    "the determinants |Σ| are missing: −½ log |Σ| belongs to the log-density": lambda x, mu, Sigma: (
        log_normal(x, mu, Sigma) + log_det(Sigma) / 2
    ),
    "the determinant stands under a root: −½ log |Σ|, not −log |Σ|": lambda x, mu, Sigma: (
        log_normal(x, mu, Sigma) - log_det(Sigma) / 2
    ),
    "the density is divided by |Σ|^½; yours is multiplied with it": lambda x, mu, Sigma: (
        log_normal(x, mu, Sigma) + log_det(Sigma)
    ),
    "the ½ in the exponent is missing": lambda x, mu, Sigma: log_normal(x, mu, Sigma) - mahalanobis(x, mu, Sigma) / 2,
    "the sign of the exponent is wrong": lambda x, mu, Sigma: log_normal(x, mu, Sigma) + mahalanobis(x, mu, Sigma),
    "Σ was used where Σ⁻¹ belongs": lambda x, mu, Sigma: (
        log_normal(x, mu, Sigma) + (mahalanobis(x, mu, Sigma) - mahalanobis(x, mu, np.linalg.inv(Sigma))) / 2
    ),
    "only the diagonal of Σ was used": lambda x, mu, Sigma: log_normal(x, mu, np.diag(np.diag(Sigma))),
    "Σ holds variances already; it was squared": lambda x, mu, Sigma: log_normal(x, mu, Sigma @ Sigma),
}


def log_joints(theta, x, density=log_normal):
    """log p(x_n, Z_n = 1 | θ) and log p(x_n, Z_n = 2 | θ), each (N,)."""
    one = np.log(theta.tau) + density(x, theta.mu1, theta.Sigma1)
    two = np.log1p(-theta.tau) + density(x, theta.mu2, theta.Sigma2)
    return one, two


def log_likelihood(theta, x):
    return np.logaddexp(*log_joints(theta, x)).sum()


def responsibility(x, theta, density=log_normal):
    return condition(np.stack(log_joints(theta, x, density), axis=1))[0][:, 0]


def weighted_means(x, r):
    return r @ x / r.sum(), (1 - r) @ x / (1 - r).sum()


def scatter(x, weights, mu):
    d = x - mu
    return (d * weights[:, None]).T @ d


def weighted_covariances(x, r, mu1, mu2):
    return scatter(x, r, mu1) / r.sum(), scatter(x, 1 - r, mu2) / (1 - r).sum()


def tied_covariance(x, r, mu1, mu2):
    return (scatter(x, r, mu1) + scatter(x, 1 - r, mu2)) / len(x)


def hard(r):
    return (r > 0.5).astype(float)
