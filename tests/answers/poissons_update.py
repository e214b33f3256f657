import numpy as np


def right_averages(x, r):
    return np.mean(r), np.average(x, weights=r), np.average(x, weights=1 - r)


def right_array(x, r):
    return np.array([r.sum() / len(r), r @ x / r.sum(), (1 - r) @ x / (1 - r).sum()])


def right_loop(x, r):
    n1 = n2 = s1 = s2 = 0.0
    for count, w in zip(x, r, strict=True):
        n1, n2 = n1 + w, n2 + 1 - w
        s1, s2 = s1 + w * count, s2 + (1 - w) * count
    return [n1 / (n1 + n2), s1 / n1, s2 / n2]


def right_dict(x, r):
    p, one, two = right_loop(x, r)
    return {"p": p, "lambda1": one, "lambda2": two}


right_formula = "sum(r)/N, sum(r*x)/sum(r), sum((1-r)*x)/sum(1-r)"
right_formula_of_statistics = ("N1/N", "s1/N1", "s2/N2")


def wrong_n(x, r):
    "divided by N; divide by N_k"
    return r.mean(), (r * x).mean(), ((1 - r) * x).mean()


def wrong_sum(x, r):
    "not divided by N_k"
    return r.mean(), np.dot(r, x), np.dot(1 - r, x)


def wrong_count(x, r):
    "p is N₁"
    return sum(r), np.average(x, weights=r), np.average(x, weights=1 - r)


def wrong_order(x, r):
    "rates are exchanged"
    p, one, two = right_averages(x, r)
    return p, two, one


def wrong_other_p(x, r):
    "yours to the second"
    return (1 - r).mean(), np.average(x, weights=r), np.average(x, weights=1 - r)


def wrong_same_r(x, r):
    "both rates use r_n"
    rate = (r * x).sum() / r.sum()
    return r.mean(), rate, rate


def wrong_hard(x, r):
    "hard assignment"
    return (r > 0.5).mean(), x[r > 0.5].mean(), x[r <= 0.5].mean()


def wrong_pair(x, r):
    "where 3 values were expected"
    return np.average(x, weights=r), np.average(x, weights=1 - r)


wrong_formula_inverse = ("N1/N, N1/s1, N2/s2", "1/λ")
wrong_formula_half = ("1/2, s1/N1, s2/N2", "need not be equal")
