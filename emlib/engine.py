"""EM is a loop that knows no model.

`iterate` yields one immutable `Snapshot` after another; `fit` exhausts it into a `Trace`; `restarts` fits from several
starts. A model is anything with two functions:

    e_step(x, params) -> (statistics, objective)     the objective is the one of these very params
    m_step(statistics) -> params

Because statistics add, data that come in pieces (`emlib.pieces`) need nothing more.

Dempster, Laird & Rubin (1977), Maximum likelihood from incomplete data via the EM algorithm. JRSS B 39, 1–38.
"""

import copy
import functools
import itertools
import math
import warnings
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from emlib import checks, side_by_side
from emlib.errors import ConvergenceWarning, DegenerateError, DegenerateWarning, ObjectiveFell
from emlib.pieces import ENOUGH, Pieces, Place, imported, recognised

TOL = 1e-8
MAX_ITER = 1000
#: A fall smaller than this, per data point and relative to the objective, is rounding.
ROUNDING = 1e-10


class Snapshot(NamedTuple):
    """One moment of a run: the objective belongs to exactly these parameters."""

    iteration: int
    params: Any
    objective: float


@dataclass(frozen=True, eq=False)
class Trace:
    """The record of a run, read like a sequence of snapshots: ``trace[t]``, ``len(trace)``, ``for s in trace``."""

    model: Any
    snapshots: tuple[Snapshot, ...]
    converged: bool
    reason: str

    @property
    def params(self):
        """The parameters of the last snapshot."""
        return self.snapshots[-1].params

    @property
    def objective(self):
        """The objective of the last snapshot: for a likelihood model ℓ(θ), total, natural log."""
        return self.snapshots[-1].objective

    @property
    def objectives(self):
        """The objective at iterations 0, 1, …, shape (iterations + 1,)."""
        return np.array([snapshot.objective for snapshot in self.snapshots])

    @property
    def iterations(self):
        """How many steps were taken."""
        return self.snapshots[-1].iteration

    def __len__(self):
        return len(self.snapshots)

    def __getitem__(self, index):
        return self.snapshots[index]

    def __repr__(self):
        return f"Trace({self.model!r}: objective {self.objective:.6f}; {self.reason})"


@dataclass(frozen=True, eq=False)
class Restarts:
    """Runs from several starts: those that finished, in order, and the errors of those that did not, by start."""

    traces: tuple[Trace, ...]
    failures: dict[int, DegenerateError]

    @property
    def best(self):
        """The trace with the highest objective."""
        return max(self.traces, key=lambda trace: trace.objective)


def iterate(model, x, params):
    """Yield `Snapshot` 0 (the start), 1, 2, … without end. An error names the iteration in which it arose.

    Raises
    ------
    TypeError
        If the model lacks ``e_step`` or ``m_step``, or they do not return what they must.
    ArithmeticError
        If an objective is nan or infinite.
    """
    x = prepared(model, x)
    for iteration in itertools.count():
        params = frozen(params)
        try:
            statistics, objective = e_step(model, x, params)
            yield Snapshot(iteration, params, objective)
            params = m_step(model, statistics)
        except Exception as error:
            error.add_note(f"in iteration {iteration}")
            raise


#: After so many snapshots an algorithm begins anew from the last one alone: there an interrupted run is taken up.
iterate.cycle = 1


def prepared(model, x):
    """The data as an E-step is quickest with them: in pieces, or looked over by the model's own ``prepared(x)``."""
    x = recognised(x)
    return x if isinstance(x, Pieces) or not hasattr(model, "prepared") else model.prepared(x)


def e_step(model, x, params):
    """The model's ``e_step``, which must return the pair (statistics, objective) with a finite objective.

    For data in pieces it is the sum over the pieces, in which a prior counts once.
    """
    needs(model, "e_step(x, params)")
    if isinstance(x, Pieces):
        statistics, objective, x.rows, pieces = x.total(functools.partial(_of_piece, model, params))
        once = model.log_prior(params) if hasattr(model, "log_prior") else 0.0
        return statistics, objective - (pieces - 1) * once
    result = model.e_step(x, params)
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        what = f"{len(result)} values" if isinstance(result, (tuple, list)) else f"a {type(result).__name__}"
        raise TypeError(f"e_step returned {what}; it must return the pair (statistics, objective)")
    statistics, objective = result
    if type(objective) is float and math.isfinite(objective):
        return statistics, objective
    if np.ndim(objective) or np.asarray(objective).dtype.kind not in "iuf":
        raise TypeError(f"e_step returned the objective {objective!r}; it must be one real number")
    if not math.isfinite(objective):
        raise _not_finite(objective)
    return statistics, float(objective)


def _not_finite(objective):
    return ArithmeticError(f"e_step returned the objective {float(objective)}; it must be finite")


def _of_piece(model, params, piece):
    """What a piece adds: statistics, objective, rows, and that it is one piece."""
    return [*e_step(model, piece, params), len(piece), 1]


def m_step(model, statistics):
    """The model's ``m_step``, which must return parameters."""
    needs(model, "m_step(statistics)")
    params = model.m_step(statistics)
    if params is None:
        raise TypeError("m_step returned None; it must return the new params")
    return params


def fit(model, x, params, *, tol=TOL, max_iter=MAX_ITER, algorithm=iterate, progress=False, checkpoint=None):
    """Run EM from `params` until the objective gains no more than `tol` per data point.

    Parameters
    ----------
    model : anything with ``e_step`` and ``m_step``
        If it has ``overall(x)``, what the data say of themselves and what adds up over pieces of them, and
        ``unit(overall)``, gains are measured in that unit and not per data point (the distortion of k-means has the
        data's unit squared).
    x : the data, in whatever form the model reads; N is ``len(x)``
        Of data larger than memory: an `np.memmap`, the path or paths of ``.npy`` or Parquet files, a function that
        returns an iterator of blocks, or any `emlib.pieces.Pieces`.
    params : the start
    tol : the smallest gain per data point, signed, that counts as progress; 0 runs until nothing is gained
    max_iter : the largest number of steps
    algorithm : what yields the snapshots, `iterate` or `emlib.squarem`
    progress : bool
        Whether to tell how far the run is, with a bar.
    checkpoint : path, optional
        A folder of this run alone, in which every snapshot is kept. The same call goes on where a run was interrupted,
        however it was, and its trace is the one of a run that was not; `tol` and `max_iter` may change. Two E-steps,
        those of the start and of the first step, make sure that data and model are the same.

    Returns
    -------
    Trace

    Raises
    ------
    ObjectiveFell
        If a step lowers the objective by more than rounding: an EM step never does.
    DegenerateError
        If the model reports that a component collapsed or died.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` steps were not enough.
    """
    if not callable(algorithm):
        raise TypeError(f"algorithm is {algorithm!r}; it must be a function, for example emlib.squarem")
    x = prepared(model, x)
    record = Record(model, x, tol, max_iter)
    if checkpoint is not None:
        algorithm = imported("emlib.scale.checkpoints:kept")(algorithm, checkpoint)
    if progress:
        algorithm = imported("emlib.scale.progress:shown")(algorithm)
    for snapshot in algorithm(model, x, params):
        if record.takes(snapshot):
            break
    trace = record.trace()
    _warn_unless_converged(trace)
    return trace


class Record:
    """What a run has yielded so far, and the rule by which it is over: see `fit`."""

    def __init__(self, model, x, tol, max_iter):
        self.model, self.x = model, x
        self.tol, self.max_iter = checks.number(tol, "tol"), checks.integer(max_iter, "max_iter", minimum=0)
        self.snapshots, self.unit, self.converged = [], None, False

    def takes(self, snapshot):
        """Keep `snapshot`. Returns whether the run is over."""
        self.snapshots.append(snapshot)
        if snapshot.iteration == 0:
            # only now: the model has looked at x and said what is wrong with it
            self.unit = total_unit(self.model, self.x)
        else:
            before = self.snapshots[-2].objective
            fell, self.converged = _judged(before, snapshot.objective, self.unit, self.tol)
            if fell:
                raise _fall(before, snapshot.objective, snapshot.iteration, isinstance(self.x, Pieces))
        return self.converged or snapshot.iteration == self.max_iter

    def trace(self):
        """The `Trace` of a run that is over."""
        if self.converged:
            reason = f"converged in iteration {self.snapshots[-1].iteration}: gain per point ≤ {self.tol:g}"
        else:
            reason = (
                f"not converged after {self.max_iter} iterations: the gain per point has not come down to {self.tol:g}"
            )
        return Trace(self.model, tuple(self.snapshots), bool(self.converged), reason)


def _judged(before, objective, unit, tol):
    """Whether a step lost more than rounding, and whether it gained too little to go on; of several runs for each."""
    gain = objective - before
    return gain < -ROUNDING * (unit + abs(before)), gain <= tol * unit


def _fall(before, objective, iteration, pieces=False):
    return ObjectiveFell(
        f"the objective fell from {float(before)!r} to {float(objective)!r} in iteration {iteration}; "
        "an EM step never lowers it, so e_step and m_step do not belong together"
        + (", or x does not give the same data each time" if pieces else "")
    )


def _warn_unless_converged(trace):
    """Where the caller of the caller stands."""
    if not trace.converged:
        warnings.warn(f"{trace.reason}; raise max_iter or tol", ConvergenceWarning, stacklevel=3)


def restarts(model, x, n=10, *, seed, tol=TOL, max_iter=MAX_ITER, **start):
    """Fit from `n` starts ``model.start(x, rng, **start)``, each with its own generator derived from `seed`.

    Where the data come in pieces, the starts are made from `emlib.pieces.ENOUGH` rows drawn at random.

    Parameters
    ----------
    model : a model that has ``start`` too
    x : the data
    n : int
    seed : int or numpy.random.Generator
        The same seed gives the same starts, and a larger `n` begins with those of a smaller.
    tol, max_iter : as in `fit`
    start : what the model's ``start`` takes, for example ``how="points"``

    Returns
    -------
    Restarts

    Raises
    ------
    DegenerateError
        If every start ended in one.

    Warns
    -----
    DegenerateWarning
        If some starts ended in a `DegenerateError`; they are left out and listed in ``failures``.
    """
    needs(model, "start(x, rng)")
    rng = checks.rng(seed)
    rngs, x = rng.spawn(checks.integer(n, "n")), recognised(x)
    if side_by_side.possible(model) and not isinstance(x, Pieces):
        runs = _side_by_side(model, x, rngs, start, tol, max_iter)
    else:
        seen = x.sample(ENOUGH, rng) if isinstance(x, Pieces) else x

        def run(rng):
            try:
                params = model.start(seen, rng, **start)
            except Exception as error:
                if seen is not x:
                    Place(f"the {len(seen):,} rows drawn from x", 0, None).tell(error, len(seen))
                raise
            return fit(model, x, params, tol=tol, max_iter=max_iter)

        runs = [functools.partial(run, rng) for rng in rngs]
    return each(runs, "starts")


def _side_by_side(model, x, rngs, start, tol, max_iter):
    """For each of `rngs` a function that ends as `fit` does, the work being done already."""
    x, starts, failures = prepared(model, x), {}, {}
    for i, rng in enumerate(rngs):
        try:
            starts[i] = model.start(x, rng, **start)
        except DegenerateError as error:
            failures[i] = error
    records = [Record(model, x, tol, max_iter) for _ in rngs]
    last, converged = np.empty(len(rngs)), np.zeros(len(rngs), dtype=bool)

    def takes(runs, iteration, objectives):
        """As `Record.takes`: which of the runs are over, and by the row the errors."""
        errors = {}
        for row in (~np.isfinite(objectives)).nonzero()[0]:
            errors[row] = _not_finite(objectives[row])
        if iteration > 0:
            before = last[runs]
            fell, converged[runs] = _judged(before, objectives, unit, records[0].tol)
            for row in fell.nonzero()[0]:
                errors[row] = _fall(before[row], objectives[row], iteration)
        last[runs] = objectives
        return converged[runs] | (iteration == records[0].max_iter), errors

    if starts:
        unit = total_unit(model, x)
        paths, failed = side_by_side.run(model, x, starts, takes)
        failures |= failed

    def end(i):
        if i in failures:
            raise failures[i]
        records[i].snapshots, records[i].converged = list(map(Snapshot, itertools.count(), *paths(i))), converged[i]
        trace = records[i].trace()
        _warn_unless_converged(trace)
        return trace

    return [functools.partial(end, i) for i in range(len(rngs))]


def each(runs, what):
    """What the functions `runs` return: the traces, and by their place the failures, of which a warning tells."""
    traces, failures = [], {}
    for i, run in enumerate(runs):
        try:
            traces.append(run())
        except DegenerateError as error:
            failures[i] = error
    if not traces:
        raise DegenerateError(f"all {len(runs)} {what} failed; the first: {failures[0]}")
    if failures:
        first = next(iter(failures.values()))
        warnings.warn(
            f"{len(failures)} of {len(runs)} {what} failed; the first: {first}", DegenerateWarning, stacklevel=3
        )
    return Restarts(tuple(traces), failures)


def total_unit(model, x):
    """What the objective is measured in: ``model.unit(model.overall(x))`` where the model has one, else N."""
    if hasattr(model, "unit"):
        return model.unit(x.total(model.overall) if isinstance(x, Pieces) else model.overall(x))
    if not hasattr(x, "__len__"):
        raise TypeError(f"x is a {type(x).__name__} without a length; gains are measured per data point: give an array")
    return float(len(x))


def needs(model, function):
    """Refuse a model without ``function``, given with its arguments, and a class of models."""
    if isinstance(model, type):
        raise TypeError(f"model is the class {model.__name__}; give an instance: {model.__name__}(…)")
    if not hasattr(model, function.split("(")[0]):
        raise TypeError(f"model is {model!r}; it needs a function {function}")


def frozen(params):
    """A copy of `params` whose arrays cannot be written to, so that a snapshot stays what it was."""
    if isinstance(params, np.ndarray):
        params = params.copy()
        params.flags.writeable = False
        return params
    if isinstance(params, dict):
        return {name: frozen(value) for name, value in params.items()}
    if isinstance(params, tuple) and hasattr(params, "_fields"):
        return type(params)(*map(frozen, params))
    if isinstance(params, (tuple, list)):
        return type(params)(map(frozen, params))
    return copy.deepcopy(params)
