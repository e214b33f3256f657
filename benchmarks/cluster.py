"""How long an iteration takes on a Dask cluster, as a multiple of dask-ml's and scikit-learn's, and what Dask itself costs.

    python benchmarks/cluster.py

It needs the extras "scale" and "peers" (dask-ml) and starts a cluster of one, then of two, processes on this machine.
Each number is the best of several runs, one thread for each process; below 1 emlib is ahead. What all found is compared
to 1e-8 before anything is printed.
"""

import itertools
import pickle
import time
import warnings

import dask.array as da
import numpy as np
from dask_ml.cluster import KMeans as DaskKMeans
from distributed import Client, LocalCluster
from sklearn.cluster import KMeans as SkKMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

import emlib
from emlib.scale.cluster import Partitions

N, D, K, PARTITIONS = 1_000_000, 16, 10, 16
ITERATIONS, RUNS = 5, 3


class Nothing:
    """An E-step that does nothing, so that what is left is Dask."""

    def e_step(self, x, params):
        return 0.0, 0.0

    def m_step(self, statistics):
        return statistics


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)
    x, start = clusters()
    print(f"{N:,} × {D} in {PARTITIONS} partitions, K = {K}\n")
    seconds = {}
    for workers in (1, 2):
        with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster):
            shared = da.from_array(x, chunks=(N // PARTITIONS, D)).persist()
            seconds[workers] = contest(x, shared, start)
            for name, taken in seconds[workers].items():
                print(f"{workers} worker{'s' * (workers > 1)}: {name:<40}{taken:9.4f} s per iteration")
            print(f"{workers} worker{'s' * (workers > 1)}: Dask per partition {overhead() * 1e3:24.2f} ms\n")
    for name, taken in seconds[2].items():
        print(f"{name:<40} 1 → 2 workers: {seconds[1][name] / taken:.2f} times as fast")
    for workers, taken in seconds.items():
        ours, theirs, local = taken["emlib, k-means"], taken["dask-ml, k-means"], taken["scikit-learn, k-means, no Dask"]
        print(f"{workers} of them: k-means ÷ dask-ml {ours / theirs:.2f}, ÷ scikit-learn without Dask {ours / local:.2f}")
    for model in (emlib.KMeans(K), emlib.GaussianMixture(K)):
        statistics, _ = model.e_step(x[:1000], start if isinstance(model, emlib.KMeans) else model.start(x[:1000], 0))
        print(f"{model!r}: statistics of {len(pickle.dumps(statistics, 5)):,} bytes")


def clusters():
    """Overlapping clusters, slow enough to converge that every iteration counts, and centres to begin from."""
    rng = np.random.default_rng(0)
    x = (2 * rng.standard_normal((K, D)))[rng.integers(K, size=N)] + rng.standard_normal((N, D))
    return x, emlib.KMeans(K).start(x[:10_000], 1)


def contest(x, shared, start):
    """Seconds per iteration, by name, after all have been found to give the same centres."""
    model, mixture = emlib.KMeans(K), emlib.GaussianMixture(K)
    broad = mixture.start(x[:10_000], 1)
    ours, centres = per_iteration(lambda n: steps(model, shared, start, n).means)
    theirs, others = per_iteration(lambda n: dask_ml(shared, start, n))
    with threadpool_limits(1):
        local, last = per_iteration(lambda n: scikit_learn(x, start, n))
    np.testing.assert_allclose(centres, others, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(centres, last, rtol=1e-8, atol=1e-8)
    return {
        "emlib, k-means": ours,
        "dask-ml, k-means": theirs,
        "scikit-learn, k-means, no Dask": local,
        "emlib, full mixture": per_iteration(lambda n: steps(mixture, shared, broad, n))[0],
    }


def per_iteration(run):
    """Seconds that one more iteration takes, and what `run` finds after `ITERATIONS`."""
    long, found = best(lambda: run(ITERATIONS))
    return (long - best(lambda: run(1))[0]) / (ITERATIONS - 1), found


def best(function):
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - begin)
    return min(times), result


def steps(model, x, start, n):
    return next(itertools.islice(emlib.iterate(model, x, start), n, None)).params


def dask_ml(x, start, n):
    return DaskKMeans(K, init=start.means, max_iter=n, tol=0, oversampling_factor=1).fit(x).cluster_centers_


def scikit_learn(x, start, n):
    return SkKMeans(K, init=start.means, n_init=1, max_iter=n, tol=0, algorithm="lloyd").fit(x).cluster_centers_


def overhead(n=200):
    """Seconds that Dask takes for each partition of a pass."""
    x = Partitions(da.zeros((10 * n, 1), chunks=(10, 1)).persist())
    return best(lambda: next(emlib.iterate(Nothing(), x, 0.0)))[0] / n


if __name__ == "__main__":
    main()
