"""The same fits on a Dask cluster of this machine, beside dask-ml there and beside one process without a cluster.

Each worker is a process with one thread. Time is the clock's: work is done in several processes.
"""

import contextlib
import pickle
import time

import dask.array as da
from distributed import Client, LocalCluster

import emlib
from benchmarks import cases
from benchmarks.measure import timed
from emlib.scale.cluster import Partitions

CASES = [cases.Case(model, 1_000_000, 16) for model in (emlib.KMeans(10), emlib.GaussianMixture(10))]
WORKERS, PARTITIONS = (1, 2), 16
#: Partitions of an E-step that does nothing.
EMPTY = 200


class Nothing:
    """An E-step that does nothing, so that what is left is Dask."""

    def e_step(self, x, params):
        return 0.0, 0.0

    def m_step(self, statistics):
        return statistics


@contextlib.contextmanager
def running(workers):
    """A context with a cluster of so many processes."""
    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster):
        yield


def contestants(problem, peers):
    """{name: contestant}: "emlib" and dask-ml on the cluster that is running, the others in this process alone."""
    clock = time.perf_counter
    spread = da.from_array(problem.x, chunks=(len(problem.x) // PARTITIONS, -1)).persist()
    there = problem._replace(x=spread)
    runs = {"emlib": cases.emlib_fit(there, clock), "emlib, one process": cases.emlib_fit(problem, clock)}
    if "dask-ml" in peers and isinstance(problem.model, emlib.KMeans):
        dask_ml = peers["dask-ml"]
        runs["dask-ml"] = timed(lambda: [dask_ml.fit(there, start) for start in problem.starts], clock)
    for alone in peers["scikit-learn"].contestants(problem).values():
        runs["scikit-learn, one process"] = on_the_clock(alone)
    return runs


def on_the_clock(contestant):
    """The same contestant, timed by the clock."""
    return timed(lambda: contestant()[1], time.perf_counter)


def overhead():
    """Seconds that Dask takes for each partition of a pass, on the cluster that is running."""
    x = Partitions(da.zeros((10 * EMPTY, 1), chunks=(10, 1)).persist())
    once = timed(lambda: next(emlib.iterate(Nothing(), x, 0.0)), time.perf_counter)
    return min(once()[0] for _ in range(5)) / EMPTY


def reply(problem):
    """Bytes that a partition sends back: the pickled statistics."""
    statistics, _ = problem.model.e_step(problem.x[:1000], problem.starts[0])
    return len(pickle.dumps(statistics, 5))
