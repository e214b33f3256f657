"""What is fitted: a model, a size and a number of iterations, and how fast emlib ought to be."""

import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

import emlib
from benchmarks.measure import Refused, timed

SEED = 0
#: How probable it is that a hidden Markov chain stays where it is.
STAYS = 0.95


class Problem(NamedTuple):
    """A case with its data: all that a contestant needs. `starts` are parameters of the model."""

    model: Any
    x: np.ndarray
    starts: tuple
    iterations: int

    def took(self, iterations, who):
        """Refuse a run that stopped early: its time is not that of the others' work."""
        if iterations != self.iterations:
            raise Refused(f"{who} stopped after {iterations} of {self.iterations} iterations")


@dataclass(frozen=True)
class Case:
    """Fit `model` to `n` points with `d` features, `iterations` long.

    Attributes
    ----------
    targets : dict
        For a peer the largest ratio of emlib's time to the peer's that is good enough.
    restarts : int
        From how many starts.
    """

    model: Any
    n: int
    d: int
    targets: dict = field(default_factory=dict)
    iterations: int = 10
    restarts: int = 1

    @property
    def name(self):
        starts = f", {self.restarts} restarts" if self.restarts > 1 else ""
        return f"{label(self.model)} {self.n:,} × {self.d}, K = {self.model.n_components}{starts}"

    def problem(self):
        """Overlapping clusters, so that every iteration changes something, and starts at some of the points."""
        rng, k = np.random.default_rng(SEED), self.model.n_components
        # the distance between two centres is about 4 standard deviations, in any number of dimensions
        means = np.sqrt(8 / self.d) * rng.standard_normal((k, self.d))
        z = rng.integers(k, size=self.n)
        chain = isinstance(self.model, emlib.HiddenMarkov)
        if chain:  # a state stays for a while, until it is drawn anew
            z = z[np.maximum.accumulate(np.where(rng.random(self.n) > STAYS, np.arange(self.n), 0))]
        x = means[z] + rng.standard_normal((self.n, self.d))
        x, sample = ([x], [x[:1000]]) if chain else (x, x[:1000])
        rngs = np.random.default_rng(SEED).spawn(self.restarts)
        starts = tuple(self.model.start(sample, rng, how="points") for rng in rngs)
        return Problem(self.model, x, starts, self.iterations)


def emlib_fit(problem, clock=time.process_time):
    """emlib's whole call. That of `restarts` draws the starts as well, which the peers are given."""
    model, x, starts, iterations = problem
    how = {"tol": 0, "max_iter": iterations}

    def fit():
        if len(starts) > 1:
            traces = emlib.restarts(model, x, len(starts), seed=SEED, how="points", **how).traces
        else:
            traces = [emlib.fit(model, x, starts[0], **how)]
        for trace in traces:
            problem.took(trace.iterations, "emlib")
        return [trace.params for trace in traces]

    return timed(fit, clock)


def label(model):
    """A few words for the model."""
    if isinstance(model, emlib.GaussianMixture):
        return f"GMM {model.covariance_type}"
    return "HMM Gaussian" if isinstance(model, emlib.HiddenMarkov) else "k-means"


def targets(scikit_learn, onedal=None, floor=None):
    """The targets by peer, where there are any."""
    most = {"scikit-learn": scikit_learn, "oneDAL": onedal, "floor": floor}
    return {peer: ratio for peer, ratio in most.items() if ratio is not None}


def mixture(family, n, d, k, *most, iterations=20, **more):
    return Case(emlib.GaussianMixture(k, family), n, d, targets(*most), iterations, **more)


def k_means(n, d, k, *most):
    return Case(emlib.KMeans(k), n, d, targets(*most))


def hidden_markov(t, most):
    return Case(emlib.HiddenMarkov(emlib.GaussianMixture(3)), t, 2, most)


SPEED = [
    mixture("full", 300, 2, 3, 0.20, iterations=30),
    mixture("full", 300, 2, 3, 0.04, 0.95, iterations=30, restarts=10),
    mixture("full", 10_000, 2, 5, 0.09, 0.95, 1.8),
    mixture("full", 1_000_000, 2, 5, 0.07, 0.85, 1.8),
    mixture("full", 100_000, 16, 16, 0.25, 0.80, 1.8),
    mixture("full", 20_000, 64, 10, 0.50, 0.80, 1.8),
    mixture("diag", 1_000_000, 2, 5, 0.10, 0.60, 1.8),
    mixture("diag", 100_000, 16, 16, 0.33, 0.75, 1.8),
    mixture("diag", 20_000, 64, 10, 0.65, 1.2, 1.8),
    mixture("tied", 10_000, 2, 5, 0.10, None, 1.9),
    mixture("tied", 1_000_000, 2, 5, 0.10, None, 1.9),
    mixture("tied", 100_000, 16, 16, 0.10, None, 1.9),
    mixture("tied", 20_000, 64, 10, 0.10, None, 1.9),
    mixture("spherical", 1_000_000, 2, 5, 0.09, None, 1.9),
    mixture("spherical", 100_000, 16, 16, 0.25, None, 1.9),
    mixture("spherical", 20_000, 64, 10, 0.45, None, 1.9),
    k_means(300, 2, 3, 0.45),
    k_means(10_000, 2, 5, 0.85, 1.0),
    k_means(1_000_000, 2, 5, 0.95, 0.85),
    k_means(100_000, 16, 16, 1.25, 1.1),
    k_means(20_000, 64, 10, 1.45, 1.7),
    hidden_markov(300, {}),
    hidden_markov(10_000, {"hmmlearn (log)": 0.75}),
    hidden_markov(200_000, {}),
]

#: One of N, D and K at a time; the others stay at these.
USUAL = {"N": 10_000, "D": 2, "K": 5}
RANGES = {"N": [100, 1000, 10_000, 100_000, 1_000_000], "D": [2, 4, 8, 16, 32, 64], "K": [2, 4, 8, 16, 32, 64]}


def growth():
    """(what varies, its value, case) for mixtures and k-means."""
    for model in (emlib.GaussianMixture, emlib.KMeans):
        for letter, values in RANGES.items():
            for value in values:
                size = USUAL | {letter: value}
                yield letter, value, Case(model(size["K"]), size["N"], size["D"], iterations=5)
