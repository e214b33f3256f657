"""Answers to `pairs_given_all`."""

import numpy as np


def right_arrays(filtered, A, r_next):
    return filtered[:, None] * A * (r_next / (filtered @ A))[None, :]


def right_loops(filtered, A, r_next):
    K = len(A)
    xi = np.zeros((K, K))
    for k in range(K):
        predicted = sum(filtered[i] * A[i, k] for i in range(K))
        for j in range(K):
            xi[j, k] = filtered[j] * A[j, k] * r_next[k] / predicted
    return xi


def right_bayes(filtered, A, r_next):
    joint = np.diag(filtered) @ A
    return joint / joint.sum(axis=0) * r_next


def right_einsum(filtered, A, r_next):
    news = r_next / np.einsum("j,jk->k", filtered, A)
    return np.einsum("j,jk,k->jk", filtered, A, news).tolist()


def wrong_no_prediction(filtered, A, r_next):
    """not divided by the prediction"""
    return filtered[:, None] * A * r_next


def wrong_normalised(filtered, A, r_next):
    """divided by its sum"""
    xi = filtered[:, None] * A * r_next
    return xi / xi.sum()


def wrong_past_alone(filtered, A, r_next):
    """r_{n+1} is missing"""
    return np.diag(filtered) @ A


def wrong_independent(filtered, A, r_next):
    """A is missing"""
    return filtered[:, None] * r_next[None, :]


def wrong_transposed(filtered, A, r_next):
    """ξ is transposed"""
    return right_arrays(filtered, A, r_next).T


def wrong_by_filtered(filtered, A, r_next):
    """divided by α̂_n"""
    return filtered[:, None] * A * (r_next / filtered)


def wrong_other_sum(filtered, A, r_next):
    """this sums over the other"""
    return filtered[:, None] * A * (r_next / np.dot(A, filtered))


def wrong_conditional(filtered, A, r_next):
    """multiply it by r_{n+1}"""
    joint = filtered[:, None] * A
    return joint / joint.sum(axis=0, keepdims=True)


def wrong_summed(filtered, A, r_next):
    """ξ has K × K entries"""
    return A @ (r_next / (filtered @ A)) * filtered
