"""Soft assignment: every point belongs to every cluster, with a weight.

Story: z_n is one of K equally likely clusters; x_n | z_n = k ~ Normal(μ_k, σ² I) with σ known. The stiffness β = 1/σ²
says how sharply a point tells clusters apart; β → ∞ is k-means. Two other recipes for the weights, which the wiki page
suggests or nearly suggests, come from no such story and are here to be compared.

MacKay (2003), Information Theory, Inference, and Learning Algorithms, ch. 20 and 22 (soft k-means).
"""

from dataclasses import dataclass

import numpy as np

from emlib import checks
from emlib.blocks import Table, total
from emlib.models.centres import CentreModel
from emlib.numerics import Moments, condition, squared_distances

#: How many numbers a block may keep in the cache.
_CACHE = 100_000
RULES = ("bayes", "distance", "inverse_distance")


@dataclass(frozen=True)
class SoftAssignment(CentreModel):
    """Soft assignment to K centres.

    Whatever the rule, the objective is the log-likelihood ℓ of the story above. Only "bayes" is sure to raise it.

    Parameters
    ----------
    n_components : int
        K, the number of clusters.
    rule : str
        How a point's responsibilities come from its distances d_k = ‖x − μ_k‖ to the centres:

        - "bayes": p(k | x) ∝ p(x | k) ∝ exp(−β d_k² / 2)
        - "distance": d_k / Σ_j d_j, the distances normalised by their sum, as literally written
        - "inverse_distance": (1/d_k) / Σ_j (1/d_j)
    stiffness : float
        β = 1/σ² > 0, in one over the data's unit squared.
    """

    rule: str = "bayes"
    stiffness: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        checks.choice(self.rule, "rule", RULES)
        checks.number(self.stiffness, "stiffness", strict=True)

    def posterior(self, x, params):
        """The responsibilities r_nk, (N, K), each row summing to 1."""
        x, means = self.checked_pair(x, params)
        return self._responsibilities(squared_distances(x, means))

    def e_step(self, x, params):
        """The moments of the data under the responsibilities, and ℓ. Returns (`Moments`, log-likelihood)."""
        means = self.checked(params)
        x = Table.of(x, n_features=means.shape[1]).x

        def worker():
            return block

        def block(start, stop):
            some = x[start:stop]
            distances = squared_distances(some, means)
            statistics = Moments.of(some, self._responsibilities(distances), means, full=False)
            return statistics, self._log_density(distances, x.shape[1], start).sum()

        return tuple(total(worker, len(x), max(256, _CACHE // (3 * means.size)), 3 * len(x) * means.size))

    def statistics(self, x, responsibilities, params):
        """The moments of the data under any `responsibilities` (N, K), whoever found them."""
        x, means = self.checked_pair(x, params)
        shape = (len(x), self.n_components)
        return Moments.of(x, checks.array(responsibilities, "responsibilities", shape=shape), means, full=False)

    def q(self, params, statistics):
        """Q(θ|θᵗ) = Σ_nk r_nk log p(x_n, z_n = k | θ)."""
        means = self.checked(params)
        squares = checks.instance(statistics, "statistics", Moments).about(means).sum(axis=1)
        return (statistics.counts * self._log_scale(means.shape[1]) - self.stiffness / 2 * squares).sum()

    def score_samples(self, x, params):
        """log p(x_n | θ), (N,)."""
        x, means = self.checked_pair(x, params)
        return self._log_density(squared_distances(x, means), x.shape[1])

    def sample(self, params, n, rng):
        """`n` points and their clusters, (N, D) and (N,)."""
        return self.sample_round(params, n, rng, self.stiffness**-0.5)

    def _log_scale(self, n_features):
        """log of (1/K) (β/2π)^(D/2), what stands before the exponential in p(x, z = k)."""
        return n_features / 2 * np.log(self.stiffness / (2 * np.pi)) - np.log(self.n_components)

    def _log_density(self, distances, n_features, first=0):
        with np.errstate(over="ignore"):
            return condition(self._log_scale(n_features) - self.stiffness / 2 * distances, first)[1]

    def _responsibilities(self, distances):
        if self.rule == "bayes":
            # relative to the nearest centre: whatever the stiffness, its exponent is 0
            farther = distances - distances.min(axis=1, keepdims=True)
            with np.errstate(over="ignore"):
                return condition(-self.stiffness / 2 * farther)[0]
        d = np.sqrt(distances)
        if self.rule == "inverse_distance":
            # relative to the nearest centre, so that a point on a centre belongs to it alone
            nearest = d.min(axis=1, keepdims=True)
            d = np.divide(nearest, d, out=np.ones_like(d), where=d > 0)
        total = d.sum(axis=1, keepdims=True)
        # a point on which all the centres lie belongs to them equally
        return np.divide(d, total, out=np.full_like(d, 1 / self.n_components), where=total > 0)
