"""How long emlib takes, as a multiple of its peers: numpy's import, and scikit-learn's fits from the same start.

    python benchmarks/against_peers.py

It needs scikit-learn (the extra "dev"). Each number is emlib's time over the peer's, the best of several runs on one
thread: below 1 emlib is ahead. What both found is compared to 1e-8 before anything is printed.
"""

import itertools
import subprocess
import sys
import time
import warnings

import numpy as np
from sklearn.cluster import KMeans as SkKMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as SkMixture
from threadpoolctl import threadpool_limits

import emlib

RUNS, ITERATIONS = 3, 20
SIZES = [(300, 2, 3), (10_000, 2, 5), (100_000, 2, 5), (20_000, 16, 8)]


def main():
    print(f"import emlib ÷ import numpy: {import_seconds('emlib') / import_seconds('numpy'):.2f}")
    print(f"\n{ITERATIONS} iterations, ÷ scikit-learn" + "".join(f"{f'{n}×{d}, K={k}':>16}" for n, d, k in SIZES))
    warnings.simplefilter("ignore", ConvergenceWarning)
    for name, contest in [
        ("k-means", k_means),
        *((f"mixture, {f}", mixture(f)) for f in emlib.models.gaussian_mixture.FAMILIES),
    ]:
        print(f"{name:<30}" + "".join(f"{contest(clusters(*size), size[2]):16.2f}" for size in SIZES))


def import_seconds(module):
    """Processor time of a fresh import, the best of several."""
    code = f"import time; t = time.process_time(); import {module}; print(time.process_time() - t)"
    return min(
        float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout) for _ in range(9)
    )


def clusters(n, n_features, n_components):
    """`n` points of overlapping clusters, slow enough to converge that every iteration counts."""
    rng = np.random.default_rng(0)
    centres = 2 * rng.standard_normal((n_components, n_features))
    return centres[rng.integers(n_components, size=n)] + rng.standard_normal((n, n_features))


def steps(model, x, start):
    """The parameters after `ITERATIONS` steps."""
    return next(itertools.islice(emlib.iterate(model, x, start), ITERATIONS, None)).params


def seconds(function):
    """The least time of several calls, and what was returned."""
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - begin)
    return min(times), result


def k_means(x, n_components):
    start = emlib.KMeans(n_components).start(x, 1)
    ours, params = seconds(lambda: steps(emlib.KMeans(n_components), x, start))
    peer = SkKMeans(n_components, init=start.means, n_init=1, max_iter=ITERATIONS, tol=0)
    theirs, fitted = seconds(lambda: peer.fit(x))
    if fitted.n_iter_ == ITERATIONS:
        np.testing.assert_allclose(params.means, fitted.cluster_centers_, rtol=1e-8, atol=1e-8)
    return ours / ITERATIONS / (theirs / fitted.n_iter_)


def mixture(family):
    def contest(x, n_components):
        model = emlib.GaussianMixture(n_components, family)
        start = model.start(x, 1)
        ours, params = seconds(lambda: steps(model, x, start))
        inverse = 1 / start.covariances if family in ("diag", "spherical") else np.linalg.inv(start.covariances)
        peer = SkMixture(
            n_components,
            covariance_type=family,
            weights_init=start.weights,
            means_init=start.means,
            precisions_init=inverse,
            reg_covar=0,
            tol=0,
            max_iter=ITERATIONS,
        )
        theirs, fitted = seconds(lambda: peer.fit(x))
        for a, b in zip(params, (fitted.weights_, fitted.means_, fitted.covariances_), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-8 * np.abs(b).max())
        return ours / theirs

    return contest


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
