"""What k-means and soft assignment share: their parameters are K centres and their M-step takes K weighted means."""

import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emlib import checks, starts
from emlib.blocks import Table
from emlib.errors import EmptyClusterWarning
from emlib.numerics import Moments


class CentreParams(NamedTuple):
    """θ: the K centres ``means``, shape (K, D)."""

    means: np.ndarray


@dataclass(frozen=True)
class CentreModel:
    """A model of K centres. It becomes whole with ``posterior``, ``e_step`` and ``q``."""

    n_components: int

    #: The data looked over once for a whole run, an `emlib.blocks.Table`, which takes the place of the data.
    prepared = staticmethod(Table.of)

    def __post_init__(self):
        object.__setattr__(self, "n_components", checks.integer(self.n_components, "n_components"))

    def start(self, x, rng, how="kmeans++"):
        """K centres by a recipe of `emlib.starts`: "kmeans++", "points" or "random"."""
        return CentreParams(starts.centres(x, self.n_components, rng, how))

    def m_step(self, statistics):
        """Move every centre to the weighted mean of its points.

        Any place is as good as another for a centre without points, so it stays where it was, with an
        `EmptyClusterWarning`.
        """
        for k, count in enumerate(checks.instance(statistics, "statistics", Moments).counts.tolist()):
            if count == 0:
                warnings.warn(
                    f"cluster {k} has no points; its centre stays where it was", EmptyClusterWarning, stacklevel=2
                )
        return CentreParams(statistics.means)

    def free(self, params):
        """The parameters as a vector without constraints: the K·D coordinates of the centres."""
        return np.ravel(self.checked(params))

    def from_free(self, vector, like):
        """The parameters that `free` turns into `vector`; `like`, any valid parameters, gives the shapes."""
        means = self.checked(like)
        return CentreParams(checks.array(vector, "vector", shape=(means.size,)).reshape(means.shape))

    def permute(self, params, order):
        """The same clusters, numbered anew: component k becomes what ``order[k]`` was."""
        return CentreParams(self.checked(params)[checks.order(order, self.n_components)])

    def checked(self, params):
        """The means as a finite (K, D) array."""
        return checks.means(checks.instance(params, "params", CentreParams).means, self.n_components)

    def checked_pair(self, x, params):
        """The data, prepared or not, and the means, with as many features each."""
        means = self.checked(params)
        return checks.data(x.x if isinstance(x, Table) else x, n_features=means.shape[1]), means

    def sample_round(self, params, n, rng, scale):
        """`n` points and their clusters, (N, D) and (N,), from equally likely round normal clusters."""
        means, rng = self.checked(params), checks.rng(rng, "rng")
        z = rng.integers(len(means), size=checks.integer(n, "n"))
        return means[z] + scale * rng.standard_normal((n, means.shape[1])), z
