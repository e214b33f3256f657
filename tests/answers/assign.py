import numpy as np
from scipy.spatial.distance import cdist


def right_by_loops(x, means):
    labels = []
    for point in x:
        best, smallest = 0, float("inf")
        for k, centre in enumerate(means):
            distance = sum((a - b) ** 2 for a, b in zip(point, centre, strict=True))
            if distance < smallest:
                best, smallest = k, distance
        labels.append(best)
    return labels


def right_by_scipy(x, means):
    return cdist(x, means).argmin(axis=1)


def right_column(x, means):
    return np.argmin(np.linalg.norm(x[:, np.newaxis, :] - means, axis=-1), axis=1).reshape(-1, 1)


def right_floats(x, means):
    return np.argsort(((x[:, None] - means) ** 2).sum(2), axis=1)[:, 0].astype(float)


def wrong_argmax(x, means):
    "farthest centre"
    return np.argmax(cdist(x, means), axis=1)


def wrong_from_one(x, means):
    "count from 1"
    return [int(np.argmin([np.linalg.norm(p - m) for m in means])) + 1 for p in x]


def wrong_axis(x, means):
    "wrong axis"
    return cdist(x, means).argmin(axis=0)


def wrong_min(x, means):
    "smallest distances"
    return np.min(np.sqrt(((x[:, None, :] - means[None, :, :]) ** 2).sum(-1)), axis=1)


def wrong_min_squared(x, means):
    "smallest squared distances"
    d = np.zeros((len(x), len(means)))
    for n in range(len(x)):
        for k in range(len(means)):
            d[n, k] = ((x[n] - means[k]) ** 2).sum()
    return d.min(axis=1)


def wrong_one_hot(x, means):
    "0–1 rows"
    d = cdist(x, means)
    return (d == d.min(axis=1, keepdims=True)).astype(int)


def wrong_no_square(x, means):
    "signs cancel"
    return np.argmin(np.sum(x[:, None] - means[None], axis=-1), axis=1)


def wrong_manhattan(x, means):
    "absolute differences"
    return cdist(x, means, "cityblock").argmin(1)
