"""What every EM model must obey, checked for any model by the same code.

Write F(θ) = Q(θ|θᵗ) + H for the lower bound at θᵗ, H being the entropy of the posterior at θᵗ.

================  ======================================================================================
``additive``      the statistics of two pieces of the data add up to those of the whole
``distribution``  each row of the posterior is a probability distribution
``touches``       F(θᵗ) = ℓ(θᵗ)
``bound``         F(θ) ≤ ℓ(θ) for every θ
``fisher``        ∇Q(θᵗ|θᵗ) = ∇ℓ(θᵗ) (Fisher's identity)
``maximum``       no θ near m_step(S) has a larger Q
``ascent``        ℓ never falls
``fixed point``   where ℓ no longer rises, a further step changes nothing
``record``        each recorded objective is that of its own θ
``permutation``   renumbering the components of θ renumbers the posterior and the next θ
``untouched``     neither the data nor θ nor the statistics are changed
================  ======================================================================================

Dempster, Laird & Rubin (1977); Neal & Hinton (1998), A view of the EM algorithm that justifies incremental, sparse, and
other variants.
"""

import copy
import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emlib import checks
from emlib.additive import add
from emlib.differences import derivative, steps
from emlib.engine import ROUNDING, e_step, iterate, m_step, total_unit
from emlib.errors import DegenerateError

STEPS = 40
TRIALS = 40
#: What rounding may leave of a zero, relative to the numbers that were subtracted.
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Law:
    """The outcome for one law: ``holds`` is True, False, or None where it could not be checked; ``detail`` says why."""

    name: str
    holds: bool | None
    detail: str

    def __str__(self):
        return f"{ {True: 'holds', False: 'BROKEN', None: 'not checked'}[self.holds]:<12} {self.name:<13} {self.detail}"


@dataclass(frozen=True)
class LawReport:
    """The outcome of all laws for one model. It prints as a table; ``report["fisher"]`` is one row."""

    laws: tuple[Law, ...]

    @property
    def broken(self):
        """The laws that do not hold."""
        return tuple(law for law in self.laws if law.holds is False)

    def __getitem__(self, name):
        return {law.name: law for law in self.laws}[name]

    def __repr__(self):
        return "\n".join(map(str, self.laws))


def check_laws(model, x, params, seed=0):
    """Put a model to the laws of EM on data `x`, starting from `params`.

    Two functions are enough for some of the laws, seven for all:

    - ``e_step(x, params) -> (statistics, objective)`` and ``m_step(statistics) -> params``: additive, ascent, fixed
      point, record, untouched
    - ``q(params, statistics)``, ``free(params) -> vector`` and ``from_free(vector, like) -> params``, free coordinates
      of θ (see `emlib.GaussianMixture.free`): bound, fisher, maximum
    - ``posterior(x, params)``, (N, K), and ``permute(params, order)``: distribution, touches, permutation
    - ``entropy(x, params)`` in place of a posterior (N, K), where the latent variable is not one of K for each data
      point: touches

    Statistics with a ``+`` of their own add by it; tuples, lists and dicts of arrays entry by entry. Give data and
    parameters in general position: not converged, not at a tie.

    Parameters
    ----------
    model : anything with ``e_step`` and ``m_step``
    x : the data; `additive` cuts them by ``x[:n]`` and ``x[n:]``
    params : θᵗ
    seed : int or numpy.random.Generator
        Chooses the θ at which the bound and the maximum are tried.

    Returns
    -------
    LawReport
        Which laws hold, which are broken, where and by how much, and which could not be checked and why.

    Raises
    ------
    TypeError
        If the model lacks ``e_step``, or it does not return a pair. An error of ``e_step`` itself at `params` passes.
    """
    case = _Case(model, x, params, checks.rng(seed))
    return LawReport(tuple(_outcome(name, needs, law, case) for name, (needs, law) in LAWS.items()))


class _Case:
    """One model, data and θᵗ, with what several laws need."""

    def __init__(self, model, x, params, rng):
        self.model, self.rng = model, rng
        if hasattr(x, "__next__"):
            raise TypeError(f"x is a {type(x).__name__}, which can be read only once; give an array")
        # copies, should the model write into them
        self.given = copy.deepcopy({"x": x, "θ": params})
        self.x, self.params = copy.deepcopy((x, params))
        self.statistics, self.objective = e_step(model, self.x, self.params)
        self.unit = total_unit(model, self.x)

    @cached_property
    def run(self):
        """The first steps from θᵗ, and the error that ended them early, or None."""
        snapshots = []
        try:
            for snapshot in itertools.islice(iterate(self.model, self.x, self.params), STEPS + 1):
                snapshots.append(snapshot)
        except Exception as error:
            return snapshots, error
        return snapshots, None

    def rounding(self, *values, relative=TOLERANCE):
        """What rounding may leave where `values`, sums over the data, are subtracted."""
        return relative * (self.unit + sum(map(abs, values)))

    def q(self, vector, like):
        return self.model.q(self.model.from_free(vector, like), self.statistics)

    def ell(self, vector, like):
        return e_step(self.model, self.x, self.model.from_free(vector, like))[1]

    def free(self, params):
        return np.asarray(self.model.free(params), dtype=float)

    def entropy(self):
        """H of the posterior at θᵗ: the model's own, or that of a table (N, K), or else what makes the bound touch."""
        if hasattr(self.model, "entropy"):
            return self.model.entropy(self.x, self.params)
        r = self.table(self.params)[0] if hasattr(self.model, "posterior") else None
        if np.ndim(r) == 2:
            return -(r[r > 0] * np.log(r[r > 0])).sum()
        return self.objective - self.model.q(self.params, self.statistics)

    def table(self, params):
        """The posterior at `params` and how many rows it must have; that of several sequences end to end.

        None stands for a posterior of named parts, as that of a latent variable which is not one of K.
        """
        r = self.model.posterior(self.x, params)
        if hasattr(r, "_fields"):
            return None, len(self.x)
        if isinstance(r, list) and all(np.ndim(rows) == 2 for rows in r):
            return np.concatenate(r), sum(map(len, self.x))
        return np.asarray(r), len(self.x)

    def steps(self, vector, like):
        """For each coordinate a step that changes Q by about a thousandth of the unit."""
        return steps(lambda v: self.q(v, like), vector, 1e-3 * self.unit)

    def nearby(self, vector, sizes):
        """Random parameters around `vector`, near and far."""
        for trial in range(TRIALS):
            yield vector + sizes * self.rng.standard_normal(len(vector)) * (0.03, 0.3, 1.0, 3.0)[trial % 4]


def _additive(case):
    if len(case.x) < 2:
        return None, "one data point cannot be cut in two"
    cut = len(case.x) // 3 or 1
    try:
        (first, a), (second, b) = (e_step(case.model, piece, case.params) for piece in (case.x[:cut], case.x[cut:]))
        total = add(first, second)
        differences = list(_differences(case.statistics, total, "statistics"))
    except Exception as error:
        return None, f"the data or the statistics do not come in pieces ({type(error).__name__}: {error})"
    for name, worst, scale in differences:
        if not worst <= TOLERANCE * scale + np.finfo(float).tiny:
            return False, f"{name} of the whole and the sum over two pieces differ by {worst:.2e}"
    # a prior is no part of the data, and counts once
    total = a + b - (case.model.log_prior(case.params) if hasattr(case.model, "log_prior") else 0.0)
    if not abs(total - case.objective) <= case.rounding(case.objective):
        return False, f"the objective is {case.objective:.9g}, the sum over two pieces {total:.9g}"
    return True, "two pieces add up to the whole"


def _distribution(case):
    r, points = case.table(case.params)
    if np.ndim(r) != 2:
        return None, "the posterior is no table (N, K)"
    if len(r) != points:
        return False, f"the posterior has {len(r)} rows for {points} data points"
    for n, k in np.argwhere(~(r >= 0)):
        return False, f"posterior[{n}, {k}] is {r[n, k]:.3g}; a probability is not negative"
    sums = r.sum(axis=1)
    n = np.abs(sums - 1).argmax()
    return abs(sums[n] - 1) <= TOLERANCE, f"row {n} of the posterior, the worst, sums to 1 {sums[n] - 1:+.3g}"


def _touches(case):
    table = case.table(case.params)[0] if hasattr(case.model, "posterior") else None
    if not hasattr(case.model, "entropy") and np.ndim(table) != 2:
        return None, "needs a posterior of shape (N, K), or entropy(x, params)"
    bound = case.model.q(case.params, case.statistics) + case.entropy()
    apart = bound - case.objective
    detail = f"at θᵗ, Q + H = {bound:.9g} and the objective is {case.objective:.9g}: apart by {apart:+.3g}"
    return abs(apart) <= case.rounding(bound, case.objective), detail


def _bound(case):
    entropy, vector = case.entropy(), case.free(case.params)
    trials = list(case.nearby(vector, case.steps(vector, case.params)))
    margins = [case.ell(v, case.params) - case.q(v, case.params) - entropy for v in trials]
    worst = np.argmin(margins)
    if not margins[worst] >= -case.rounding(case.objective):
        where = case.model.from_free(trials[worst], case.params)
        return False, f"Q + H exceeds the objective by {-margins[worst]:.3g} at θ = {_flat(where)}"
    return True, f"below the objective at {TRIALS} θ, least by {margins[worst]:.1e}"


def _fisher(case):
    vector = case.free(case.params)
    sizes, q = case.steps(vector, case.params), case.model.q(case.params, case.statistics)
    rounding = case.rounding(case.objective, q, relative=1e-2 * TOLERANCE)
    # an objective with kinks, as that of k-means, has its derivative only within a small enough step
    for shrink in (1e-2, 1e-3, 1e-4):
        slope_q = derivative(lambda v: case.q(v, case.params), vector, sizes * shrink)
        slope = derivative(lambda v: case.ell(v, case.params), vector, sizes * shrink)
        error = np.abs(slope_q - slope) * sizes * shrink
        wrong = [i for i in np.argsort(-error) if not error[i] <= rounding]
        if not wrong:
            return True, f"∇Q = ∇objective at θᵗ in all {len(vector)} free coordinates"
        for i in wrong:
            if not _kinks(case, vector, i, 2 * sizes[i] * shrink) > error[i]:
                place = f"free coordinate {i} of {len(vector)}"
                return False, f"{place}: ∂Q = {slope_q[i]:.6g}, ∂objective = {slope[i]:.6g} at θᵗ"
    return None, f"free coordinate {wrong[0]} of {len(vector)}: the objective has a kink at θᵗ, a tie; move θ"


def _maximum(case):
    best = m_step(case.model, case.statistics)
    top, vector = case.model.q(best, case.statistics), case.free(best)
    sizes = case.steps(vector, best)
    for v in case.nearby(vector, sizes):
        excess = case.q(v, best) - top
        if not excess <= case.rounding(top):
            better = _flat(case.model.from_free(v, best))
            return False, f"Q is larger by {excess:.3g} at θ = {better} than at m_step(S) = {_flat(best)}"
    slope = derivative(lambda v: case.q(v, best), vector, sizes * 1e-2)
    # θ itself is known to its rounding, which counts against the steps, each worth a thousandth of the unit
    blur = 1e-2 * case.unit * np.finfo(float).eps * np.abs(vector) / sizes
    excess = np.abs(slope * sizes) / (case.rounding(top) + blur)
    i = excess.argmax()
    detail = f"free coordinate {i} of {len(vector)}: ∂Q = {slope[i]:.3g} at m_step(S), against steps of {sizes[i]:.2g}"
    return bool(excess[i] <= 1), detail


def _ascent(case):
    snapshots, error = case.run
    objectives = np.array([snapshot.objective for snapshot in snapshots])
    gains = np.diff(objectives)
    for worst in np.argsort(gains)[:1]:
        before, after = objectives[worst : worst + 2]
        if after - before < -case.rounding(before, relative=ROUNDING):
            fall = f"it falls by {before - after:.3g}, from {before:.9g} to {after:.9g}"
            return False, f"{fall}, in iteration {worst + 1}"
    if error:
        raise error
    return True, f"from {objectives[0]:.9g} to {objectives[-1]:.9g} in {len(gains)} iterations"


def _fixed_point(case):
    snapshots, error = case.run
    if error:
        raise error
    params, changes, objectives = snapshots[-1].params, [], []
    for iteration in range(STEPS, 20 * STEPS):
        statistics, objective = e_step(case.model, case.x, params)
        after = m_step(case.model, statistics)
        change = max((worst / scale for _, worst, scale in _differences(params, after) if worst > 0), default=0.0)
        if change < TOLERANCE:
            return True, f"reached after {iteration} iterations"
        changes.append(change)
        objectives.append(objective)
        params = after
    gain, earlier = objectives[-1] - objectives[-2], changes[len(changes) // 2]
    # a slow run still comes to rest: its steps shrink
    if abs(gain) > case.rounding() or change < 0.99 * earlier:
        return None, f"not yet converged after {20 * STEPS} iterations (gain {gain:.1e}); start nearer"
    return False, f"the objective stands still, but θ goes on changing by {change:.1e} (relative) in every step"


def _record(case):
    snapshots, error = case.run
    for snapshot in snapshots:
        again = e_step(case.model, case.x, snapshot.params)[1]
        if not abs(again - snapshot.objective) <= case.rounding(again, relative=1e-12):
            return False, (
                f"iteration {snapshot.iteration} recorded {snapshot.objective:.12g}; its own θ gives {again:.12g}"
            )
    if error:
        raise error
    return True, f"{len(snapshots)} snapshots re-derived"


def _permutation(case):
    r, _ = case.table(case.params)
    order = np.roll(np.arange(r.shape[-1]), 1)
    permuted = case.model.permute(case.params, order)
    statistics, objective = e_step(case.model, case.x, permuted)
    if not abs(objective - case.objective) <= case.rounding(objective):
        return False, f"the objective is {case.objective:.9g}, and {objective:.9g} after renumbering the components"
    expected = r[..., order], case.model.permute(m_step(case.model, case.statistics), order)
    got = case.table(permuted)[0], m_step(case.model, statistics)
    for what, a, b in zip(("the posterior", "the next θ"), expected, got, strict=True):
        for name, worst, scale in _differences(a, b, what):
            if not worst <= 1e-8 * scale + np.finfo(float).tiny:
                return False, f"{name} differs by {worst:.2e} after renumbering the components"
    return True, f"order {order.tolist()} carries through a step"


def _untouched(case):
    model, before, given = case.model, copy.deepcopy(case.given), copy.deepcopy(case.given)
    given["statistics"] = e_step(model, given["x"], given["θ"])[0]
    before["statistics"] = copy.deepcopy(given["statistics"])
    m_step(model, given["statistics"])
    if hasattr(model, "posterior"):
        model.posterior(given["x"], given["θ"])
    if hasattr(model, "q"):
        model.q(given["θ"], given["statistics"])
    for what in given:
        for name, left, right in _leaves(before[what], given[what], what):
            moved = (left != right) & ~(np.isnan(left) & np.isnan(right))  # a gap stays a gap
            if moved.any():
                return False, f"a step changed {name} in place, by {np.abs(left - right)[moved].max():.3g}"
    return True, "a step changes neither x nor θ nor the statistics"


#: name: (the functions it needs beyond e_step and m_step, the law)
LAWS = {
    "additive": ((), _additive),
    "distribution": (("posterior",), _distribution),
    "touches": (("q",), _touches),
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
    return Law(name, holds if holds is None else bool(holds), detail)


def _kinks(case, vector, i, h):
    """What kinks within `h` of θᵗ do to the objective along coordinate i.

    Without any, a tenth of the step bends it by a hundredth.
    """
    step = np.eye(len(vector))[i] * h
    sides = (step, -step, step / 10, -step / 10)
    far, rear, near, close = (case.ell(vector + side, case.params) - case.objective for side in sides)
    return abs(far + rear - 100 * (near + close))


def _differences(a, b, name="θ"):
    """For each array at the same place in two alike structures: its name, largest difference and largest value."""
    for leaf, left, right in _leaves(a, b, name):
        if left.shape != right.shape:
            raise ValueError(f"{leaf} has shape {right.shape} where {left.shape} is expected")
        yield leaf, np.abs(left - right).max(initial=0), np.abs(left).max(initial=0)


def _leaves(a, b, name):
    """Pairs of arrays at the same place in two alike structures, each with its name; what is no number is skipped."""
    if type(a) is not type(b) and (isinstance(a, (tuple, list, dict)) or isinstance(b, (tuple, list, dict))):
        raise TypeError(f"{name} is a {type(b).__name__} where a {type(a).__name__} is expected")
    parts = _parts(a)
    if parts is None:
        left, right = np.asarray(a), np.asarray(b)
        if left.dtype.kind in "biufc" or right.dtype.kind in "biufc":
            yield name, left.astype(float), right.astype(float)
        return
    others = _parts(b)
    if others is None or parts.keys() != others.keys():
        raise ValueError(f"{name} changes its parts, which were {', '.join(map(str, parts))}")
    for key in parts:
        yield from _leaves(parts[key], others[key], key if isinstance(key, str) else f"{name}[{key}]")


def _parts(a):
    """The parts of a structure by name, or None for what has none."""
    if isinstance(a, dict):
        return a
    if hasattr(a, "_fields"):
        return a._asdict()
    if isinstance(a, (tuple, list)):
        return dict(enumerate(a))
    return None if hasattr(a, "__array__") or not hasattr(a, "__dict__") else vars(a)


def _flat(params):
    """`params` on one line."""
    return " ".join(repr(params).split())
