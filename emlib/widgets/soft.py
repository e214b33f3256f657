"""The explorer of soft assignment: three ways to share out the points, side by side from the same centres.

The picture that moves is drawn in the page (script/soft.js). What is drawn here, by `emlib.plots`, is the still
picture for places where no script runs.
"""

import itertools

import numpy as np
from matplotlib.figure import Figure

from emlib import checks, engine, plots
from emlib.widgets.explorer import Explorer, cut, two

#: How the objectives of the models are drawn, one after the other.
DASHES = ((0, (1, 1.5)), (0, (5, 2)), "-")


def shares(x, models, start, *, iterations=30, point=0, feature_names=None):
    """Show how soft assignments by three rules share out the same points, and where that leads the same centres.

    Each rule has a picture, in which points take mixed colours from their responsibilities; those of one point are
    shown as bars for all rules at once: of the one under the pointer or the keyboard's cross, or else of `point`.
    Below is the log-likelihood of each rule's centres. A centre that is dragged, in whichever picture, is a new start
    for all rules.

    Parameters
    ----------
    x : array (N, 2)
    models : dict of emlib.SoftAssignment
        By what the rule is called, of which there are three, and the stiffness. Every combination must be there.
    start : emlib.CentreParams
        The centres from which all run.
    iterations : int
        How many are recorded.
    point : int
        Whose responsibilities are shown at first.
    feature_names : sequence of str, optional

    Returns
    -------
    Explorer
        With the traits ``stiffness`` and ``iteration``.

    Raises
    ------
    TypeError
        If a model is no soft assignment.
    ValueError
        If `x` has not two features, there are not three rules, or a combination is missing.
    """
    x = checks.data(x, n_features=2)
    iterations = checks.integer(iterations, "iterations", minimum=1)
    point = checks.integer(point, "point", minimum=0, maximum=len(x) - 1)
    feature_names = ["feature 1", "feature 2"] if feature_names is None else list(feature_names)
    names, stiffnesses = (list(dict.fromkeys(key[i] for key in models)) for i in (0, 1))
    if len(names) != len(DASHES):
        raise ValueError(f"models has {len(names)} rules; it takes {len(DASHES)} to be shown side by side")
    for key in itertools.product(names, stiffnesses):
        if key not in models:
            raise ValueError(f"models lacks {key}; it needs every rule with every stiffness")
        if not hasattr(models[key], "rule"):
            raise TypeError(f"models[{key}] is {models[key]!r}; it must be an emlib.SoftAssignment")
    runs = {
        key: list(itertools.islice(engine.iterate(model, x, start), iterations + 1)) for key, model in models.items()
    }
    record = {
        "x": x.tolist(),
        "features": feature_names,
        "point": point,
        "rules": [
            {
                "name": name,
                "rule": models[name, stiffnesses[0]].rule,
                "runs": _recorded([runs[name, stiffness] for stiffness in stiffnesses]),
            }
            for name in names
        ],
    }
    fig = Figure(figsize=(8.6, 6.2))
    draw = _draw(fig, x, names, np.asarray(start.means, dtype=float), point, feature_names)

    def update(stiffness, iteration):
        now = {name: (models[name, stiffness], runs[name, stiffness]) for name in names}
        responsibilities = [model.posterior(x, run[iteration].params) for model, run in now.values()]
        draw([run for _, run in now.values()], iteration, responsibilities)
        return _describe(stiffness, iteration, names, [run for _, run in now.values()], responsibilities, x, point)

    return Explorer("soft", record, {"stiffness": stiffnesses, "iteration": range(iterations + 1)}, fig, update)


def _recorded(runs):
    """The means and objectives of one rule's `runs`; means that no stiffness changes are told once."""
    told = []
    for run in runs:
        means = cut([snapshot.params.means for snapshot in run])
        again = bool(told) and means == told[0]["means"]
        told.append({"means": None if again else means, "objectives": cut([s.objective for s in run], 12)})
    return told


def _draw(fig, x, names, start, point, feature_names):
    """Draw what stands still, and return a function that draws one iteration of the runs."""
    above, below = fig.subfigures(2, 1, height_ratios=[3, 2])
    pictures = []
    for name, ax in zip(names, above.subplots(1, len(names), sharex=True, sharey=True), strict=True):
        points = plots.scatter(ax, x, size=16)
        limits = ax.axis()
        pictures.append((points, plots.path(ax, start[None]), plots.centres(ax, start, size=110)))
        ax.scatter(*x[point], s=130, facecolors="none", edgecolors=plots.INK, linewidths=1.4, zorder=4)
        ax.axis(limits)
        ax.set_title(name)
    above.supxlabel(feature_names[0], size="medium")
    above.supylabel(feature_names[1], size="medium")
    left, right = below.subplots(1, 2, width_ratios=[3, 2])
    curves = [
        left.plot([], [], color=plots.INK, linestyle=dash, label=name)[0]
        for name, dash in zip(names, DASHES, strict=True)
    ]
    marks = [left.plot([], [], "o", color=plots.PALETTE[1], markeredgecolor=plots.INK)[0] for _ in names]
    left.set(xlabel="iteration t", ylabel="log-likelihood")
    left.legend(loc="best")
    bars = plots.responsibility_bars(right, np.zeros((len(names), len(start))))
    right.set_yticks(range(1, len(names) + 1), names)
    right.set(title=f"Point {point + 1}", ylabel="")

    def draw(runs, iteration, responsibilities):
        for (points, trails, centres), run, r in zip(pictures, runs, responsibilities, strict=True):
            history = np.array([snapshot.params.means for snapshot in run[: iteration + 1]])
            points.update(responsibilities=r)
            trails.update(history)
            centres.update(history[-1])
        for curve, mark, run in zip(curves, marks, runs, strict=True):
            objectives = [snapshot.objective for snapshot in run]
            curve.set_data(range(len(run)), objectives)
            mark.set_data([iteration], [objectives[iteration]])
        left.relim()
        left.autoscale_view()
        bars.update([r[point] for r in responsibilities])

    return draw


def _describe(stiffness, iteration, names, runs, responsibilities, x, point):
    objectives = [
        ", ".join(f"{two(run[at].objective)} ({name})" for name, run in zip(names, runs, strict=True))
        for at in (iteration, 0, -1)
    ]

    def listed(of_all):
        return "; ".join(
            f"{name}, {', '.join(f'{k} {what}' for k, what in enumerate(of_one, start=1))}"
            for name, of_one in zip(names, of_all, strict=True)
        )

    centres = listed([f"at ({_place(mean)})" for mean in run[iteration].params.means] for run in runs)
    parts = listed([f"{share:.0%}" for share in r[point]] for r in responsibilities)
    last = len(runs[0]) - 1
    return (
        f"stiffness {stiffness:g}, iteration {iteration} of {last}: log-likelihood {objectives[0]}.\n"
        f"The centres: {centres}. Shares of point {point + 1} at ({_place(x[point])}): {parts}.\n"
        f"The curves below lead from log-likelihood {objectives[1]} at iteration 0 to {objectives[2]} at iteration "
        f"{last}."
    )


def _place(point):
    return ", ".join(f"{value:.3g}" for value in point).replace("-", "\N{MINUS SIGN}")
