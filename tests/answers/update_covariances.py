import numpy as np


def weighted(x, w, mu):
    d = x - mu
    return np.einsum("n,ni,nj->ij", w, d, d)


def right_einsum(x, r, mu1, mu2):
    return weighted(x, r, mu1) / r.sum(), weighted(x, 1 - r, mu2) / (1 - r).sum()


def right_outer_loop(x, r, mu1, mu2):
    one = sum(w * np.outer(p - mu1, p - mu1) for p, w in zip(x, r, strict=True)) / sum(r)
    two = sum((1 - w) * np.outer(p - mu2, p - mu2) for p, w in zip(x, r, strict=True)) / sum(1 - r)
    return [one, two]


def right_numpy_cov(x, r, mu1, mu2):
    return np.cov(x.T, aweights=r, bias=True), np.cov(x.T, aweights=1 - r, bias=True)


def right_moments(x, r, mu1, mu2):
    second = [(w[:, None] * x).T @ x / w.sum() for w in (r, 1 - r)]
    return {"Sigma1": second[0] - np.outer(mu1, mu1), "Sigma2": second[1] - np.outer(mu2, mu2)}


def right_four_loops(x, r, mu1, mu2):
    D = x.shape[1]
    Sigma = np.zeros((2, D, D))
    for k, (w, mu) in enumerate(((r, mu1), (1 - r, mu2))):
        for i in range(D):
            for j in range(D):
                Sigma[k, i, j] = np.sum(w * (x[:, i] - mu[i]) * (x[:, j] - mu[j])) / np.sum(w)
    return Sigma


right_formula = "sum(r*outer(x-mu1, x-mu1))/sum(r), sum((1-r)*outer(x-mu2, x-mu2))/sum(1-r)"
right_formula_moments = "sum(r_n*outer(x_n, x_n))/N1 - outer(μ₁, μ₁), sum((1-r_n)*outer(x_n, x_n))/N2 - outer(μ₂, μ₂)"


def wrong_n(x, r, mu1, mu2):
    "divided by N; divide by N_k"
    return weighted(x, r, mu1) / len(x), weighted(x, 1 - r, mu2) / len(x)


def wrong_unbiased(x, r, mu1, mu2):
    "unbiased"
    return weighted(x, r, mu1) / (r.sum() - 1), weighted(x, 1 - r, mu2) / ((1 - r).sum() - 1)


def wrong_sum(x, r, mu1, mu2):
    "not divided by N_k"
    return weighted(x, r, mu1), weighted(x, 1 - r, mu2)


def wrong_no_mean(x, r, mu1, mu2):
    "means were not subtracted"
    return (r * x.T) @ x / r.sum(), ((1 - r) * x.T) @ x / (1 - r).sum()


def wrong_diagonal(x, r, mu1, mu2):
    "only the diagonal was kept"
    return (
        np.diag((r[:, None] * (x - mu1) ** 2).sum(0) / r.sum()),
        np.diag(((1 - r)[:, None] * (x - mu2) ** 2).sum(0) / (1 - r).sum()),
    )


def wrong_variances(x, r, mu1, mu2):
    "the diagonal alone"
    return np.average((x - mu1) ** 2, axis=0, weights=r), np.average((x - mu2) ** 2, axis=0, weights=1 - r)


def wrong_inner(x, r, mu1, mu2):
    "transposed: dᵀd"
    one = sum(w * (p - mu1) @ (p - mu1).T for p, w in zip(x, r, strict=True)) / r.sum()
    two = sum((1 - w) * (p - mu2) @ (p - mu2).T for p, w in zip(x, r, strict=True)) / (1 - r).sum()
    return one, two


def wrong_gram(x, r, mu1, mu2):
    "N × N"
    d1, d2 = x - mu1, x - mu2
    return (r[:, None] * d1) @ d1.T / r.sum(), ((1 - r)[:, None] * d2) @ d2.T / (1 - r).sum()


def wrong_unweighted(x, r, mu1, mu2):
    "weighted alike"
    return (x - mu1).T @ (x - mu1) / len(x), (x - mu2).T @ (x - mu2) / len(x)


def wrong_order(x, r, mu1, mu2):
    "two covariances are exchanged"
    return right_einsum(x, r, mu1, mu2)[::-1]


def wrong_hard(x, r, mu1, mu2):
    "hard assignment"
    one, two = x[r > 0.5] - mu1, x[r <= 0.5] - mu2
    return one.T @ one / len(one), two.T @ two / len(two)


def wrong_r_squared(x, r, mu1, mu2):
    "responsibilities were squared"
    d1, d2 = r[:, None] * (x - mu1), (1 - r)[:, None] * (x - mu2)
    return d1.T @ d1 / r.sum(), d2.T @ d2 / (1 - r).sum()


def wrong_same_r(x, r, mu1, mu2):
    "both covariances use r_n"
    return weighted(x, r, mu1) / r.sum(), weighted(x, r, mu2) / r.sum()


def wrong_overall_mean(x, r, mu1, mu2):
    "mean of all points"
    m = np.mean(x, axis=0)
    return weighted(x, r, m) / r.sum(), weighted(x, 1 - r, m) / (1 - r).sum()


def wrong_sqrt(x, r, mu1, mu2):
    "standard deviations"
    one, two = right_einsum(x, r, mu1, mu2)
    return np.sqrt(one), np.sqrt(two)


def wrong_in_place(x, r, mu1, mu2):
    "changed one of its inputs"
    x -= mu1
    return (r * x.T) @ x / r.sum(), weighted(x, 1 - r, mu2) / (1 - r).sum()


wrong_formula_product = ("sum(r*(x-mu1)*(x-mu1))/N1, sum((1-r)*(x-mu2)*(x-mu2))/N2", "outer(u, v)")
wrong_formula_inner = ("sum(r*(x-mu1)@(x-mu1))/N1, sum((1-r)*(x-mu2)@(x-mu2))/N2", "transposed: dᵀd")
wrong_formula_n = ("sum(r*outer(x-mu1,x-mu1))/N, sum((1-r)*outer(x-mu2,x-mu2))/N", "divide by N_k")
