"""dask-ml's k-means, for data on many machines; here in one thread of this one."""

import dask
import dask_ml
from dask_ml.cluster import KMeans

import emlib
from benchmarks.measure import timed

VERSION = dask_ml.__version__


def contestants(problem):
    if not isinstance(problem.model, emlib.KMeans):
        return {}

    def in_one_thread():
        with dask.config.set(scheduler="synchronous"):
            return [fit(problem, start) for start in problem.starts]

    return {"dask-ml": timed(in_one_thread)}


def fit(problem, start):
    """Fit where Dask works at the moment."""
    peer = KMeans(problem.model.n_components, init=start.means, tol=0, max_iter=problem.iterations)
    peer.fit(problem.x)
    problem.took(peer.n_iter_, "dask-ml")
    return emlib.CentreParams(peer.cluster_centers_)
