"""Variations of EM as models that wrap a model: the loop, and the laws where they still hold, stay what they are.

================  ==========================================================================================
`WithPrior`       a prior on θ: the M-step maximises Q + log prior (MAP)
`Tempered`        another q(Z) in the E-step: hard at temperature 0, EM at 1, flatter above
`Stochastic`      Z is drawn in the E-step
`Relaxed`         the M-step goes only part of the way, or farther: a generalised EM
`stepwise`        online EM: the statistics are a running mean over batches of the data, say of `minibatches`
================  ==========================================================================================

Neal & Hinton (1998), A view of the EM algorithm that justifies incremental, sparse, and other variants.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from emlib import checks
from emlib.additive import add, scale
from emlib.engine import Snapshot, e_step, frozen, m_step, needs
from emlib.pieces import Pieces, recognised


@dataclass(frozen=True)
class Wrapper:
    """A model that does as its ``model`` does, but for what it says itself."""

    model: Any

    def __getattr__(self, name):
        if name == "model" or name.startswith("__"):  # not there yet, while a copy is made
            raise AttributeError(name)
        return getattr(self.model, name)


def layers(model):
    """`model`, what it wraps, what that wraps, and so on."""
    yield model
    while isinstance(model, Wrapper):
        model = model.model
        yield model


@dataclass(frozen=True)
class WithPrior(Wrapper):
    """EM for the mode of the posterior over θ; the objective is ℓ(θ) + log prior(θ).

    A conjugate prior is what imagined data would say: it is given by their ``statistics``, which are added to those of
    the data in every M-step. For an `emlib.GaussianMixture` these are `emlib.Moments`, with counts n_k, means m_k and
    scatters Ψ_k: a Dirichlet prior with α_k = 1 + n_k on the weights, and on (μ_k, Σ_k) the normal–inverse-Wishart with
    κ = n_k, ν = n_k − D − 2, mean m_k and scale Ψ_k. With Ψ_k positive definite no component can collapse.

    Dempster, Laird & Rubin (1977), § 1. Fraley & Raftery (2007), Bayesian regularization for normal mixture estimation
    and model-based clustering. Journal of Classification 24, 155–181.

    Parameters
    ----------
    model : a model with ``q``
    prior : statistics of the model
    """

    prior: Any

    def __post_init__(self):
        needs(self.model, "q(params, statistics)")

    def log_prior(self, params):
        """log prior(θ), but for a constant: the expected log-likelihood of the imagined data."""
        return self.model.q(params, self.prior)

    def e_step(self, x, params):
        """The statistics of the data alone, and ℓ + log prior."""
        statistics, objective = self.model.e_step(x, params)
        return statistics, objective + self.log_prior(params)

    def q(self, params, statistics):
        """Q(θ|θᵗ) + log prior(θ)."""
        return self.model.q(params, add(statistics, self.prior))

    def m_step(self, statistics):
        """The maximum of Q + log prior."""
        return self.model.m_step(add(statistics, self.prior))


@dataclass(frozen=True)
class Tempered(Wrapper):
    """A mixture whose q(Z) maximises Q + T·H; the objective is that maximum.

    T = 1 is EM. At T = 0 every point belongs to its most probable component (classification EM). T > 1 makes the
    assignments softer, so that a run can begin with few optima and cool down (deterministic annealing).

    Celeux & Govaert (1992), A classification EM algorithm for clustering and two stochastic versions. Computational
    Statistics & Data Analysis 14, 315–332. Ueda & Nakano (1998), Deterministic annealing EM algorithm. Neural Networks
    11, 271–282.

    Parameters
    ----------
    model : a mixture, with ``statistics(x, responsibilities, params)``
    temperature : T, not negative
    """

    temperature: float

    def __post_init__(self):
        needs(self.model, "statistics(x, responsibilities, params)")
        checks.number(self.temperature, "temperature")

    def posterior(self, x, params):
        """q(z_n = k) ∝ p(z_n = k | x_n, θ)^(1/T), (N, K)."""
        r = self.model.posterior(x, params)
        if self.temperature == 0:
            return np.eye(r.shape[1])[r.argmax(axis=1)]
        r = (r / r.max(axis=1, keepdims=True)) ** (1 / self.temperature)
        return r / r.sum(axis=1, keepdims=True)

    def entropy(self, x, params):
        """T times the entropy of q(Z)."""
        r = self.posterior(x, params)
        return -self.temperature * (r[r > 0] * np.log(r[r > 0])).sum()

    def e_step(self, x, params):
        """The statistics under q(Z), and Q + T·H."""
        statistics = self.model.statistics(x, self.posterior(x, params), params)
        return statistics, self.model.q(params, statistics) + self.entropy(x, params)


@dataclass(frozen=True)
class Stochastic(Wrapper):
    """A mixture whose E-step draws one z_n for each point from its posterior; the objective is ℓ, which may fall.

    A run never comes to rest: it wanders about the maximum, and out of poor ones. Use it with `emlib.iterate`.

    Celeux & Diebolt (1985), The SEM algorithm. Computational Statistics Quarterly 2, 73–82.

    Parameters
    ----------
    model : a mixture, with ``statistics(x, responsibilities, params)``
    rng : int or numpy.random.Generator
    """

    rng: Any

    def __post_init__(self):
        needs(self.model, "statistics(x, responsibilities, params)")
        object.__setattr__(self, "rng", checks.rng(self.rng, "rng"))

    def e_step(self, x, params):
        """The statistics of the data with the components that were drawn, and ℓ."""
        r = self.model.posterior(x, params)
        z = (r.cumsum(axis=1) > self.rng.random((len(r), 1))).argmax(axis=1)
        return self.model.statistics(x, np.eye(r.shape[1])[z], params), self.model.e_step(x, params)[1]


class FromHere(NamedTuple):
    """The statistics, and the ``params`` that the newest of them were taken at."""

    statistics: Any
    params: Any

    def __add__(self, other):
        return FromHere(add(self.statistics, other.statistics), other.params)

    def times(self, factor):
        """The same statistics of data that count `factor` times, from the same place."""
        return self._replace(statistics=scale(self.statistics, factor))


@dataclass(frozen=True)
class Relaxed(Wrapper):
    """A generalised EM: the M-step goes ``omega`` of the way to the maximum of Q, in free coordinates.

    Where that would lower Q, it goes half as far, and so on; so ℓ never falls. Below 1 it is slower than EM, between 1
    and 2 often faster.

    Dempster, Laird & Rubin (1977), definition of a GEM algorithm. Salakhutdinov & Roweis (2003), Adaptive overrelaxed
    bound optimization methods. ICML.

    Parameters
    ----------
    model : a model with ``q``, ``free`` and ``from_free``
    omega : greater than 0
    """

    omega: float

    def __post_init__(self):
        for function in ("q(params, statistics)", "free(params)", "from_free(vector, like)"):
            needs(self.model, function)
        checks.number(self.omega, "omega", strict=True)

    def e_step(self, x, params):
        """The statistics with the θᵗ they belong to, and ℓ."""
        statistics, objective = self.model.e_step(x, params)
        return FromHere(statistics, params), objective

    def q(self, params, statistics):
        """Q(θ|θᵗ) of the model."""
        return self.model.q(params, statistics.statistics)

    def m_step(self, statistics):
        """θᵗ + ω (θ* − θᵗ), or less where Q is not larger there than at θᵗ."""
        inner, here = statistics
        best = self.model.m_step(inner)
        start, way = self.model.free(here), self.model.free(best) - self.model.free(here)
        omega, floor = self.omega, self.model.q(here, inner)
        while omega > 1e-3:
            moved = self.model.from_free(start + omega * way, here)
            if self.model.q(moved, inner) >= floor:
                return moved
            omega /= 2
        return best


def minibatches(x, size, rng, *, passes=1):
    """Yield the data in batches of `size` rows in random order, each row once in a pass.

    What is left over when a pass ends opens the next one, so only the very last batch may be smaller. With the same
    integer for `rng` the batches are the same each time.

    Parameters
    ----------
    x : array with a row for each point, or data in pieces
        An array's rows are drawn from all of it. Pieces come as they lie, and only the rows within each are mixed: data
        that lie sorted should be mixed before.
    size : int
    rng : int or numpy.random.Generator
    passes : int

    Yields
    ------
    array, (size, …)
    """
    size, rng = checks.integer(size, "size"), checks.rng(rng, "rng")
    x = recognised(x)
    if not isinstance(x, Pieces) and not hasattr(x, "shape"):
        raise TypeError(f"x is a {type(x).__name__}; it must be an array with a row for each point, or pieces of one")
    rest = None
    for _ in range(checks.integer(passes, "passes")):
        for piece in x if isinstance(x, Pieces) else [x]:
            piece = rng.permutation(checks.rows(piece))
            piece = piece if rest is None else np.concatenate([rest, piece])
            full = len(piece) // size * size
            for start in range(0, full, size):
                yield piece[start : start + size]
            rest = piece[full:]
    if rest is not None and len(rest):
        yield rest


def stepwise(model, batches, params, *, decay=0.6, offset=2, warm_up=None):
    """Online EM: yield a snapshot for each of the `batches`, whose statistics enter a running mean.

    S ← (1 − γ) S + γ S_batch/n with γ = (t + offset)^−decay at batch t, then an M-step. The objective of a snapshot is
    that of the batch which comes next, per data point, under the parameters shown: data that they have not seen.

    A few rows say too little about many parameters, and a component may collapse onto them. So the parameters stay
    what they are until `warm_up` rows have come in.

    Cappé & Moulines (2009), On-line expectation–maximization algorithm for latent data models. JRSS B 71, 593–613.
    Liang & Klein (2009), Online EM for unsupervised models. NAACL, 611–619.

    Parameters
    ----------
    model : a model whose statistics add
    batches : iterable of data, each in the form that the model reads, for example `minibatches`
    params : the start
    decay : in (0.5, 1], how fast the past is kept
    offset : at least 1; the larger, the more the first batches count alike
    warm_up : rows before the first M-step; None for ten for each free parameter, if the model has ``free``

    Yields
    ------
    Snapshot

    Raises
    ------
    TypeError
        If `batches` is an array, whose rows are no batches.
    ValueError
        If there is no batch, or an empty one.
    """
    checks.number(decay, "decay", strict=True)
    if not 0.5 < decay <= 1:
        raise ValueError(f"decay is {decay}; it must be greater than 0.5, or the noise stays, and at most 1")
    checks.number(offset, "offset", minimum=1)
    if hasattr(batches, "shape") or not hasattr(batches, "__iter__"):
        raise TypeError(
            f"batches is a {type(batches).__name__}; it must be an iterable of data, "
            "for example emlib.minibatches(x, size, rng)"
        )
    if warm_up is None:
        warm_up = 10 * len(model.free(params)) if hasattr(model, "free") else 0
    checks.integer(warm_up, "warm_up", minimum=0)
    params, mean, seen = frozen(params), None, 0
    for t, batch in enumerate(batches):
        try:
            if mean is not None and seen >= warm_up:
                # as many rows as were seen, so that a prior counts against them as it should
                params = frozen(m_step(model, scale(mean, seen)))
            statistics, objective = e_step(model, batch, params)
            if len(batch) == 0:
                raise ValueError("the batch is empty; each needs at least one row")
        except Exception as error:
            error.add_note(f"in batch {t}")
            raise
        yield Snapshot(t, params, objective / len(batch))
        gain = (t + offset) ** -decay
        statistics = scale(statistics, 1 / len(batch))
        mean = statistics if mean is None else add(scale(mean, 1 - gain), scale(statistics, gain))
        seen += len(batch)
    if mean is None:
        raise ValueError("batches holds nothing; what has been gone over once, as a generator, has to be made anew")
