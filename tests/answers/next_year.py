"""Answers to `next_year`."""

import numpy as np
from scipy.special import logsumexp


def right_scaled(b, pi, A, rates):
    predicted = pi
    for step in b:
        joint = predicted * step
        predicted = joint / joint.sum() @ A
    return predicted, predicted @ rates


def right_logarithms(b, pi, A, rates):
    log_alpha = np.log(pi) + np.log(b[0])
    for step in np.log(b[1:]):
        log_alpha = logsumexp(log_alpha[:, None] + np.log(A), axis=0) + step
    last = np.exp(log_alpha - logsumexp(log_alpha))
    state = A.T @ last
    return [state, (state * rates).sum()]


def right_one_year_more(b, pi, A, rates):
    b = np.vstack([b, np.ones(len(pi))])
    state = pi * b[0] / (pi @ b[0])
    for n in range(1, len(b)):
        state = (state @ A) * b[n]
        state /= state.sum()
    return {"state": state, "count": np.average(rates, weights=state)}


def right_loops(b, pi, A, rates):
    K = len(pi)
    state = [pi[k] * b[0, k] for k in range(K)]
    for n in range(1, len(b)):
        state = [sum(state[j] * A[j, k] for j in range(K)) * b[n, k] for k in range(K)]
        total = sum(state)
        state = [value / total for value in state]
    following = [sum(state[j] * A[j, k] for j in range(K)) for k in range(K)]
    return following, sum(p * rate for p, rate in zip(following, rates, strict=True))


def _last(b, pi, A):
    state = pi * b[0]
    for step in b[1:]:
        state = state / state.sum() @ A * step
    return state / state.sum()


def wrong_last_year(b, pi, A, rates):
    """one more step of the chain"""
    state = _last(b, pi, A)
    return state, state @ rates


def wrong_transposed(b, pi, A, rates):
    """A is transposed"""
    state = np.dot(A, _last(b, pi, A))
    return state, state @ rates


def wrong_unscaled(b, pi, A, rates):
    """nan came out"""
    alpha = pi * b[0]
    for step in b[1:]:
        alpha = (alpha @ A) * step
    state = alpha / alpha.sum() @ A
    return state, state @ rates


def wrong_only_the_last(b, pi, A, rates):
    """only the last year was used"""
    last = pi * b[-1]
    state = last / last.sum() @ A
    return state, state @ rates


def wrong_certain(b, pi, A, rates):
    """taken for certain"""
    state = A[np.argmax(_last(b, pi, A))]
    return state, state @ rates


def wrong_old_count(b, pi, A, rates):
    """the count belongs to the last year"""
    last = _last(b, pi, A)
    return last @ A, last @ rates


def wrong_no_record(b, pi, A, rates):
    """the record was not used"""
    state = pi
    for _ in b:
        state = state @ A
    return state, state @ rates


def wrong_plain_average(b, pi, A, rates):
    """without the probabilities"""
    return _last(b, pi, A) @ A, np.mean(rates)


def wrong_state_alone(b, pi, A, rates):
    """where 2 values were expected"""
    return (_last(b, pi, A) @ A)[None]
