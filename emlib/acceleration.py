"""SQUAREM: EM with leaps that never lose the ascent.

Two EM steps from θ⁰, to θ¹ and θ², tell how fast the steps shrink. With u = θ¹ − θ⁰ and v = (θ² − θ¹) − u, in the
model's free coordinates, the leap

    θ* = θ⁰ − 2αu + α²v,  α = −‖u‖/‖v‖,

goes to where they would lead (α = −1 is θ² itself). It is taken only if it climbs higher than θ².

Varadhan & Roland (2008), Simple and globally convergent methods for accelerating the convergence of any EM algorithm.
Scandinavian Journal of Statistics 35, 335–353: scheme S3.
"""

import itertools

import numpy as np

from emlib.engine import iterate, needs, prepared


def squarem(model, x, params):
    """Yield snapshots as `emlib.iterate` does: two EM steps and, where it climbs, one leap, and so on.

    Each snapshot costs one E-step, and a leap that is refused one more. ``emlib.fit(…, algorithm=squarem)`` runs it.

    Parameters
    ----------
    model : a model with ``free`` and ``from_free`` too
    x : the data
    params : the start
    """
    needs(model, "free(params)")
    needs(model, "from_free(vector, like)")
    x = prepared(model, x)
    run, cycle = iterate(model, x, params), []
    for iteration in itertools.count():
        cycle.append(next(run))
        yield cycle[-1]._replace(iteration=iteration)
        if len(cycle) == 3:
            ahead = _ahead(model, x, cycle)
            run, cycle = ahead or run, []


squarem.cycle = 3  # as in `emlib.iterate`: whether a leap or a step led there, the next three begin anew


def _ahead(model, x, cycle):
    """A run that begins with the leap, or None if that does not climb."""
    start, middle, end = (np.asarray(model.free(snapshot.params), dtype=float) for snapshot in cycle)
    u, v = middle - start, end - 2 * middle + start
    length, bend = np.linalg.norm(u), np.linalg.norm(v)
    if not length > bend > 0:
        return None
    alpha = -length / bend
    try:
        leap = model.from_free(start - 2 * alpha * u + alpha**2 * v, cycle[-1].params)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            run = iterate(model, x, leap)
            first = next(run)
    except (ValueError, ArithmeticError):  # it led out of the parameters' domain
        return None
    return itertools.chain([first], run) if first.objective > cycle[-1].objective else None
