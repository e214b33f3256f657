"""scikit-learn: GaussianMixture without regularisation, and Lloyd's k-means."""

import numpy as np
import sklearn
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

import emlib
from benchmarks.measure import timed

VERSION = sklearn.__version__


def contestants(problem):
    if isinstance(problem.model, emlib.GaussianMixture):
        peers, read = [mixture(problem, start) for start in problem.starts], read_mixture
    elif isinstance(problem.model, emlib.KMeans):
        peers, read = [k_means(problem, start) for start in problem.starts], read_k_means
    else:
        return {}

    def fit():
        found = []
        for peer in peers:
            peer.fit(problem.x)
            problem.took(peer.n_iter_, "scikit-learn")
            found.append(read(peer))
        return found

    return {"scikit-learn": timed(fit)}


def mixture(problem, start):
    family = problem.model.covariance_type
    inverse = 1 / start.covariances if family in ("diag", "spherical") else np.linalg.inv(start.covariances)
    return GaussianMixture(
        problem.model.n_components,
        covariance_type=family,
        weights_init=start.weights,
        means_init=start.means,
        precisions_init=inverse,
        reg_covar=0,
        tol=0,
        max_iter=problem.iterations,
    )


def read_mixture(peer):
    return emlib.GaussianMixtureParams(peer.weights_, peer.means_, peer.covariances_)


def k_means(problem, start):
    k = problem.model.n_components
    return KMeans(k, init=start.means, n_init=1, algorithm="lloyd", tol=0, max_iter=problem.iterations)


def read_k_means(peer):
    return emlib.CentreParams(peer.cluster_centers_)
