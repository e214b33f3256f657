"""The floor: the arithmetic that an iteration cannot do without, on data that are already in the cache, and no more.

Those are the matrix products of the E-step, an exponential for every point and component, and the matrix products of
the M-step. Where there are several ways, the floor is the quickest of them on this machine, block size included.
"""

import numpy as np

import emlib
from benchmarks.measure import timed

BLOCKS = (256, 1024, 4096, 16_384)


def contestants(problem):
    """{"floor": contestant} for mixtures and k-means; what it returns is compared with nothing."""
    if not isinstance(problem.model, (emlib.GaussianMixture, emlib.KMeans)):
        return {}
    family = getattr(problem.model, "covariance_type", None)
    (n, d), k = problem.x.shape, problem.model.n_components
    sizes = sorted({min(n, block) for block in BLOCKS})
    steps = [(size, linear(n_features(family, d), k, size, exponential=family is not None)) for size in sizes]
    if family == "full":
        steps += [(size, whitening(d, k, size)) for size in sizes]
    size, step = min(steps, key=lambda step: pace(*step))
    blocks = problem.iterations * len(problem.starts) * n / size

    def run():
        for _ in range(round(blocks)):
            step()

    return {"floor": timed(run)}


def n_features(family, d):
    """In how many functions of x the log-density is linear: 1, x, and the squares and products that differ by k."""
    return 1 + d + {"full": d * (d + 1) // 2, "diag": d, "spherical": 1}.get(family, 0)


def linear(n_features, k, size, exponential):
    """A block of points as features: one product gives the log-densities (or distances), one the sums."""
    rng = np.random.default_rng(0)
    features, coefficients = rng.random((n_features, size)), -rng.random((k, n_features)) / n_features
    scores, sums = np.empty((k, size)), np.empty((k, n_features))

    def step():
        np.matmul(coefficients, features, out=scores)
        if exponential:
            np.exp(scores, out=scores)
        np.matmul(scores, features.T, out=sums)

    return step


def whitening(d, k, size):
    """A block of points whitened for all components at once, and for each the product Z Zᵀ."""
    rng = np.random.default_rng(0)
    points, factors = rng.random((d, size)), rng.random((k * d, d)) / d
    white, scores = np.empty((k * d, size)), -rng.random((k, size))
    powers, scatter = np.empty((k, size)), np.empty((d, d))

    def step():
        np.matmul(factors, points, out=white)
        np.exp(scores, out=powers)
        for z in white.reshape(k, d, size):
            np.matmul(z, z.T, out=scatter)

    return step


def pace(size, step):
    """Seconds per point."""
    return min(timed(step)()[0] for _ in range(5)) / size
