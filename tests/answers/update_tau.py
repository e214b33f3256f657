import numpy as np


def right_mean(r):
    return np.mean(r)


def right_loop(r):
    total = 0
    for value in r:
        total += value
    return total / len(r)


def right_array(r):
    return np.array([r.sum() / r.size])


def right_dot(r):
    return [[r @ np.ones(len(r)) / len(r)]]


right_formula = "sum(r)/N"
right_formula_of_counts = "τ = N1/(N1 + N2)"
right_formula_mean = "mean(r_n)"


def wrong_sum(r):
    "this is N₁"
    return sum(r)


def wrong_other(r):
    "component 2"
    return np.mean(1 - r)


def wrong_hard(r):
    "hard count"
    return len([v for v in r if v >= 0.5]) / len(r)


def wrong_half(r):
    "need not be equal"
    return 1 / 2


def wrong_unbiased(r):
    "N − 1"
    return np.sum(r) / (len(r) - 1)


def wrong_normalised(r):
    "normalised by its own sum"
    p = r / np.sum(r)
    return p.mean()


def wrong_odds(r):
    "odds"
    return np.sum(r) / np.sum(1 - r)


def wrong_squares(r):
    "Σ r²/Σ r"
    return np.average(r, weights=r)


def wrong_median(r):
    "median"
    return float(np.median(r))


def wrong_array(r):
    "responsibilities themselves"
    return r / 1.0


def wrong_pair(r):
    "give τ alone"
    return r.mean(), (1 - r).mean()


def wrong_integers(r):
    "hard"
    counts = np.zeros(1, dtype=int)
    for v in r:
        counts += int(v > 0.5)
    return counts[0] / len(r)


def wrong_rounded(r):
    "came out where"
    return round(r.mean(), 3)


wrong_formula_not_divided = ("tau = Σ r", "cannot be read")
wrong_formula_odds = ("N1/N2", "odds")
wrong_formula_upside_down = ("N/N1", "upside down")
