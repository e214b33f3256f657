import numpy as np


def right_average(x, r):
    return np.average(x, axis=0, weights=r), np.average(x, axis=0, weights=1 - r)


def right_loops(x, r):
    one, two = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for point, w in zip(x, r, strict=True):
        one += w * point
        two += (1 - w) * point
    return list(one / sum(r)), list(two / (len(r) - sum(r)))


def right_matrix(x, r):
    w = np.column_stack([r, 1 - r])
    return (w.T @ x) / w.sum(axis=0)[:, None]


def right_dict(x, r):
    return {"mu1": (r[:, None] * x).sum(0) / r.sum(), "mu2": ((1 - r)[:, None] * x).sum(0) / (1 - r).sum()}


def right_row_vectors(x, r):
    return r[None] @ x / r.sum(), (1 - r)[None] @ x / (1 - r).sum()


right_formula = "sum(r*x)/sum(r), sum((1-r)*x)/sum(1-r)"
right_formula_pair = ("sum(r*x)/N1", "sum((1-r)*x)/N2")
right_formula_products = "(r @ x)/N1, ((1-r) @ x)/(N - N1)"


def wrong_n(x, r):
    "divided by N; divide by N_k"
    return np.mean(r[:, None] * x, axis=0), np.mean((1 - r)[:, None] * x, axis=0)


def wrong_sum(x, r):
    "not divided by N_k"
    return x.T @ r, x.T @ (1 - r)


def wrong_order(x, r):
    "two means are exchanged"
    one, two = right_average(x, r)
    return two, one


def wrong_hard(x, r):
    "hard assignment"
    return x[r > 0.5].mean(axis=0), x[r <= 0.5].mean(axis=0)


def wrong_unweighted(x, r):
    "mean of all points"
    return np.mean(x, 0), np.mean(x, 0)


def wrong_same_r(x, r):
    "both means use r_n"
    mu = np.einsum("n,nd->d", r, x) / r.sum()
    return mu, mu


def wrong_count(x, r):
    "divided by N₁"
    n1 = r.sum()
    return r @ x / n1, (1 - r) @ x / n1


def wrong_fuzzy(x, r):
    "squared"
    return np.average(x, axis=0, weights=r**2), np.average(x, axis=0, weights=(1 - r) ** 2)


def wrong_axis(x, r):
    "features were averaged"
    return np.mean(np.average(x, axis=0, weights=r)), np.mean(np.average(x, axis=0, weights=1 - r))


def wrong_unsummed(x, r):
    "weighted points; sum"
    return r[:, None] * x / r.sum(), (1 - r)[:, None] * x / (1 - r).sum()


def wrong_one(x, r):
    "only μ₁"
    return np.average(x, axis=0, weights=r)


def wrong_in_place(x, r):
    "changed one of its inputs"
    r /= r.sum()
    return r @ x, (1 - r) @ x / (1 - r).sum()


def wrong_integers(x, r):
    "decimals were cut off"
    means = np.zeros((2, x.shape[1]), dtype=int)
    means[0], means[1] = right_average(x, r)
    return means


wrong_formula_n = ("sum(r*x)/N, sum((1-r)*x)/N", "divide by N_k")
wrong_formula_outside = ("r*x/sum(r), (1-r)*x/sum(1-r)", "inside sum")
