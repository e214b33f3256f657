"""oneDAL, the compiled library under scikit-learn-intelex, through daal4py. Its EM knows full and diagonal Σ."""

from importlib.metadata import version

import daal4py
import numpy as np

import emlib
from benchmarks.measure import timed

VERSION = version("scikit-learn-intelex")  # which holds daal4py
STORAGE = {"full": "full", "diag": "diagonal"}

daal4py.daalinit(1)  # its threads are not among those that threadpoolctl knows


def contestants(problem):
    if isinstance(problem.model, emlib.KMeans):
        one = k_means
    elif getattr(problem.model, "covariance_type", None) in STORAGE:
        one = mixture
    else:
        return {}
    return {"oneDAL": timed(lambda: [one(problem, start) for start in problem.starts])}


def mixture(problem, start):
    k, family = problem.model.n_components, problem.model.covariance_type
    algorithm = daal4py.em_gmm(
        k,
        maxIterations=problem.iterations,
        accuracyThreshold=0,
        regularizationFactor=0,
        covarianceStorage=STORAGE[family],
    )
    covariances = list(start.covariances.reshape(k, -1, start.means.shape[1]))
    found = algorithm.compute(problem.x, start.weights[None], start.means, covariances)
    problem.took(found.nIterations.item(), "oneDAL")
    shape = start.covariances.shape
    return emlib.GaussianMixtureParams(found.weights[0], found.means, np.reshape(found.covariances, shape))


def k_means(problem, start):
    algorithm = daal4py.kmeans(problem.model.n_components, problem.iterations, accuracyThreshold=0)
    found = algorithm.compute(problem.x, start.means)
    problem.took(found.nIterations.item(), "oneDAL")
    return emlib.CentreParams(found.centroids)
