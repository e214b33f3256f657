"""What every EM model must obey, checked for any model by the same code.

Write F(θ) = Q(θ|θᵗ) + H for the lower bound at θᵗ, H being the entropy of the posterior at θᵗ.

====================  =====================================================================================================
``additive``          the statistics of two pieces of the data add up to those of the whole
``distribution``      each row of the posterior is a probability distribution
``touches``           F(θᵗ) = ℓ(θᵗ)
``bound``             F(θ) ≤ ℓ(θ) for every θ
``fisher``            ∇Q(θᵗ|θᵗ) = ∇ℓ(θᵗ) (Fisher's identity)
``maximum``           no θ near m_step(S) has a larger Q
``ascent``            ℓ never falls
``fixed point``       a further step from a converged θ changes nothing
``record``            each recorded objective is that of its own θ
``permutation``       renumbering the components of θ renumbers the next θ
``untouched``         neither the data nor θ are changed
====================  =====================================================================================================

Dempster, Laird & Rubin (1977); Neal & Hinton (1998), A view of the EM algorithm that justifies incremental, sparse, and
other variants.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from emlib import checks
from emlib.engine import iterate
from emlib.errors import DegenerateError

STEPS = 40
TRIALS = 40


@dataclass(frozen=True)
class Law:
    """The outcome for one law: ``holds`` is True, False, or None where the model lacks the function it needs."""

    name: str
    holds: bool | None
    detail: str

    def __str__(self):
        return f"{ {True: 'holds', False: 'BROKEN', None: 'not checked'}[self.holds]:<12} {self.name:<13} {self.detail}"


@dataclass(frozen=True)
class LawReport:
    """The outcome of all laws for one model. It prints as a table."""

    laws: tuple[Law, ...]

    @property
    def broken(self):
        """The laws that do not hold."""
        return tuple(law for law in self.laws if law.holds is False)

    def __getitem__(self, name):
        return next(law for law in self.laws if law.name == name)

    def __repr__(self):
        return "\n".join(map(str, self.laws))


def check_laws(model, x, params, seed=0):
    """Put a model to the laws of EM on data `x`, starting from `params`.

    Two functions are enough for some of the laws, five for nearly all:

    - ``e_step(x, params) -> (statistics, objective)`` and ``m_step(statistics) -> params``: ascent, fixed point, record, untouched
    - ``q(params, statistics)``, ``free(params) -> vector`` and ``from_free(vector, like) -> params``, free coordinates of θ
      (see `emlib.GaussianMixture.free`): bound, fisher, maximum
    - ``posterior(x, params)``, (N, K), and ``permute(params, order)``: distribution, touches, permutation
    - statistics with ``+``: additive

    Give data and parameters in general position: not converged, not at a tie.

    Returns
    -------
    LawReport
        Which laws hold, which are broken, where and by how much, and which could not be checked for want of a function.
    """
    case = _Case(model, x, params, checks.rng(seed))
    return LawReport(tuple(_outcome(name, needs, law, case) for name, (needs, law) in LAWS.items()))


class _Case:
    """One model, data and θᵗ, with what several laws need."""

    def __init__(self, model, x, params, rng):
        self.model, self.x, self.params, self.rng = model, x, params, rng
        self.statistics, self.objective = model.e_step(x, params)
        self.unit = (model.unit(x) if hasattr(model, "unit") else 1.0) * len(x)
        self.snapshots = []

    def run(self):
        """The first steps from θᵗ, made once."""
        if not self.snapshots:
            self.snapshots = list(itertools.islice(iterate(self.model, self.x, self.params), STEPS + 1))
        return self.snapshots

    def close(self, a, b, tolerance=1e-9):
        return abs(a - b) <= tolerance * (self.unit + abs(a) + abs(b))

    def q(self, vector, like):
        return self.model.q(self.model.from_free(vector, like), self.statistics)

    def ell(self, vector, like):
        return self.model.e_step(self.x, self.model.from_free(vector, like))[1]

    def entropy(self):
        """H of the posterior at θᵗ: from the posterior, or else what makes the bound touch."""
        if hasattr(self.model, "posterior"):
            r = self.model.posterior(self.x, self.params)
            return -(r[r > 0] * np.log(r[r > 0])).sum() if np.ndim(r) == 2 else self.gap()
        return self.gap()

    def gap(self):
        return self.objective - self.model.q(self.params, self.statistics)

    def steps(self, vector, like):
        """For each coordinate a step that changes Q by about a thousandth of the unit, so that no unit of θ matters."""
        centre, wanted = self.q(vector, like), 1e-3 * self.unit
        sizes = np.ones(len(vector))
        for i in range(len(vector)):
            for _ in range(60):
                change = np.abs([self._moved(vector, like, i, s * sizes[i]) - centre for s in (-1, 1)]).max()
                if wanted / 10 <= change <= wanted * 10:
                    break
                sizes[i] *= np.clip(np.sqrt(wanted / change) if change > 0 else 8.0, 1 / 8, 8.0)
        return sizes

    def _moved(self, vector, like, i, step):
        moved = vector.copy()
        moved[i] += step
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            try:
                value = self.q(moved, like)
            except ValueError:  # the step led out of the parameters' domain
                return np.inf
        return value if np.isfinite(value) else np.inf

    def nearby(self, vector, like):
        """Random parameters around `vector`, near and far."""
        sizes = self.steps(vector, like)
        for trial in range(TRIALS):
            yield vector + sizes * self.rng.standard_normal(len(vector)) * (0.03, 0.3, 1.0, 3.0)[trial % 4]


def _additive(case):
    cut = len(case.x) // 3 or 1
    pieces = [case.model.e_step(piece, case.params) for piece in (case.x[:cut], case.x[cut:])]
    whole, total = case.statistics, pieces[0][0] + pieces[1][0]
    for name, a, b in _leaves(whole, total):
        worst = np.abs(a - b).max(initial=0)
        if np.shape(a) != np.shape(b) or worst > 1e-9 * (np.abs(a).max(initial=0) + np.finfo(float).tiny):
            return False, f"{name} of the whole and the sum over two pieces differ by {worst:.2e}"
    objective = pieces[0][1] + pieces[1][1]
    if not case.close(case.objective, objective):
        return False, f"the objective is {case.objective:.9g}, the sum over two pieces {objective:.9g}"
    return True, "two pieces add up to the whole"


def _distribution(case):
    r = np.asarray(case.model.posterior(case.x, case.params))
    if r.min() < 0:
        n, k = np.argwhere(r < 0)[0]
        return False, f"posterior[{n}, {k}] is {r[n, k]:.3g}; a probability is not negative"
    error = np.abs(r.sum(axis=-1) - 1)
    if not error.max() <= 1e-9:
        return False, f"row {error.argmax()} of the posterior sums to {r.sum(axis=-1)[error.argmax()]:.9g}; it must be 1"
    return True, f"rows sum to 1 within {error.max():.0e}"


def _touches(case):
    if np.ndim(case.model.posterior(case.x, case.params)) != 2:
        return None, "needs a posterior of shape (N, K)"
    bound = case.model.q(case.params, case.statistics) + case.entropy()
    return case.close(bound, case.objective), f"Q + H = {bound:.9g} and the objective is {case.objective:.9g} at θᵗ"


def _bound(case):
    entropy = case.entropy()
    worst, place = np.inf, None
    for vector in case.nearby(case.model.free(case.params), case.params):
        margin = case.ell(vector, case.params) - case.q(vector, case.params) - entropy
        if margin < worst:
            worst, place = margin, vector
    if worst < -1e-9 * (case.unit + abs(case.objective)):
        return False, f"the bound exceeds the objective by {-worst:.3g} at {case.model.from_free(place, case.params)}"
    return True, f"below the objective at {TRIALS} θ, least by {worst:.1e}"


def _fisher(case):
    vector = np.asarray(case.model.free(case.params), dtype=float)
    sizes = case.steps(vector, case.params) * 1e-2
    q = _gradient(lambda v: case.q(v, case.params), vector, sizes)
    ell = _gradient(lambda v: case.ell(v, case.params), vector, sizes)
    # in units of the step, so that coordinates of different units compare
    error, scale = np.abs(q - ell) * sizes, np.abs(ell * sizes).max() + np.abs(q * sizes).max() + 1e-8 * case.unit
    i = error.argmax()
    detail = f"{_coordinate(case, i)}: ∂Q = {q[i]:.6g}, ∂objective = {ell[i]:.6g} at θᵗ"
    return bool(error[i] <= 1e-4 * scale), detail


def _maximum(case):
    best = case.model.m_step(case.statistics)
    top, vector = case.model.q(best, case.statistics), np.asarray(case.model.free(best), dtype=float)
    sizes = case.steps(vector, best)
    for v in case.nearby(vector, best):
        excess = case.q(v, best) - top
        if excess > 1e-9 * (case.unit + abs(top)):
            return False, f"Q is larger by {excess:.3g} at {case.model.from_free(v, best)} than at m_step(S) = {best}"
    slope = _gradient(lambda v: case.q(v, best), vector, sizes * 1e-2)
    i = np.abs(slope * sizes).argmax()
    # at a maximum, a step that costs a thousandth of the unit has no first-order part
    holds = abs(slope[i] * sizes[i]) <= 1e-5 * case.unit
    return bool(holds), f"{_coordinate(case, i)}: ∂Q = {slope[i]:.3g} at m_step(S), the largest for a step of {sizes[i]:.2g}"


def _ascent(case):
    objectives = np.array([snapshot.objective for snapshot in case.run()])
    gains = np.diff(objectives)
    worst = gains.argmin()
    if gains[worst] < -1e-10 * (case.unit + abs(objectives[worst])):
        return False, f"it falls from {objectives[worst]:.9g} to {objectives[worst + 1]:.9g} in iteration {worst + 1}"
    return True, f"from {objectives[0]:.9g} to {objectives[-1]:.9g} in {len(gains)} iterations"


def _fixed_point(case):
    last, tries = case.run()[-1], 0
    params, objective = last.params, last.objective
    for tries in range(1, 20 * STEPS):
        statistics, objective = case.model.e_step(case.x, params)
        after = case.model.m_step(statistics)
        change = max(
            (np.abs(a - b).max(initial=0) / (np.abs(a).max(initial=0) + 1e-300) for _, a, b in _leaves(params, after)),
            default=0.0,
        )
        if change < 1e-9:
            return True, f"reached after {tries + STEPS} iterations"
        params = after
    gain = case.model.e_step(case.x, params)[1] - objective
    if abs(gain) > 1e-9 * case.unit:
        return None, f"not yet converged after {tries + STEPS} iterations (gain {gain:.1e}); start nearer"
    return False, f"the objective stands still, but θ still changes by {change:.1e} (relative) in every step"


def _record(case):
    for snapshot in case.run():
        again = case.model.e_step(case.x, snapshot.params)[1]
        if not case.close(again, snapshot.objective, 1e-12):
            return False, (
                f"iteration {snapshot.iteration} recorded {snapshot.objective:.12g}; its parameters give {again:.12g}"
            )
    return True, f"{len(case.run())} snapshots re-derived"


def _permutation(case):
    n_components = np.shape(case.model.posterior(case.x, case.params))[-1]
    order = np.roll(np.arange(n_components), 1)
    permuted = case.model.permute(case.params, order)
    statistics, objective = case.model.e_step(case.x, permuted)
    if not case.close(objective, case.objective):
        return False, f"the objective is {case.objective:.9g}, and {objective:.9g} after renumbering the components"
    expected, got = case.model.permute(case.model.m_step(case.statistics), order), case.model.m_step(statistics)
    for name, a, b in _leaves(expected, got):
        worst = np.abs(a - b).max(initial=0)
        if worst > 1e-8 * (np.abs(a).max(initial=0) + np.finfo(float).tiny):
            return False, f"{name} of the next θ differ by {worst:.2e} after renumbering the components"
    return True, f"order {order.tolist()} carries through a step"


def _untouched(case):
    before = [np.array(case.x, copy=True), *(np.array(a, copy=True) for _, a, _ in _leaves(case.params, case.params))]
    statistics, _ = case.model.e_step(case.x, case.params)
    case.model.m_step(statistics)
    after = [("x", np.asarray(case.x)), *((name, a) for name, a, _ in _leaves(case.params, case.params))]
    for old, (name, new) in zip(before, after, strict=True):
        if not np.array_equal(old, new):
            return False, f"a step changed {name} in place"
    return True, "a step changes neither x nor θ"


#: name: (the functions it needs beyond e_step and m_step, the law)
LAWS = {
    "additive": ((), _additive),
    "distribution": (("posterior",), _distribution),
    "touches": (("posterior", "q"), _touches),
    "bound": (("q", "free", "from_free"), _bound),
    "fisher": (("q", "free", "from_free"), _fisher),
    "maximum": (("q", "free", "from_free"), _maximum),
    "ascent": ((), _ascent),
    "fixed point": ((), _fixed_point),
    "record": ((), _record),
    "permutation": (("posterior", "permute"), _permutation),
    "untouched": ((), _untouched),
}


def _outcome(name, needs, law, case):
    missing = [need for need in needs if not hasattr(case.model, need)]
    if missing:
        return Law(name, None, f"the model has no {', '.join(missing)}")
    try:
        holds, detail = law(case)
    except DegenerateError as error:
        return Law(name, None, f"the run degenerated: {error}")
    except Exception as error:
        return Law(name, False, f"{type(error).__name__}: {error}")
    return Law(name, holds, detail)


def _gradient(function, vector, steps):
    """Central differences, with Richardson's correction: error O(h⁴)."""
    gradient = np.empty(len(vector))
    for i, h in enumerate(steps):
        e = np.zeros(len(vector))
        e[i] = h
        near = (function(vector + e) - function(vector - e)) / (2 * h)
        far = (function(vector + 2 * e) - function(vector - 2 * e)) / (4 * h)
        gradient[i] = (4 * near - far) / 3
    return gradient


def _coordinate(case, i):
    return f"free coordinate {i} of {len(case.model.free(case.params))}"


def _leaves(a, b, name="θ"):
    """Pairs of arrays at the same place in two alike structures, each with its name."""
    if hasattr(a, "_fields"):
        for field in a._fields:
            yield from _leaves(getattr(a, field), getattr(b, field), field)
    elif isinstance(a, dict):
        for key in a:
            yield from _leaves(a[key], b[key], str(key))
    elif isinstance(a, (tuple, list)):
        for i, (left, right) in enumerate(zip(a, b, strict=True)):
            yield from _leaves(left, right, f"{name}[{i}]")
    else:
        yield name, np.asarray(a, dtype=float), np.asarray(b, dtype=float)
