import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import logsumexp, softmax


def right_softmax(x, means, stiffness):
    return softmax(-0.5 * stiffness * cdist(x, means, "sqeuclidean"), axis=1)


def right_loops(x, means, stiffness):
    rows = []
    for p in x:
        a = [-stiffness * np.dot(p - m, p - m) / 2 for m in means]
        e = [np.exp(v - max(a)) for v in a]
        rows.append([v / sum(e) for v in e])
    return rows


def right_broadcasting(x, means, stiffness):
    a = -stiffness / 2 * ((x[:, None] - means) ** 2).sum(-1)
    return np.exp(a - logsumexp(a, axis=1)[:, None])


def right_odds(x, means, stiffness):
    a = -stiffness / 2 * ((x[:, None] - means) ** 2).sum(-1)
    return 1 / np.exp(a[:, None, :] - a[:, :, None]).sum(axis=2)


def right_transposed_halfway(x, means, stiffness):
    d = np.array([((x - m) ** 2).sum(axis=1) for m in means])
    e = np.exp(-stiffness * (d - d.min(axis=0)) / 2)
    return (e / e.sum(axis=0)).T


def wrong_naive(x, means, stiffness):
    "0/0 is nan; use log_sum_exp"
    e = np.exp(-stiffness / 2 * ((x[:, None] - means) ** 2).sum(-1))
    return e / e.sum(1)[:, None]


def wrong_floor(x, means, stiffness):
    "underflow"
    e = np.exp(-stiffness * cdist(x, means, "sqeuclidean") / 2) + 1e-300
    return e / e.sum(axis=1, keepdims=True)


def wrong_not_inverted(x, means, stiffness):
    "not inverted"
    d = cdist(x, means)
    return d / d.sum(axis=1, keepdims=True)


def wrong_inverse_distance(x, means, stiffness):
    "inverse distances"
    w = 1 / cdist(x, means)
    return w / w.sum(axis=1)[:, None]


def wrong_no_half(x, means, stiffness):
    "½ in the exponent"
    e = np.exp(-stiffness * cdist(x, means) ** 2)
    return e / e.sum(axis=1, keepdims=True)


def wrong_divided(x, means, stiffness):
    "you divided by it"
    return softmax(-(cdist(x, means) ** 2) / (2 * stiffness), axis=1)


def wrong_sigma_twice(x, means, stiffness):
    "squared again"
    return softmax(-(stiffness**2) * cdist(x, means) ** 2 / 2, axis=1)


def wrong_distance_not_squared(x, means, stiffness):
    "was not squared"
    return softmax(-stiffness * np.linalg.norm(x[:, None] - means, axis=2) / 2, axis=1)


def wrong_not_normalised(x, means, stiffness):
    "not normalised"
    return np.exp(-stiffness * cdist(x, means, "sqeuclidean") / 2)


def wrong_columns(x, means, stiffness):
    "columns sum to 1"
    e = np.exp(-stiffness * cdist(x, means, "sqeuclidean") / 2)
    return e / e.sum(axis=0)


def wrong_hard(x, means, stiffness):
    "hard assignment"
    return np.eye(len(means))[cdist(x, means).argmin(axis=1)]


def wrong_sign(x, means, stiffness):
    "sign of the exponent"
    return softmax(stiffness * cdist(x, means, "sqeuclidean") / 2, axis=1)


def wrong_shape(x, means, stiffness):
    "transposed"
    return softmax(-stiffness * cdist(means, x, "sqeuclidean") / 2, axis=0)
