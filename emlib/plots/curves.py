"""Pictures of one variable: histogram, density, the objective over the iterations, responsibilities as bars."""

from typing import NamedTuple

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.container import BarContainer
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation
from matplotlib.ticker import MaxNLocator

from emlib import checks
from emlib.plots.style import HATCHES, INK, LINE_COLOURS, LINE_STYLES, MUTED, PALETTE, PAPER, within_palette


def histogram(ax, x, bins=24):
    """Draw the histogram of `x` (N,), scaled to area 1 so that a density can be laid over it.

    Returns
    -------
    matplotlib.container.BarContainer
    """
    x = checks.array(x, "x", ndim=1)
    _, _, bars = ax.hist(x, bins=bins, density=True, color="#D9DDE2", edgecolor=PAPER, linewidth=1.0, zorder=1)
    ax.set_ylabel("density")
    ax.grid(visible=False, axis="x")
    return bars


class Density(NamedTuple):
    """A one-dimensional mixture: artists of `density_1d`."""

    total: Line2D
    components: LineCollection
    fills: PolyCollection

    def update(self, weights, means, variances):
        """Draw the density of other parameters, each of size K, over the same grid."""
        weights = checks.weights(weights)
        n_components = within_palette(len(weights))
        means = _one_each(means, "means", n_components)
        variances = _one_each(variances, "variances", n_components)
        if variances.min() <= 0:
            raise ValueError(f"variances holds {variances.min():g}; every variance must be positive")
        grid = self.total.get_xdata()
        heights = np.exp(-((grid - means) ** 2) / (2 * variances)) / np.sqrt(2 * np.pi * variances)
        heights *= weights[:, None]
        floor = np.zeros_like(grid)
        self.total.set_ydata(heights.sum(axis=0))
        self.components.set_segments([np.column_stack([grid, height]) for height in heights])
        self.components.set_color(list(LINE_COLOURS[:n_components]))
        self.components.set_linestyle(list(LINE_STYLES[:n_components]))
        self.fills.set_verts([np.column_stack([np.r_[grid, grid[::-1]], np.r_[height, floor]]) for height in heights])
        self.fills.set_facecolors(list(PALETTE[:n_components]))


def density_1d(ax, grid, weights, means, variances):
    """Draw a mixture of K Gaussians on a line: the total in ink, each weighted component in its colour.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    grid : array (M,)
        Where to evaluate it.
    weights, means, variances : array of size K
        Shapes such as (K, 1) or (K, 1, 1), the parameters of a model with one feature, are welcome.

    Returns
    -------
    Density
        `update(weights, means, variances)` redraws it.
    """
    grid = checks.array(grid, "grid", ndim=1)
    (total,) = ax.plot(grid, np.zeros_like(grid), color=INK, linestyle="-", linewidth=2.2, zorder=3)
    components = ax.add_collection(LineCollection([], linewidths=2, zorder=2.5), autolim=False)
    fills = ax.add_collection(PolyCollection([], alpha=0.16, linewidths=0, zorder=2), autolim=False)
    drawn = Density(total, components, fills)
    drawn.update(weights, means, variances)
    ax.relim()
    ax.autoscale_view()
    ax.set_ylim(bottom=0)
    return drawn


class ObjectiveCurve(NamedTuple):
    """The objective over the iterations: artists of `objective_curve`."""

    line: Line2D
    current: Line2D
    note: Annotation

    def update(self, at, objectives=None):
        """Mark iteration `at` (None marks nothing); other `objectives` (T,) replace the curve."""
        if objectives is not None:
            objectives = checks.array(objectives, "objectives", ndim=1)
            self.line.set_data(np.arange(len(objectives)), objectives)
            # the old mark would keep the old limits
            self.current.set_data([], [])
            ax = self.line.axes
            ax.relim()
            ax.autoscale_view()
        shown = at is not None
        self.current.set_visible(shown)
        self.note.set_visible(shown)
        if shown:
            objectives = self.line.get_ydata()
            at = checks.integer(at, "at", minimum=0, maximum=len(objectives) - 1)
            self.current.set_data([at], [objectives[at]])
            self.note.set_text(f"t = {at}:  {objectives[at]:.2f}".replace("-", "\N{MINUS SIGN}"))


def objective_curve(ax, objectives, at=None, label="log-likelihood"):
    """Draw the objective of every iteration and mark the one that the rest of the figure shows.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    objectives : array (T,)
        The objective of iteration 0, 1, …
    at : int, optional
        The iteration to mark, with its number and value in the lower right corner.
    label : str
        What the objective is called.

    Returns
    -------
    ObjectiveCurve
        `update(at, objectives=None)` moves the mark.
    """
    (line,) = ax.plot([], [], color=MUTED, linestyle="-", linewidth=1.6, marker=".", markersize=6, zorder=2)
    (current,) = ax.plot(
        [], [], linestyle="none", marker="o", markersize=10, color=PALETTE[1], markeredgecolor=INK, zorder=3
    )
    note = ax.annotate(
        "",
        (1, 0),
        xycoords="axes fraction",
        xytext=(-6, 8),
        textcoords="offset points",
        ha="right",
        weight="bold",
        path_effects=[withStroke(linewidth=3.5, foreground=PAPER)],
    )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="iteration t", ylabel=label)
    curve = ObjectiveCurve(line, current, note)
    curve.update(at, objectives)
    return curve


class ResponsibilityBars(NamedTuple):
    """One stacked bar per point: artists of `responsibility_bars`."""

    components: tuple[BarContainer, ...]

    def update(self, responsibilities):
        """Redraw the bars for other `responsibilities` of the same shape."""
        shape = (len(self.components[0]), len(self.components))
        responsibilities = checks.array(responsibilities, "responsibilities", shape=shape)
        lefts = np.cumsum(responsibilities, axis=1) - responsibilities
        for k, bars in enumerate(self.components):
            for bar, left, width in zip(bars, lefts[:, k], responsibilities[:, k], strict=True):
                bar.set_x(left)
                bar.set_width(width)


def responsibility_bars(ax, responsibilities):
    """Draw the responsibilities of a few points as stacked bars of length 1, the first point on top.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    responsibilities : array (N, K)
        Up to about 30 points can be read.

    Returns
    -------
    ResponsibilityBars
        `update(responsibilities)` redraws them.
    """
    responsibilities = checks.array(responsibilities, "responsibilities", ndim=2)
    n, n_components = responsibilities.shape
    within_palette(n_components)
    drawn = ResponsibilityBars(
        tuple(
            ax.barh(
                range(1, n + 1),
                np.zeros(n),
                height=0.72,
                color=PALETTE[k],
                edgecolor=PAPER,
                hatch=HATCHES[k],
                linewidth=1.2,
            )
            for k in range(n_components)
        )
    )
    drawn.update(responsibilities)
    ax.set(xlim=(0, 1), ylim=(n + 0.6, 0.4), xlabel="responsibility", ylabel="point n")
    ax.yaxis.set_major_locator(MaxNLocator(nbins=12, integer=True))
    ax.grid(visible=False, axis="y")
    return drawn


def _one_each(value, name, n_components):
    value = checks.array(value, name)
    if value.size != n_components:
        raise ValueError(f"{name} has {value.size} values for {n_components} weights")
    return value.reshape(-1, 1)
