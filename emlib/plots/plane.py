"""Pictures in the plane of two features: points, centres, borders, ellipses and surfaces.

Every function takes an `Axes` and arrays and returns its artists in a small tuple. Where the picture can move,
the tuple has an `update` that takes new arrays, even for another number of components, and touches nothing else.
"""

from typing import NamedTuple

import numpy as np
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.contour import QuadContourSet
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation

from emlib import checks
from emlib.plots.style import (
    INK,
    LINE_COLOURS,
    LINE_STYLES,
    MARKER_PATHS,
    MUTED,
    OUTLINES,
    PALETTE,
    PAPER,
    within_palette,
)

_FILLS = np.array([to_rgb(colour) for colour in PALETTE])
_EDGES = np.array([to_rgb(colour) for colour in LINE_COLOURS])
_OUTLINES = np.array([to_rgb(colour) for colour in OUTLINES])
_PAPER = np.array(to_rgb(PAPER))
_SURFACE = LinearSegmentedColormap.from_list("paper to slate", [PAPER, "#D5DEE6", "#93A9BC"])


class Points(NamedTuple):
    """The data points: artists of `scatter`."""

    collection: PathCollection

    def update(self, x=None, labels=None, responsibilities=None):
        """Move the points to `x` and colour them anew; what is not given stays."""
        if x is not None:
            self.collection.set_offsets(_planar(x, "x"))
        if labels is None and responsibilities is None:
            return
        n = len(self.collection.get_offsets())
        shares = _shares(labels, responsibilities, n)
        n_components = shares.shape[1]
        hard = shares.argmax(axis=1)
        # 0 for a point that belongs to one component, 1 for one that all components share alike
        doubt = (1 - shares.max(axis=1, keepdims=True)) / (1 - 1 / max(n_components, 2))
        self.collection.set_paths([MARKER_PATHS[k] for k in hard])
        self.collection.set_facecolors((1 - doubt) * (shares @ _FILLS[:n_components]) + doubt * _PAPER)
        self.collection.set_edgecolors(shares @ _OUTLINES[:n_components])


def scatter(ax, x, labels=None, responsibilities=None, size=34):
    """Draw the points `x`, each in the colour and with the marker of its component.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x : array (N, 2)
    labels : int array (N,), optional
        Hard assignment, 0 … K − 1.
    responsibilities : array (N, K), optional
        Soft assignment: the colours are mixed in these shares, the marker is that of the largest, and the less
        decided a point is, the emptier. Give this or `labels`; with neither, all points are grey.
    size : float
        Area of a marker, in points squared.

    Returns
    -------
    Points
        `update(x=None, labels=None, responsibilities=None)` moves and recolours them.
    """
    x = _planar(x, "x")
    points = Points(ax.scatter(*x.T, s=size, color=MUTED, edgecolors=PAPER, linewidths=0.8, zorder=2))
    points.update(labels=labels, responsibilities=responsibilities)
    return points


class Centres(NamedTuple):
    """Numbered centres: artists of `centres`."""

    markers: PathCollection
    numbers: tuple[Annotation, ...]

    def update(self, means):
        """Move the centres to `means` (K, 2)."""
        means = _planar(means, "means")
        n_components = within_palette(len(means))
        self.markers.set_offsets(means)
        self.markers.set_paths(MARKER_PATHS[:n_components])
        self.markers.set_facecolors(_FILLS[:n_components])
        for k, number in enumerate(self.numbers):
            number.set_visible(k < n_components)
            if k < n_components:
                number.xy = means[k]


def centres(ax, means, size=170):
    """Draw the centres as large outlined markers, with their numbers 1 … K beside them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    means : array (K, 2)
    size : float
        Area of a marker, in points squared.

    Returns
    -------
    Centres
        `update(means)` moves them.
    """
    means = _planar(means, "means")
    markers = ax.scatter(*means.T, s=size, linewidths=1.6, edgecolors=INK, zorder=5)
    markers.set_path_effects([withStroke(linewidth=5, foreground=PAPER)])
    numbers = tuple(
        ax.annotate(
            str(k),
            (0, 0),
            xytext=(10, 7),
            textcoords="offset points",
            weight="bold",
            size=12,
            color=INK,
            zorder=6,
            path_effects=[withStroke(linewidth=3.5, foreground=PAPER)],
        )
        for k in range(1, len(PALETTE) + 1)
    )
    drawn = Centres(markers, numbers)
    drawn.update(means)
    return drawn


class Trails(NamedTuple):
    """Where the centres have been: artists of `path`."""

    lines: LineCollection
    steps: PathCollection

    def update(self, history):
        """Draw the trails of `history` (T, K, 2); `history[: t + 1]` shows them up to iteration t."""
        history = checks.array(history, "history", ndim=3)
        _two_columns(history, "history")
        n_components = within_palette(history.shape[1])
        self.lines.set_segments(history.transpose(1, 0, 2))
        self.lines.set_color(_EDGES[:n_components])
        self.steps.set_offsets(history.reshape(-1, 2))
        self.steps.set_facecolors(np.tile(_EDGES[:n_components], (len(history), 1)))


def path(ax, history):
    """Draw the way each centre has gone, with a dot for every iteration.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    history : array (T, K, 2)
        The means of every iteration.

    Returns
    -------
    Trails
        `update(history)` lengthens or shortens them.
    """
    halo = [withStroke(linewidth=4, foreground=PAPER)]
    lines = ax.add_collection(LineCollection([], linewidths=1.8, zorder=3, path_effects=halo), autolim=False)
    steps = ax.scatter([], [], s=16, linewidths=0.6, edgecolors=PAPER, zorder=4)
    trails = Trails(lines, steps)
    trails.update(history)
    return trails


class Regions(NamedTuple):
    """The part of the plane nearest to each centre: artists of `voronoi`."""

    polygons: PolyCollection

    def update(self, means):
        """Draw the regions of `means` (K, 2) within the present limits of the axes."""
        means = _planar(means, "means")
        n_components = within_palette(len(means))
        ax = self.polygons.axes
        (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
        box = np.array([[left, bottom], [right, bottom], [right, top], [left, top]])
        self.polygons.set_verts([_region(means, k, box) for k in range(n_components)])
        self.polygons.set_facecolors(_PAPER + 0.13 * (_FILLS[:n_components] - _PAPER))


def voronoi(ax, means):
    """Shade the part of the plane that is nearer to each centre than to any other, and draw the borders.

    The borders are exact: the box of the axes, cut by the line halfway between every two centres. Call this
    when the limits of the axes are settled.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    means : array (K, 2)

    Returns
    -------
    Regions
        `update(means)` moves the borders.
    """
    limits = ax.axis()
    polygons = PolyCollection([], edgecolors=MUTED, linewidths=1.2, zorder=0.6)
    regions = Regions(ax.add_collection(polygons, autolim=False))
    ax.axis(limits)
    regions.update(means)
    return regions


def _region(means, k, polygon):
    """Return the part of the convex `polygon` (M, 2) that is no nearer to any other mean than to means[k]."""
    for j in range(len(means)):
        normal = means[j] - means[k]
        if not normal.any():
            continue
        depth = (polygon - (means[k] + means[j]) / 2) @ normal
        kept = []
        for here, there, a, b in zip(polygon, np.roll(polygon, -1, axis=0), depth, np.roll(depth, -1), strict=True):
            if a <= 0:
                kept.append(here)
            if (a < 0 < b) or (b < 0 < a):
                kept.append(here + a / (a - b) * (there - here))
        polygon = np.array(kept).reshape(-1, 2)
    return polygon


class Ellipses(NamedTuple):
    """Curves of equal density: artists of `ellipses`."""

    polygons: PolyCollection
    levels: tuple[float, ...]

    def update(self, means, covariances):
        """Draw the ellipses of other `means` (K, 2) and `covariances` (K, 2, 2)."""
        means = _planar(means, "means")
        n_components = within_palette(len(means))
        covariances = checks.array(covariances, "covariances", shape=(n_components, 2, 2))
        angles = np.linspace(0, 2 * np.pi, 73)
        circle = np.column_stack([np.cos(angles), np.sin(angles)])
        outlines, colours, styles = [], [], []
        for k, (mean, covariance) in enumerate(zip(means, covariances, strict=True)):
            if np.abs(covariance - covariance.T).max() > 1e-8 * np.abs(covariance).max():
                raise ValueError(f"covariances[{k}] is not symmetric; a covariance must be")
            variances, directions = np.linalg.eigh(covariance)
            if variances[0] < 0:
                raise ValueError(f"covariances[{k}] has the negative eigenvalue {variances[0]:.3g}")
            unit = circle * np.sqrt(variances) @ directions.T
            outlines += [mean + level * unit for level in self.levels]
            colours += [_EDGES[k]] * len(self.levels)
            styles += [LINE_STYLES[k]] * len(self.levels)
        self.polygons.set_verts(outlines)
        self.polygons.set_edgecolors(colours)
        self.polygons.set_facecolors(np.column_stack([colours, np.full(len(colours), 0.09)]))
        self.polygons.set_linestyles(styles)


def ellipses(ax, means, covariances, levels=(1, 2)):
    """Draw, for each Gaussian, the ellipses at the given numbers of standard deviations.

    In the plane the ellipse at 1 holds 39 % of a component, the one at 2 holds 86 %.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    means : array (K, 2)
    covariances : array (K, 2, 2)
        Full matrices, whatever the family of the model.
    levels : sequence of float
        Mahalanobis distances from the mean.

    Returns
    -------
    Ellipses
        `update(means, covariances)` moves them.
    """
    polygons = PolyCollection([], linewidths=1.8, zorder=3)
    drawn = Ellipses(ax.add_collection(polygons, autolim=False), tuple(levels))
    drawn.update(means, covariances)
    ax.update_datalim(np.vstack([outline.vertices for outline in polygons.get_paths()]))
    ax.autoscale_view()
    return drawn


class Contours(NamedTuple):
    """A surface seen from above: artists of `contours`."""

    shades: QuadContourSet
    lines: QuadContourSet


def contours(ax, function, levels=12, resolution=100):
    """Draw a function of the plane by its contour lines, darker where it is larger.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Its present limits are the part of the plane that is drawn.
    function : callable
        Takes points (M, 2), returns values (M,): a density, or a log-likelihood over two parameters.
    levels : int or increasing sequence of float
        How many contour lines, or at which values.
    resolution : int
        Grid points along each axis.

    Returns
    -------
    Contours
    """
    if not callable(function):
        raise TypeError(f"function is {function!r}; it must be a function of points (M, 2) that returns values (M,)")
    first = np.linspace(*ax.get_xlim(), resolution)
    second = np.linspace(*ax.get_ylim(), resolution)
    grid = np.column_stack([axis.ravel() for axis in np.meshgrid(first, second)])
    values = checks.array(function(grid), "the values of function", shape=(resolution**2,))
    values = values.reshape(resolution, resolution)
    shades = ax.contourf(first, second, values, levels=levels, cmap=_SURFACE, extend="both", zorder=0.6)
    lines = ax.contour(
        first, second, values, levels=shades.levels, linestyles="solid", colors=MUTED, linewidths=0.7, zorder=0.7
    )
    return Contours(shades, lines)


def _planar(value, name):
    value = checks.array(value, name, ndim=2)
    _two_columns(value, name)
    return value


def _two_columns(value, name):
    if value.shape[-1] != 2:
        raise ValueError(f"{name} has {value.shape[-1]} features; a picture needs two, for example {name}[..., [0, 1]]")


def _shares(labels, responsibilities, n):
    if labels is not None and responsibilities is not None:
        raise ValueError("labels and responsibilities are both given; points are coloured by one of them")
    if responsibilities is not None:
        shares = checks.array(responsibilities, "responsibilities", ndim=2)
        if len(shares) != n:
            raise ValueError(f"responsibilities has {len(shares)} rows for {n} points")
        if shares.min() < 0 or np.abs(shares.sum(axis=1) - 1).max() > 1e-6:
            raise ValueError("responsibilities has a row with a negative entry, or whose sum is not 1")
        within_palette(shares.shape[1])
        return shares
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu" or labels.shape != (n,):
        raise ValueError(f"labels has dtype {labels.dtype} and shape {labels.shape}; it needs {n} integers")
    if labels.min() < 0:
        raise ValueError(f"labels holds {labels.min()}; components are numbered from 0")
    return np.eye(within_palette(labels.max() + 1))[labels]
