"""Seeded simulators: the truth is known, so that an answer can be held against it.

`blobs` draws from any Gaussian mixture. The others are counter-examples, each built against one assumption that
k-means or a Gaussian mixture makes in silence; their `labels` say what a reader would call right.

Every simulator takes the number of points `n` and a `seed` (a non-negative integer or a `numpy.random.Generator`);
the same seed gives the same data.
"""

import numpy as np

from emlib import checks
from emlib.datasets.record import Dataset, read_only


def blobs(weights, means, covariances, n, seed):
    """Draw `n` points from a Gaussian mixture.

    Parameters
    ----------
    weights : array (K,)
        Mixture weights; they sum to 1.
    means : array (K, D)
    covariances : array (K, D, D)
        Symmetric and positive definite.
    n : int
        Number of points.
    seed : int or numpy.random.Generator

    Returns
    -------
    Dataset
        `labels` holds the component that each point was drawn from.

    Raises
    ------
    ValueError
        If the weights do not sum to 1, the shapes do not fit together, or a covariance is not positive definite.
    """
    weights = checks.weights(weights)
    means = checks.array(means, "means", ndim=2)
    n_components, n_features = means.shape
    weights = checks.weights(weights, n_components=n_components)
    covariances = checks.array(covariances, "covariances", shape=(n_components, n_features, n_features))
    factors = np.empty_like(covariances)
    for k, covariance in enumerate(covariances):
        try:
            factors[k] = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            raise ValueError(f"covariances[{k}] is not positive definite") from None
        if not np.allclose(covariance, covariance.T, rtol=1e-10, atol=0):
            raise ValueError(f"covariances[{k}] is not symmetric")
    n, rng = checks.integer(n, "n"), checks.rng(seed)
    labels = rng.choice(n_components, size=n, p=weights)
    noise = rng.standard_normal((n, n_features))
    x = means[labels] + np.einsum("nij,nj->ni", factors[labels], noise)
    names = [f"component {k}" for k in range(1, n_components + 1)]
    return _dataset(x, labels, names, f"A sample of a mixture of {n_components} Gaussians.")


def unequal_variances(n, seed):
    """One tight and one wide round cluster of equal weight: k-means cuts a rim off the wide one."""
    drawn = blobs([0.5, 0.5], [[0, 0], [4, 0]], _round(0.3, 1.8), n, seed)
    return _dataset(
        drawn.x,
        drawn.labels,
        ("tight", "wide"),
        "A tight and a wide round cluster. k-means puts its border halfway between the two centres, so the near side "
        "of the wide cluster goes to the tight one; a Gaussian mixture gives each component its own spread.",
    )


def unequal_sizes(n, seed):
    """One large and one small round cluster of equal spread: k-means shares out the large one."""
    drawn = blobs([0.95, 0.05], [[0, 0], [3.8, 0]], _round(1.0, 1.0), n, seed)
    return _dataset(
        drawn.x,
        drawn.labels,
        ("large", "small"),
        "Two round clusters of equal spread with 95 % and 5 % of the points. k-means has no weights: it lowers its "
        "distortion by sharing out the large cluster. A Gaussian mixture learns how much each component holds.",
    )


def elongated(n, seed):
    """Two long parallel clusters: k-means cuts across both."""
    stretched = [[4.0, 0.0], [0.0, 0.06]]
    drawn = blobs([0.5, 0.5], [[0, -1], [0, 1]], [stretched, stretched], n, seed)
    return _dataset(
        drawn.x,
        drawn.labels,
        ("lower", "upper"),
        "Two long, thin, parallel clusters. To k-means all directions are alike, so it cuts across the long axis of "
        "both; a Gaussian mixture with full covariances finds the direction.",
    )


def outlier(n, seed):
    """Two well separated clusters and one far point: the best that k-means can do with K = 2 is to merge the two."""
    n = checks.integer(n, "n", minimum=3)
    drawn = blobs([0.5, 0.5], [[-2, 0], [2, 0]], _round(0.5, 0.5), n - 1, seed)
    # To leave the point h away inside a cluster costs about h², to merge the clusters about 4n: h grows with √n so that
    # merging is cheaper at every n.
    far = [0.0, 2.5 * np.sqrt(n)]
    return _dataset(
        np.vstack([drawn.x, far]),
        np.append(drawn.labels, 2),
        ("left", "right", "far point"),
        "Two well separated clusters and a single far point, the last row. Squared distances make that one point weigh "
        "so much that k-means with K = 2 gives it a centre of its own and merges the clusters.",
    )


def rings(n, seed):
    """Two concentric rings: groups that no centre stands for."""
    labels, angles, noise = _curves(n, seed, full_turn=2 * np.pi)
    radii = np.where(labels == 0, 1.0, 3.0)[:, None] + noise[:, :1]
    return _dataset(
        radii * np.column_stack([np.cos(angles), np.sin(angles)]),
        labels,
        ("inner", "outer"),
        "Two concentric rings. Both have the same centre, so neither k-means nor a mixture of two Gaussians has "
        "anything to tell them by: a component of a mixture need not be what a reader would call a cluster.",
    )


def moons(n, seed):
    """Two interleaved half circles: groups that are neither round nor separated by a line."""
    labels, angles, noise = _curves(n, seed, full_turn=np.pi)
    upper = np.column_stack([np.cos(angles), np.sin(angles)])
    lower = np.column_stack([1 - np.cos(angles), 0.5 - np.sin(angles)])
    return _dataset(
        np.where(labels[:, None] == 0, upper, lower) + noise,
        labels,
        ("upper", "lower"),
        "Two interleaved half circles. No straight border parts them; several Gaussians per moon follow their "
        "density well, which shows that a good density need not have one component per group.",
    )


def _curves(n, seed, full_turn):
    n, rng = checks.integer(n, "n", minimum=2), checks.rng(seed)
    labels = np.arange(n) % 2
    return labels, rng.uniform(0, full_turn, n), rng.normal(0, 0.1, (n, 2))


def _round(*deviations):
    return [deviation**2 * np.eye(2) for deviation in deviations]


def _dataset(x, labels, label_names, description):
    return Dataset(
        x=read_only(x, float),
        feature_names=tuple(f"x{d}" for d in range(1, x.shape[1] + 1)),
        labels=read_only(labels, int),
        label_names=tuple(label_names),
        description=description,
        citation="Simulated by emlib.datasets.",
    )
