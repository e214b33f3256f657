"""Where a run begins: K centres for data x, by one of three recipes. The wiki page names the first two."""

import numpy as np

from emlib import checks

#: So many rows at a time stay in the cache.
_ROWS = 16_384


def random(x, n_components, rng):
    """K points drawn uniformly from the smallest box that holds the data."""
    low, high = x.min(axis=0), x.max(axis=0)
    return low + (high - low) * rng.random((n_components, x.shape[1]))


def points(x, n_components, rng):
    """K distinct points of the data, each set of them equally likely (Forgy's start)."""
    order = np.argsort(x[:, 0])
    first = x[order, 0]
    if (first[1:] == first[:-1]).any():  # the others tell rows apart only where the first feature does not
        order = np.lexsort(x.T[::-1])
        rows = x[order]
        order = order[np.concatenate([[True], (rows[1:] != rows[:-1]).any(axis=1)])]
    return x[order[rng.choice(len(order), size=n_components, replace=False)]]


def kmeans_plusplus(x, n_components, rng):
    """K points of the data, each drawn with probability proportional to its squared distance to those drawn before.

    Arthur & Vassilvitskii (2007), k-means++: The advantages of careful seeding. SODA.
    """
    chosen = [x[rng.integers(len(x))]]
    nearest = np.full(len(x), np.inf)
    _draw_near(nearest, x, chosen[0])
    while len(chosen) < n_components:
        if not nearest.any():  # the squares underflow: whatever differs from those drawn is far enough
            nearest = np.all([(x != centre).any(axis=1) for centre in chosen], axis=0).astype(float)
        chosen.append(x[rng.choice(len(x), p=nearest / nearest.sum())])
        _draw_near(nearest, x, chosen[-1])
    return np.array(chosen)


def _draw_near(nearest, x, centre):
    """Lower the squared distances `nearest` (N,) to those from `centre`, where that is nearer."""
    for start in range(0, len(x), _ROWS):
        rows = slice(start, start + _ROWS)
        away = np.subtract(x[rows].T, centre[:, None], order="C")  # one feature after the other: rows may be short
        np.minimum(nearest[rows], np.einsum("dn,dn->n", away, away), out=nearest[rows])


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
    x, how = checks.data(x), checks.choice(how, "how", RECIPES)
    checks.components_for(x, checks.integer(n_components, "n_components"))
    return drawn(x, n_components, rng, how)


def drawn(x, n_components, rng, how):
    """The `centres` for data and a K that have been looked at already."""
    return RECIPES[checks.choice(how, "how", RECIPES)](x, n_components, checks.rng(rng, "rng"))
