"""Chapter 8: components in order, and a criterion that pays for overlap."""

import numpy as np

from emlib.exercises.exercise import Exercise


def _components(rng):
    k, d = rng.integers(3, 6), rng.integers(2, 4)
    return rng.dirichlet(np.ones(k)), rng.normal(size=(k, d))


def _ordered(weights, means, order):
    return weights[order], means[order]


def _bic_and_responsibilities(rng):
    """Two of the rows are certain."""
    r = rng.dirichlet(np.ones(3), size=rng.integers(6, 12))
    r[:2] = np.eye(3)[[2, 0]]
    return rng.uniform(500, 900), r


def _entropy(r, log=np.log):
    return -(r[r > 0] * log(r[r > 0])).sum()


EXERCISES = {
    "in_order": Exercise(
        task="the pair (weights (K,), means (K, D)) with the components ordered by the first feature of their means",
        see="chapter 8, labels that switch",
        inputs=_components,
        reference=lambda w, m: _ordered(w, m, np.argsort(m[:, 0])),
        mistakes={
            "the means were ordered, the weights left behind": lambda w, m: (w, m[np.argsort(m[:, 0])]),
            "the weights were ordered, the means left behind": lambda w, m: (w[np.argsort(m[:, 0])], m),
            "weights and means were each sorted by themselves; a component keeps its own": lambda w, m: (
                np.sort(w),
                m[np.argsort(m[:, 0])],
            ),
            "each feature was sorted by itself, which makes new means of parts of old ones": lambda w, m: (
                w[np.argsort(m[:, 0])],
                np.sort(m, axis=0),
            ),
            "the order is from large to small": lambda w, m: _ordered(w, m, np.argsort(-m[:, 0])),
            "the components were ordered by weight": lambda w, m: _ordered(w, m, np.argsort(w)),
            "the components were ordered by weight, the largest first": lambda w, m: _ordered(w, m, np.argsort(-w)),
            "the components were ordered by the last feature": lambda w, m: _ordered(w, m, np.argsort(m[:, -1])),
            "these are the ranks used as an order: argsort twice": lambda w, m: _ordered(
                w, m, np.argsort(np.argsort(m[:, 0]))
            ),
            "nothing was put in order": lambda w, m: (w, m),
        },
    ),
    "icl": Exercise(
        task="BIC + 2 H, with H the entropy of the responsibilities (N, K), one number",
        see="chapter 8, choosing K",
        inputs=_bic_and_responsibilities,
        reference=lambda bic, r: bic + 2 * _entropy(r),
        mistakes={
            "the entropy was subtracted: the sign of Σ r log r is negative, and ICL is larger than BIC": lambda b, r: (
                b - 2 * _entropy(r)
            ),
            "the factor 2 is missing: BIC is on the scale of −2 ℓ": lambda b, r: b + _entropy(r),
            "the mean over the points was taken; the entropy of all labels is the sum": lambda b, r: (
                b + 2 * _entropy(r) / len(r)
            ),
            "the logarithm has the base 2; ℓ and BIC have the natural one": lambda b, r: b + 2 * _entropy(r, np.log2),
            "this is −2 Σ log of the largest responsibility; the entropy averages over all components": lambda b, r: (
                b - 2 * np.log(r.max(axis=1)).sum()
            ),
            "the responsibilities in front of the logarithm are missing": lambda b, r: b - 2 * np.log(r[r > 0]).sum(),
            "the entropy was taken of the weights, not of every point": lambda b, r: b + 2 * _entropy(r.mean(axis=0)),
            "this is the entropy alone; add it to BIC": lambda b, r: 2 * _entropy(r),
            "this is BIC; the entropy is missing": lambda b, r: b,
        },
    ),
}
