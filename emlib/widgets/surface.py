"""The log-likelihood over the plane of two means, and the ways that EM and gradient ascent climb it.

The contours and where EM leads from everywhere are recorded; the two ways from the chosen start are computed in the
page (script/surface.js) as they are here.
"""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from emlib import checks, plots
from emlib.plots.style import within_palette
from emlib.widgets.explorer import Explorer, cut, said, stops, two

#: A way ends where no mean moves by more than this share of the axis, or after so many steps.
STILL, LONGEST = 1e-6, 200
#: Contours, the lower the further apart, on a grid of so many places each way; marks of where EM leads, each way.
LEVELS, GRID, MARKS = 14, 113, 28
#: Places nearer to each other than this share of the axis are one.
SAME = 0.005
SHOWN = ("ways only", "basins", "mirrored start")
SADDLE = "a saddle"


class Plane(NamedTuple):
    """A mixture of two normal distributions of which only the means are free, and the data it is to describe.

    Attributes
    ----------
    values, times : (M,)
        The data: what occurs, and how often.
    weights, variances : (2,)
    """

    values: np.ndarray
    times: np.ndarray
    weights: np.ndarray
    variances: np.ndarray

    def log_joint(self, k, mu):
        """log τ_k + log Normal(x; μ, σ_k²) for every value and every one of `mu`, (…, M)."""
        squares = (self.values - np.asarray(mu)[..., None]) ** 2
        return np.log(self.weights[k]) - (np.log(2 * np.pi * self.variances[k]) + squares / self.variances[k]) / 2

    def look(self, mu):
        """At pairs of means (…, 2): ℓ (…), the expected counts (…, 2) and the means weighted by them (…, 2)."""
        joint = np.stack([self.log_joint(k, mu[..., k]) for k in (0, 1)], axis=-2)
        log_density = np.logaddexp(*np.moveaxis(joint, -2, 0))
        r = np.exp(joint - log_density[..., None, :]) * self.times
        counts = r.sum(axis=-1)
        # a component so far off that it gets nothing stays where it is
        shifts = (r * (self.values - mu[..., None])).sum(axis=-1) / np.where(counts > 0, counts, 1.0)
        return log_density @ self.times, counts, mu + shifts

    def step(self, mu, eta=None):
        """The next means by EM, or by a step of gradient ascent, μ + η ∂ℓ/∂μ."""
        _, counts, means = self.look(mu)
        return means if eta is None else mu + eta * counts / self.variances * (means - mu)

    def way(self, start, span, eta=None):
        """From `start` (2,) to where it ends: the means (T, 2), and whether they came to rest."""
        way = [np.asarray(start, float)]
        while len(way) <= LONGEST:
            way.append(self.step(way[-1], eta))
            if np.abs(way[-1] - way[-2]).max() <= STILL * span:
                return np.array(way), True
        return np.array(way), False


class Place(NamedTuple):
    """A place where EM stays: the means there, ℓ, and in words what it is."""

    means: np.ndarray
    ell: float
    words: str


def surface(x, fixed, axis, *, etas=(0.02, 0.05, 0.1, 0.2, 0.5), name="log-likelihood"):
    """Show ℓ over the plane of the two means of a mixture, and EM beside gradient ascent from wherever one points.

    Parameters
    ----------
    x : array (N, 1)
    fixed : dict of emlib.GaussianMixtureParams by name
        Two components over one feature, of any family. Their weights and variances are held; the means are free.
        Several give a drop-down list.
    axis : increasing sequence of float
        The values of each mean to start from; the first and the last are the ends of both axes.
    etas : sequence of float
        Step sizes η of gradient ascent, in the unit of `x` squared.
    name : str
        What ℓ is called.

    Returns
    -------
    Explorer
        With the traits ``model`` (if there are several), ``mu1``, ``mu2``, ``eta``, ``iteration`` and ``show``.

    Raises
    ------
    ValueError
        If `x` has more than one feature, an entry of `fixed` has not two components, or `axis` does not increase.
    """
    x = checks.data(x, n_features=1)
    axis = checks.array(axis, "axis", ndim=1)
    if len(axis) < 2 or np.diff(axis).min() <= 0:
        raise ValueError("axis does not increase; give two or more values in order, such as range(42, 99)")
    values, times = np.unique(x, return_counts=True)
    planes = {key: _plane(key, params, values, times) for key, params in fixed.items()}
    ends = axis[0], axis[-1]
    maps = {key: _Map(plane, *ends) for key, plane in planes.items()}
    choices = {"model": list(planes)} if len(planes) > 1 else {}
    choices |= {"mu1": cut(axis, 12), "mu2": cut(axis, 12), "eta": list(etas), "iteration": stops(LONGEST)}
    choices["show"] = list(SHOWN)
    record = {
        "name": name,
        "ends": cut(ends, 12),
        "still": STILL,
        "longest": LONGEST,
        "same": SAME,
        "values": values.tolist(),
        "times": times.tolist(),
        "models": [
            {
                "key": key,
                "weights": plane.weights.tolist(),
                "variances": plane.variances.tolist(),
                "contours": maps[key].outlines(),
                "places": [[cut(place.means, 12), place.words] for place in maps[key].places],
                "marks": cut(maps[key].marks, 12),
                "leads": "".join(map(str, maps[key].leads.ravel())),
                "words": maps[key].words,
            }
            for key, plane in planes.items()
        ],
    }
    first = next(iter(planes))
    fig = Figure(figsize=(8.6, 4.6))
    draw = _draw(fig, ends, name)

    def update(mu1, mu2, eta, iteration, show, model=first):
        plane, span = planes[model], ends[1] - ends[0]
        ways = {"EM": plane.way([mu1, mu2], span), "gradient": plane.way([mu1, mu2], span, eta)}
        if show == SHOWN[2]:
            ways["mirrored"] = plane.way([mu2, mu1], span)
        chart = maps[model]
        draw(plane, chart, ways, iteration, show == SHOWN[1])
        model = model if len(planes) > 1 else ""
        return _describe(model, plane, chart, ways, eta, iteration, name, show == SHOWN[1])

    titles = {"mu1": "μ₁", "mu2": "μ₂", "eta": "η"}
    return Explorer("surface", record, choices, fig, update, titles)


def _plane(key, params, values, times):
    weights = checks.array(params.weights, f"the weights of {key!r}", shape=(2,))
    variances = checks.array(params.covariances, f"the covariances of {key!r}")
    if variances.size > 2 or variances.min() <= 0:
        raise ValueError(f"the covariances of {key!r} are no variances of two components over one feature")
    return Plane(values, times, weights, np.broadcast_to(variances.ravel(), 2))


class _Map:
    """What stands still of one model: the surface, where EM stays, and to which of these places it leads."""

    def __init__(self, plane, low, high):
        self.ends, span = (low, high), high - low
        self.axis = np.linspace(low, high, GRID)
        first, second = plane.log_joint(0, self.axis), plane.log_joint(1, self.axis)
        self.heights = np.logaddexp(first[None, :, :], second[:, None, :]) @ plane.times
        self.marks = low + span * (np.arange(MARKS) + 0.5) / MARKS
        mu = np.stack(np.meshgrid(self.marks, self.marks), axis=-1).reshape(-1, 2)
        moving = np.full(len(mu), True)
        for _ in range(5 * LONGEST):
            after = plane.step(mu[moving])
            moved = np.abs(after - mu[moving]).max(axis=1) > STILL * span
            mu[moving] = after
            moving[moving] = moved
            if not moving.any():
                break
        found = []
        for end in mu:
            if not any(np.abs(end - other).max() < SAME * span for other in found):
                found.append(end)
        within_palette(len(found))
        ell = plane.look(np.array(found))[0]
        order = np.lexsort(([means[0] for means in found], -ell.round(6)))
        self.places = [Place(found[i], ell[i], "") for i in order]
        self.places = [place._replace(words=self._called(plane, place, span)) for place in self.places]
        self.leads = np.abs(mu[:, None] - [place.means for place in self.places]).sum(axis=-1).argmin(axis=1)
        best = self.places[0].ell
        self.levels = best - (best - self.heights.min()) * (np.arange(LEVELS, 0, -1) / (LEVELS + 1)) ** 2
        listed = "; ".join(f"{_pair(place.means)}, {place.words}" for place in self.places)
        self.words = (
            f"Contours of ℓ over the plane of μ₁ and μ₂, between {said(low)} and {said(high)}. EM stays at {listed}."
        )

    def _called(self, plane, place, span):
        around = np.array([(np.cos(a), np.sin(a)) for a in np.arange(16) * np.pi / 8])
        if plane.look(place.means + 0.01 * span * around)[0].max() > place.ell:
            return SADDLE
        peaks = [other.ell for other in self.places]
        lower = max(peaks) - place.ell
        if lower > 0.005:
            return f"a peak lower by {two(lower)}"
        alike = sum(max(peaks) - ell <= 0.005 for ell in peaks)
        return "the highest peak" if alike == 1 else f"one of {alike} highest peaks"

    def name(self, means):
        """In words, which place it is."""
        near = [place.words for place in self.places if np.abs(place.means - means).max() < SAME * np.ptp(self.ends)]
        return near[0] if near else "a place beside the map's"

    def outlines(self):
        """For every level, the outline of what lies above it, as an SVG path in thousandths of the axes."""
        axes = Figure().subplots()
        thousandths = np.linspace(0, 1000, GRID)
        parts = []
        for level in self.levels:
            above = axes.contourf(thousandths, thousandths, self.heights, levels=[level, self.heights.max() + 1])
            rings = []
            for ring in above.get_paths()[0].to_polygons():
                points = ring.round().astype(int)
                steps = np.diff(points, axis=0)
                steps = steps[steps.any(axis=1)]
                rings.append(f"M{points[0, 0]} {points[0, 1]}l{' '.join(f'{a} {b}' for a, b in steps)}z")
            parts.append("".join(rings).replace(" -", "-"))
        return parts


def _draw(fig, ends, name):
    """Return a function that draws the map of a model with the ways that are given."""
    left, right = fig.subplots(1, 2, width_ratios=[3, 2])
    looks = {
        "EM": {"color": plots.INK, "ls": "-", "marker": "o", "ms": 4, "label": "EM"},
        "gradient": {"color": plots.LINE_COLOURS[3], "ls": "--", "marker": "D", "ms": 4, "label": "gradient ascent"},
        "mirrored": {"color": plots.INK, "ls": ":", "marker": "^", "ms": 4, "label": "EM, mirrored start"},
    }

    def draw(plane, chart, ways, iteration, marked):
        for ax in (left, right):
            ax.clear()
        left.set(xlim=ends, ylim=ends, aspect="equal", xlabel="μ₁", ylabel="μ₂")
        plots.contours(
            left, lambda mu: plane.look(mu)[0], levels=[*chart.levels, chart.places[0].ell + 1], resolution=GRID
        )
        left.plot(ends, ends, color=plots.INK, ls=":", lw=1)
        if marked:
            starts = np.stack(np.meshgrid(chart.marks, chart.marks), axis=-1).reshape(-1, 2)
            to_peak = np.array([place.words != SADDLE for place in chart.places])[chart.leads]
            plots.scatter(left, starts[to_peak], labels=chart.leads[to_peak], size=8)
        for k, place in enumerate(chart.places):
            look = {"marker": plots.MARKERS[k], "color": plots.PALETTE[k], "mec": plots.INK, "mew": 1.6}
            if place.words == SADDLE:
                look = {"marker": "x", "color": plots.INK, "mew": 3}
            left.plot(*place.means, ls="none", ms=11, zorder=5, **look)
        for key, (way, _) in ways.items():
            left.plot(*way[: iteration + 1].T, lw=1.8, zorder=6, **looks[key])
            if key != "mirrored":
                right.plot(plane.look(way)[0], lw=1.6, **looks[key])
                at = min(iteration, len(way) - 1)
                right.plot(
                    at, plane.look(way[at])[0], **{**looks[key], "ms": 9, "mec": plots.INK, "label": None}, zorder=5
                )
        left.plot(*ways["EM"][0][0], "o", mfc=plots.PAPER, mec=plots.INK, mew=2, ms=9, zorder=7)
        left.legend(loc="lower right")
        right.set(xlabel="iteration t", ylabel=name)

    return draw


def _pair(means):
    return f"({two(means[0])}, {two(means[1])})"


def _describe(model, plane, chart, ways, eta, iteration, name, marked):
    def told(key, called):
        way, settled = ways[key]
        last = len(way) - 1
        at = min(iteration, last)
        text = f"{called} at {_pair(way[at])}, ℓ = {two(plane.look(way[at])[0])}"
        if at == last:
            text += f", at rest after {last} steps: {chart.name(way[at])}" if settled else ", not at rest"
        return text

    start = ways["EM"][0][0]
    head = f"{model}, " if model else ""
    head += f"start ({said(start[0])}, {said(start[1])}), iteration {iteration}: {told('EM', 'EM')}; "
    head += told("gradient", f"gradient ascent with η = {said(eta)}")
    if "mirrored" in ways:
        head += f"; {told('mirrored', 'EM from the mirrored start')}"
    if marked:
        peaks = sum(place.words != SADDLE for place in chart.places)
        head += f"; the marks tell to which of {peaks} peaks EM leads from there"
    lasts = {key: (len(way) - 1, two(plane.look(way[-1])[0])) for key, (way, _) in ways.items()}
    return (
        f"{head}.\n{chart.words}\nThe curves beside them lead to {name} {lasts['EM'][1]} at iteration {lasts['EM'][0]} "
        f"by EM, and to {lasts['gradient'][1]} at iteration {lasts['gradient'][0]} by gradient ascent."
    )
