import numpy as np


def weighted(x, w, mu):
    return np.einsum("n,ni,nj->ij", w, x - mu, x - mu)


def right_sum(x, r, mu1, mu2):
    return (weighted(x, r, mu1) + weighted(x, 1 - r, mu2)) / len(x)


def right_shares(x, r, mu1, mu2):
    one, two = weighted(x, r, mu1) / r.sum(), weighted(x, 1 - r, mu2) / (1 - r).sum()
    return r.mean() * one + (1 - r.mean()) * two


def right_loop(x, r, mu1, mu2):
    total = np.zeros((x.shape[1], x.shape[1]))
    for point, w in zip(x, r, strict=True):
        total += w * np.outer(point - mu1, point - mu1) + (1 - w) * np.outer(point - mu2, point - mu2)
    return (total / len(r)).tolist()


def right_total_minus_between(x, r, mu1, mu2):
    second = x.T @ x / len(x)
    return second - r.mean() * np.outer(mu1, mu1) - (1 - r.mean()) * np.outer(mu2, mu2)


right_formula = "sum(r*outer(x-mu1, x-mu1) + (1-r)*outer(x-mu2, x-mu2))/N"


def wrong_equal_shares(x, r, mu1, mu2):
    "averaged alike"
    return (weighted(x, r, mu1) / r.sum() + weighted(x, 1 - r, mu2) / (1 - r).sum()) / 2


def wrong_added(x, r, mu1, mu2):
    "were added"
    return weighted(x, r, mu1) / r.sum() + weighted(x, 1 - r, mu2) / (1 - r).sum()


def wrong_all_data(x, r, mu1, mu2):
    "covariance of all the data"
    return np.cov(x, rowvar=False, ddof=0)


def wrong_sum(x, r, mu1, mu2):
    "not divided by N"
    return weighted(x, r, mu1) + weighted(x, 1 - r, mu2)


def wrong_unbiased(x, r, mu1, mu2):
    "N − 2"
    return (weighted(x, r, mu1) + weighted(x, 1 - r, mu2)) / (len(x) - 2)


def wrong_first(x, r, mu1, mu2):
    "first component's"
    return np.cov(x.T, aweights=r, ddof=0)


def wrong_pair(x, r, mu1, mu2):
    "own covariances came"
    return weighted(x, r, mu1) / r.sum(), weighted(x, 1 - r, mu2) / (1 - r).sum()


def wrong_unweighted(x, r, mu1, mu2):
    "weighted alike"
    d1, d2 = x - mu1, x - mu2
    return (d1.T @ d1 + d2.T @ d2) / (2 * len(x))


def wrong_hard(x, r, mu1, mu2):
    "hard assignment"
    d = x - np.where((r > 0.5)[:, None], mu1, mu2)
    return d.T @ d / len(x)


wrong_formula_sum = ("sum(r*outer(x-mu1, x-mu1) + (1-r)*outer(x-mu2, x-mu2))", "not divided by N")
