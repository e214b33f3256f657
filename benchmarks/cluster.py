"""How long an iteration takes on a Dask cluster, beside dask-ml and scikit-learn, and what Dask itself costs.

    python benchmarks/cluster.py

It needs the extras "scale" and "peers" (dask-ml) and starts a cluster of one, then of two, processes on this machine.
Each number is the time of a whole call by the number of its iterations, the best of several calls made in turn, one
thread for each process; below 1 emlib is ahead. What all found is compared to 1e-8 before anything is printed.
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
ITERATIONS, RUNS = 10, 5


class Nothing:
    """An E-step that does nothing, so that what is left is Dask."""

    def e_step(self, x, params):
        return 0.0, 0.0

    def m_step(self, statistics):
        return statistics


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.filterwarnings("ignore", "Sending large graph")  # once, before any clock runs
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
        ours, theirs, local = (
            taken["emlib, k-means"],
            taken["dask-ml, k-means"],
            taken["scikit-learn, k-means, no Dask"],
        )
        print(
            f"{workers} of them: k-means ÷ dask-ml {ours / theirs:.2f}, ÷ scikit-learn without Dask {ours / local:.2f}"
        )
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
    runs = {
        "emlib, k-means": lambda: steps(model, shared, start).means,
        "dask-ml, k-means": lambda: dask_ml(shared, start),
        "scikit-learn, k-means, no Dask": lambda: scikit_learn(x, start),
        "emlib, full mixture": lambda: steps(mixture, shared, broad),
    }
    times, centres = {name: [] for name in runs}, {}
    for _ in range(RUNS):  # in turn, so that what else the machine does meets all alike
        for name, run in runs.items():
            begin = time.perf_counter()
            centres[name] = run()
            times[name].append((time.perf_counter() - begin) / ITERATIONS)
    for name in ("dask-ml, k-means", "scikit-learn, k-means, no Dask"):
        np.testing.assert_allclose(centres["emlib, k-means"], centres[name], rtol=1e-8, atol=1e-8)
    return {name: min(taken) for name, taken in times.items()}


def steps(model, x, start):
    return next(itertools.islice(emlib.iterate(model, x, start), ITERATIONS, None)).params


def dask_ml(x, start):
    return DaskKMeans(K, init=start.means, max_iter=ITERATIONS, tol=0).fit(x).cluster_centers_


def scikit_learn(x, start):
    peer = SkKMeans(K, init=start.means, n_init=1, max_iter=ITERATIONS, tol=0, algorithm="lloyd")
    with threadpool_limits(1):
        return peer.fit(x).cluster_centers_


def overhead(n=200):
    """Seconds that Dask takes for each partition of a pass."""
    x = Partitions(da.zeros((10 * n, 1), chunks=(10, 1)).persist())
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        next(emlib.iterate(Nothing(), x, 0.0))
        times.append(time.perf_counter() - begin)
    return min(times) / n


if __name__ == "__main__":
    main()
