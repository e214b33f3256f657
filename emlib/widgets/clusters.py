"""The explorer of runs of mixtures and of k-means: the data with θ as it stands, and the objective.

The picture that moves is drawn in the page (script/clusters.js). What is drawn here, by `emlib.plots`, is the still
picture for places where no script runs.
"""

import itertools

import numpy as np
from matplotlib.figure import Figure

from emlib import checks, plots
from emlib.engine import Snapshot, e_step
from emlib.plots.style import within_palette
from emlib.widgets.explorer import Explorer, cut, stops, two

#: The models that em.js knows, each by the name of its class in emlib.models.
KNOWN = ("KMeans", "SoftAssignment", "GaussianMixture")


def explore(x, runs, names=("K",), *, feature_names=None, objective=None):
    """Show `x` as each of the `runs` sees it at each iteration, beside the curve of its objective.

    Points take colour and marker from their responsibilities under the θ that is shown; centres carry their numbers
    and draw the way they came. Models with covariances get ellipses at 1 and 2 σ, or over one feature their density;
    where responsibilities are certain, as in k-means, borders between the nearest centres are drawn.

    It is as alive in a page without a kernel as in JupyterLab. One can ask about single points; the
    densities of two features stand in the margins and, where the runs differ in ``"K"``, so does BIC over K. With a
    model of emlib one can also drag a centre, add points or draw data, and see EM run.

    Parameters
    ----------
    x : array (N, 2) or (N, 1)
    runs : dict of emlib.Trace
        By the values of `names`: a tuple, or the value alone where there is one name. Every combination must be there.
    names : str or tuple of str
        What the runs differ in: each becomes a slider or a drop-down list.
    feature_names : sequence of str, optional
    objective : str, optional
        What the objective is called; "log-likelihood" if the model has one.

    Returns
    -------
    Explorer
        With the traits `names` and ``iteration``. At ``iteration`` t the points are assigned by the parameters of
        ``trace[t]``. With k-means it is t + 0.5 once the centres have moved to those of ``trace[t + 1]`` and the points
        still belong to the old ones. From 20 on the slider takes steps of a tenth, so that a long run can be walked
        through; beyond the end of a run its last iteration stays.

    Raises
    ------
    TypeError
        If a run is not a Trace.
    ValueError
        If `x` has more than two features or is not what a run was fitted to, a run has no snapshot or more components
        than can be drawn, or the keys of `runs` do not match `names`.
    """
    x = checks.data(x)
    n_features = x.shape[1]
    if n_features > 2:
        raise ValueError(f"x has {n_features} features; a picture shows one or two, for example x[:, [0, 1]]")
    names = (names,) if isinstance(names, str) else tuple(names)
    runs = _by_tuple(runs, names)
    for key, trace in runs.items():
        _check(x, key, trace)
    if feature_names is None:
        feature_names = [f"feature {d + 1}" for d in range(n_features)]
    if len(feature_names) != n_features:
        raise ValueError(f"feature_names has {len(feature_names)} names for {n_features} features")
    first = next(iter(runs.values()))
    if objective is None:
        objective = "log-likelihood" if hasattr(first.model, "score_samples") else "objective"
    moments = stops(max(len(trace) for trace in runs.values()) - 1)
    if any(_is_kmeans(trace.model) for trace in runs.values()):
        moments = [t for moment in moments for t in (moment, moment + 0.5)][:-1]
    choices = {name: list(dict.fromkeys(key[i] for key in runs)) for i, name in enumerate(names)}
    choices["iteration"] = moments
    record = {
        "x": x.tolist(),
        "features": list(feature_names),
        "objective": objective,
        "runs": [_recorded(x, key, trace, moments) for key, trace in runs.items()],
    }
    fig = Figure(figsize=(8.6, 3.9))
    left, right = fig.subplots(1, 2, width_ratios=[3, 2])
    draw = _draw_data(left, x, first[0].params.means, feature_names)
    curve = plots.objective_curve(right, first.objectives, label=objective)

    def update(iteration, **values):
        trace = runs[tuple(values[name] for name in names)]
        at = min(iteration, len(trace) - 1)
        if not _is_kmeans(trace.model):
            at = int(at)
        responsibilities = trace.model.posterior(x, trace[int(at)].params)
        draw(trace, at, responsibilities)
        curve.update(int(at), trace.objectives)
        return _describe(values, _moment(x, trace, at), trace, responsibilities, feature_names, objective)

    return Explorer("clusters", record, choices, fig, update)


def _is_kmeans(model):
    return _is_known(model) and type(model).__name__ == "KMeans"


def _is_known(model):
    """Whether em.js knows the model."""
    return type(model).__name__ in KNOWN and type(model).__module__.startswith("emlib.models.")


def _moment(x, trace, at):
    """The snapshot of `trace` at iteration `at`; where that is a half, with the centres moved and nothing assigned."""
    if at == int(at):
        return trace[int(at)]
    statistics, _ = trace.model.e_step(x, trace[int(at)].params)
    moved = trace[int(at) + 1].params
    return Snapshot(at, moved, trace.model.q(moved, statistics))


def _recorded(x, key, trace, stops):
    """What the page is told of a run: the model, and lists of what its moments at the `stops` of the slider have.

    The last moment is always among them. Centres that have not moved since the moment before are left out.
    """
    model, last, known = trace.model, trace.iterations, _is_known(trace.model)
    at = [stop for stop in stops if stop < last and (_is_kmeans(model) or stop == int(stop))] + [last]
    moments = [_moment(x, trace, t) for t in at]
    params = [moment.params for moment in moments]
    run = {
        "key": key,
        "model": {"kind": type(model).__name__, **vars(model)} if known else {"kind": "other"},
        "converged": trace.converged,
        "reason": trace.reason,
        "iteration": at,
        "objective": [cut(moment.objective, 12) for moment in moments],
        "means": [
            None if before is own else cut(own.means) for before, own in zip([None, *params], params, strict=False)
        ],
    }
    if hasattr(model, "full_covariances"):
        run["weights"] = [cut(own.weights) for own in params]
        if known and model.covariance_type in ("diag", "spherical"):
            run["variances"] = [cut(own.covariances) for own in params]
        else:
            # A factor whose digits are cut is still the factor of a covariance. Its rows lie one after another.
            rows = np.tril_indices(x.shape[1])
            factors = [np.linalg.cholesky(model.full_covariances(own))[:, *rows] for own in params]
            tied = known and model.covariance_type == "tied"
            run["factors"] = [cut(own[0] if tied else own) for own in factors]
    if not known:
        run["responsibilities"] = [cut(model.posterior(x, own), 4) for own in params]
    elif hasattr(model, "full_covariances"):
        run["free"] = len(model.free(trace.params))
    return run


def _draw_data(ax, x, means, feature_names):
    """Draw `x` on `ax`, and return a function that draws a moment of a run over it."""
    ax.set_xlabel(feature_names[0])
    if x.shape[1] == 2:
        ax.set_ylabel(feature_names[1])
        points = plots.scatter(ax, x)
        limits = ax.axis()
        ellipses = plots.ellipses(ax, means, np.tile(np.eye(2), (len(means), 1, 1)))
        shapes = [ellipses.polygons]

        def place(means):
            return means

        def draw_shapes(params, covariances):
            ellipses.update(params.means, covariances)

    else:
        plots.histogram(ax, x[:, 0])
        top = ax.get_ylim()[1]
        ax.set_yticks([tick for tick in ax.get_yticks() if 0 <= tick <= top])
        ax.set_ylim(-0.25 * top, 1.3 * top)
        # The points lie in a strip below the histogram, spread over its height so that they can be told apart.
        heights = -top * (0.05 + 0.15 * (np.arange(1, len(x) + 1) * 0.6180339887498949 % 1))
        points = plots.scatter(ax, np.column_stack([x[:, 0], heights]))
        limits = ax.axis()
        shapes = density = plots.density_1d(
            ax, np.linspace(*limits[:2], 400), np.full(len(means), 1 / len(means)), means, np.ones(len(means))
        )

        def place(means):
            return np.column_stack([means[:, 0], np.full(len(means), -0.125 * top)])

        def draw_shapes(params, covariances):
            density.update(params.weights, params.means, covariances)

    ax.axis(limits)
    regions = plots.voronoi(ax, place(means))
    trails = plots.path(ax, place(means)[None])
    centres = plots.centres(ax, place(means))
    ax.axis(limits)

    def draw(trace, at, responsibilities):
        moved = int(np.ceil(at))
        params = trace[moved].params
        points.update(responsibilities=responsibilities)
        trails.update(np.array([place(snapshot.params.means) for snapshot in trace.snapshots[: moved + 1]]))
        centres.update(place(params.means))
        mixture = hasattr(trace.model, "full_covariances")
        certain = not mixture and np.isin(responsibilities, (0, 1)).all()
        for shape in shapes:
            shape.set_visible(mixture)
        regions.polygons.set_visible(certain)
        if mixture:
            draw_shapes(params, trace.model.full_covariances(params))
        if certain:
            regions.update(place(params.means))

    return draw


def _describe(values, moment, trace, responsibilities, feature_names, objective):
    said = [f"{name} {value}" if isinstance(value, str) else f"{name} = {value:g}" for name, value in values.items()]
    at = moment.iteration
    said.append(f"iteration {_halves(at)} of {trace.iterations}")
    if _is_kmeans(trace.model):
        said.append("after assigning" if at == int(at) else "after moving the centres")
    end = ""
    if at == trace.iterations:
        end = ", converged" if trace.converged else f". The run ends here: {trace.reason}"
    headline = f"{', '.join(said)}: {objective} {two(moment.objective)}{end}."
    places = [", ".join(f"{value:.3g}" for value in mean) for mean in moment.params.means]
    shares = [
        f"{k} holds {share:.0%} around ({place})".replace("-", "\N{MINUS SIGN}")
        for k, (share, place) in enumerate(zip(responsibilities.mean(axis=0), places, strict=True), start=1)
    ]
    ends = [two(snapshot.objective) for snapshot in (trace[0], trace[-1])]
    return (
        f"{headline}\nThe {len(responsibilities)} points by {' and '.join(feature_names)}: component "
        f"{'; '.join(shares)}.\nThe curve beside them leads from {objective} {ends[0]} at iteration 0 to {ends[1]} at "
        f"iteration {trace.iterations}."
    )


def _halves(at):
    """3.5 as 3½."""
    return str(at) if at == int(at) else f"{int(at) or ''}½"


def _by_tuple(runs, names):
    """`runs` with tuples for keys, checked against `names`."""
    if not names or "iteration" in names or len(set(names)) < len(names):
        raise ValueError(
            f"names is {names}; name once each thing that the runs differ in ('iteration' comes by itself)"
        )
    if not hasattr(runs, "items") or not runs:
        raise ValueError(f"runs is {runs!r}; it must be a dict with at least one Trace")
    tuples = {key if isinstance(key, tuple) else (key,): trace for key, trace in runs.items()}
    for key in tuples:
        if len(key) != len(names):
            raise ValueError(f"runs has the key {key!r}; its {len(key)} values do not match the names {names}")
    columns = [list(dict.fromkeys(column)) for column in zip(*tuples, strict=True)]
    for key in itertools.product(*columns):
        if key not in tuples:
            raise ValueError(f"runs has no {key!r}, for {names}; every combination must be there")
    return tuples


def _check(x, key, trace):
    if not all(hasattr(trace, name) for name in ("model", "snapshots", "converged")):
        raise TypeError(
            f"runs[{key!r}] is a {type(trace).__name__}; give a Trace, such as "
            "emlib.Trace(model, tuple(snapshots), False, 'why it stops')"
        )
    if not trace.snapshots:
        raise ValueError(f"runs[{key!r}] has no snapshot; a run has at least its start")
    if not hasattr(trace[0].params, "means"):
        raise TypeError(
            f"the parameters of runs[{key!r}] have no means to draw; use sliders with a picture of your own"
        )
    within_palette(len(trace[0].params.means))
    objective = e_step(trace.model, x, trace[0].params)[1]
    if not np.isclose(objective, trace[0].objective, rtol=1e-6):
        raise ValueError(
            f"runs[{key!r}] begins with the objective {trace[0].objective:.6g}; on x it is {objective:.6g}: give the x "
            "that the run was fitted to"
        )
