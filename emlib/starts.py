"""Where a run begins: K centres for data x, by one of three recipes. The wiki page names the first two."""

import numpy as np

from emlib import checks
from emlib.numerics import squared_distances


def random(x, n_components, rng):
    """K points drawn uniformly from the smallest box that holds the data."""
    low, high = x.min(axis=0), x.max(axis=0)
    return low + (high - low) * rng.random((n_components, x.shape[1]))


def points(x, n_components, rng):
    """K distinct points of the data, each set of them equally likely (Forgy's start)."""
    distinct = np.unique(x, axis=0)
    return distinct[rng.choice(len(distinct), size=n_components, replace=False)]


def kmeans_plusplus(x, n_components, rng):
    """K points of the data, each drawn with probability proportional to its squared distance to those drawn before.

    Arthur & Vassilvitskii (2007), k-means++: The advantages of careful seeding. SODA.
    """
    chosen = [x[rng.integers(len(x))]]
    nearest = squared_distances(x, chosen)[:, 0]
    while len(chosen) < n_components:
        if not nearest.any():  # the squares underflow: whatever differs from those drawn is far enough
            nearest = np.all([(x != centre).any(axis=1) for centre in chosen], axis=0).astype(float)
        chosen.append(x[rng.choice(len(x), p=nearest / nearest.sum())])
        nearest = np.minimum(nearest, squared_distances(x, chosen[-1:])[:, 0])
    return np.array(chosen)


RECIPES = {"kmeans++": kmeans_plusplus, "points": points, "random": random}


def centres(x, n_components, rng, how="kmeans++"):
    """K centres for the data `x` (N, D), shape (K, D).

    Parameters
    ----------
    rng : int or numpy.random.Generator
    how : "kmeans++", "points" (K points of the data) or "random" (anywhere in the box around the data)

    Raises
    ------
    ValueError
        If `x` has fewer distinct points than `n_components`, or `how` is unknown.
    """
    x, recipe = checks.data(x), RECIPES[checks.choice(how, "how", RECIPES)]
    checks.components_for(x, checks.integer(n_components, "n_components"))
    return recipe(x, n_components, checks.rng(rng, "rng"))
