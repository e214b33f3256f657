"""The bound: ℓ over the one parameter of a model, and Q + H, which touches it at θᵗ and is nowhere above it.

The page computes no EM here. It is told ℓ, the run from every start, and how Q goes: since Q is linear in the expected
sufficient statistics, Q(θ|θᵗ) = Σ_m S_m b_m(θ), the few curves b_m make up every bound of every model, a learner's own
and a wrong one included.
"""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from emlib import checks, engine, plots
from emlib.widgets.explorer import Explorer, cut, two

#: At how many θ the curves are drawn.
RESOLUTION = 257
#: A run is recorded until a step gains no more than this per data point, which no picture shows, or for so many steps.
TOL, STEPS = 1e-6, 30
#: Q + H may lie above ℓ by this share of the range of ℓ: the rounding of what is recorded.
ROUNDING = 1e-6


class Moment(NamedTuple):
    """One round of EM as it is recorded: θᵗ, ℓ(θᵗ), the top of the bound, and Q(θ|θᵗ) + H = lift + Σ_m S_m b_m(θ)."""

    theta: float
    ell: float
    top: float
    lift: float
    statistics: list[float]


class Landscape(NamedTuple):
    """What is known of one model: ℓ (M,) and the curves b (M, R) over `grid`, and the run from every start."""

    grid: np.ndarray
    ell: np.ndarray
    curves: np.ndarray
    runs: dict[float, tuple[list[Moment], str]]

    def bound(self, moment):
        """Q(·|θᵗ) + H over the grid."""
        return moment.lift + self.curves @ moment.statistics


def bound(models, x, starts, *, name="θ", objective="log-likelihood"):
    """Show ℓ of a model with one parameter, and under it the bound Q(θ|θᵗ) + H whose top is θᵗ⁺¹.

    θᵗ can be dragged along the axis, EM be stepped and played from there; at any θ the picture tells the gap
    between the two, KL(q‖p(Z|x, θ)).

    Parameters
    ----------
    models : model, or dict of models by name
        Any with ``e_step(x, theta) -> (S, ell)``, ``m_step(S) -> theta`` and ``q(theta, S)``, where θ is one number and
        S an array of a few, in which Q is linear. H is taken as what makes Q touch ℓ at θᵗ, so that Q may lack what
        does not depend on θ. A dict of several gives a drop-down list.
    x : the data, in whatever form the models read
    starts : increasing sequence of float
        The θ⁰ to choose from; the first and the last are the ends of the axis.
    name, objective : str
        What θ and ℓ are called on the axes.

    Returns
    -------
    Explorer
        With the traits ``model`` (if there are several), ``start`` and ``iteration``.

    Raises
    ------
    TypeError
        If a model lacks one of the functions.
    ValueError
        If `starts` do not increase, S is no array of a few numbers, or Q is not linear in S.
    """
    starts = checks.array(starts, "starts", ndim=1)
    if len(starts) < 2 or np.diff(starts).min() <= 0:
        raise ValueError("starts do not increase; give two or more values of θ in order, such as range(42, 107)")
    models = models if isinstance(models, dict) else {"": models}
    starts = cut(starts, 12)
    landscapes = {key: _explored(model, x, starts) for key, model in models.items()}
    longest = max(len(moments) for land in landscapes.values() for moments, _ in land.runs.values())
    choices = {"model": list(models)} if len(models) > 1 else {}
    choices |= {"start": starts, "iteration": range(longest)}
    limits = {key: _limits(land.ell) for key, land in landscapes.items()}
    record = {
        "name": name,
        "objective": objective,
        "ends": [starts[0], starts[-1]],
        "models": [
            {
                "key": key,
                "limits": limits[key],
                "ell": land.ell.tolist(),
                "curves": land.curves.T.tolist(),
                "runs": [{"moments": moments, "ended": ended} for moments, ended in land.runs.values()],
            }
            for key, land in landscapes.items()
        ],
    }
    first = next(iter(models))
    fig = Figure(figsize=(8.6, 3.9))
    draw = _draw(fig, starts, name, objective)

    def update(start, iteration, model=first):
        land = landscapes[model]
        moments, ended = land.runs[start]
        at = min(iteration, len(moments) - 1)
        draw(land, limits[model], moments, at)
        return _describe(model, land, moments, at, ended, name, objective)

    return Explorer("bound", record, choices, fig, update)


def _explored(model, x, starts):
    """The `Landscape` of `model`."""
    if not hasattr(model, "q"):
        raise TypeError(f"model is {model!r}; it needs a function q(theta, S) for the bound")
    unit = engine.total_unit(model, x)
    runs = {start: _run(model, x, start, unit) for start in starts}
    grid = np.linspace(starts[0], starts[-1], RESOLUTION)
    first = next(iter(runs.values()))[0][0]
    curves = np.array([[float(model.q(theta, e)) for e in np.eye(len(first.statistics))] for theta in grid])
    for moments, _ in runs.values():
        q = np.array([float(model.q(theta, moments[0].statistics)) for theta in grid[::32]])
        terms = curves[::32] * moments[0].statistics
        if (np.abs(terms.sum(axis=1) - q) > 1e-9 * (1 + np.abs(terms).sum(axis=1))).any():
            raise ValueError(
                "q is not linear in the statistics, S ↦ q(theta, S), so its curves cannot be drawn from a few; let S "
                "be the sums over the data that Q is made of"
            )
    ell = [engine.e_step(model, x, theta)[1] for theta in grid.tolist()]
    return Landscape(grid, np.array(cut(ell, 10)), np.array(cut(curves, 12)), runs)


def _run(model, x, theta, unit):
    """The rounds of EM from `theta`, and in words how they end."""
    moments = []
    while True:
        statistics, ell = engine.e_step(model, x, theta)
        S = checks.array(statistics, "the statistics of e_step", ndim=1)
        after = float(engine.m_step(model, statistics))
        lift = ell - float(model.q(theta, statistics))
        gain = ell - moments[-1].ell if moments else np.inf
        top = lift + float(model.q(after, statistics))
        moments.append(Moment(*cut([theta, ell, top, lift], 10), cut(S, 10)))
        if gain < -TOL * unit:
            return moments, "where it has fallen, which EM never does"
        if gain <= TOL * unit:
            return moments, "converged"
        if len(moments) > STEPS:
            return moments, "where the record stops before it converges"
        theta = after


def _limits(ell):
    """From where to where the axis of ℓ goes."""
    return cut([ell.min() - 0.15 * np.ptp(ell), ell.max() + 0.1 * np.ptp(ell)])


def _draw(fig, starts, name, objective):
    """Draw what stands still, and return a function that draws a moment of a run."""
    left, right = fig.subplots(1, 2, width_ratios=[3, 2])
    halo = {"mec": plots.INK, "mew": 1.4}
    (ell,) = left.plot([], [], color=plots.INK, ls="-", label=f"ℓ({name})")
    (bound,) = left.plot([], [], color=plots.PALETTE[0], ls="--", label="Q + H")
    (gap,) = left.plot([], [], color=plots.PALETTE[2], ls="-", lw=3.5, label="gained besides: KL")
    (trail,) = left.plot([], [], ".", color=plots.MUTED, ms=7)
    (now,) = left.plot([], [], "o", color=plots.PALETTE[1], ms=10, **halo, label=f"{name} at t: they touch")
    (top,) = left.plot([], [], "^", color=plots.PALETTE[2], ms=10, **halo, label="top of Q + H: the next")
    left.set(xlabel=name, ylabel=objective, xlim=(starts[0], starts[-1]))
    left.legend(loc="best")
    curve = plots.objective_curve(right, [0.0, 1.0], label=objective)

    def draw(land, limits, moments, at):
        (moment, after), past = _now_and_next(moments, at), np.array([m[:2] for m in moments[:at]]).reshape(-1, 2)
        ell.set_data(land.grid, land.ell)
        bound.set_data(land.grid, land.bound(moment))
        trail.set_data(*past.T)
        now.set_data([moment.theta], [moment.ell])
        top.set_data([after.theta], [moment.top])
        gap.set_data([after.theta] * 2, [moment.top, after.ell])
        left.set_ylim(limits)
        curve.update(at, [m.ell for m in moments])

    return draw


def _now_and_next(moments, at):
    """Moment `at` and the next; the last, after which nothing changes that could be seen, is its own next."""
    return moments[at], moments[min(at + 1, len(moments) - 1)]


def _describe(model, land, moments, at, ended, name, objective):
    (moment, after), last = _now_and_next(moments, at), len(moments) - 1
    head = f"{model}, " if model else ""
    head += f"start {_four(moments[0].theta)}, iteration {at} of {last}: {name} = {_four(moment.theta)}, "
    head += f"{objective} {two(moment.ell)}"
    if at == last:
        head += f", {ended}."
    else:
        gain, besides = moment.top - moment.ell, after.ell - moment.top
        head += (
            f". Q + H is highest at {_four(after.theta)}, up by {two(gain)}; there ℓ is "
            f"{two(gain + besides)} higher, {two(besides)} of it besides."
        )
    above = land.bound(moment) - land.ell
    worst = above.argmax()
    where = "lies below it everywhere else"
    if above[worst] > ROUNDING * np.ptp(land.ell):
        where = "crosses it there"
        head += (
            f" Here Q + H is no bound: it is {two(above[worst])} above ℓ at {name} = {_four(land.grid[worst])}, so "
            "e_step and q do not belong together."
        )
    return (
        f"{head}\nThe curve Q + H touches ℓ at {name} = {_four(moment.theta)} and {where}.\nThe curve beside it leads "
        f"from {objective} {two(moments[0].ell)} at iteration 0 to {two(moments[-1].ell)} at iteration {last}."
    )


def _four(value):
    """Four significant digits, more where a number has more before its point."""
    return f"{float(f'{value:.4g}') if abs(value) < 1e4 else round(value):g}".replace("-", "\N{MINUS SIGN}")
