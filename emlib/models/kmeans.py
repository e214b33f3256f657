"""K-means: hard assignment.

Story: each point belongs to exactly one of K clusters, z_n, all of them equally likely, equally round and equally wide,
and lies around that cluster's centre μ_k. How wide is not said: only the centres are parameters.

Lloyd (1982), Least squares quantization in PCM. IEEE Trans. Inf. Theory 28, 129–137.
"""

from dataclasses import dataclass

import numpy as np

from emlib import checks
from emlib.models.centres import CentreModel
from emlib.numerics import Moments, squared_distances


@dataclass(frozen=True)
class KMeans(CentreModel):
    """K-means: EM with a posterior that is certain.

    The objective is −distortion, −Σ_n min_k ‖x_n − μ_k‖² (scikit-learn's ``-inertia_``), in the data's unit squared.

    Parameters
    ----------
    n_components : int
        K, the number of clusters.
    """

    def posterior(self, x, params):
        """Certain responsibilities, (N, K): 1 for the nearest centre (the first of equals), 0 for the others."""
        x, means = self.checked_pair(x, params)
        return _nearest(squared_distances(x, means))

    def e_step(self, x, params):
        """Assign every point to its nearest centre. Returns (`Moments`, −distortion)."""
        x, means = self.checked_pair(x, params)
        distances = squared_distances(x, means)
        return Moments.of(x, _nearest(distances), means, full=False), -distances.min(axis=1).sum()

    def q(self, params, statistics):
        """−Σ_n ‖x_n − μ_{z_n}‖²: a function of the centres, with the assignment z held fixed."""
        return -checks.instance(statistics, "statistics", Moments).about(self.checked(params)).sum()

    def sample(self, params, n, rng, scale=1.0):
        """`n` points and their clusters, (N, D) and (N,), from round normal clusters of standard deviation `scale`."""
        return self.sample_round(params, n, rng, checks.number(scale, "scale"))

    def unit(self, statistics):
        """The sum of the squared distances of the data from their mean: what a run measures its gains in."""
        centre = statistics.counts @ statistics.means / statistics.counts.sum()
        return statistics.about(centre).sum()


def _nearest(distances):
    return np.eye(distances.shape[1])[distances.argmin(axis=1)]
