"""The numbers behind a figure, read back from what is drawn, for who cannot see it or wants a value.

Curves become columns, points rows, bars their heights. What would fill pages is told in short: of a dense curve some
points, of a cloud where each group lies, of an outline how far it reaches, of a surface its range. Shaded parts and
remarks are left out.
"""

import html
import itertools
from typing import NamedTuple

import numpy as np
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer
from matplotlib.contour import ContourSet
from matplotlib.lines import Line2D

from emlib.plots.style import INK, LINE_COLOURS, MARKER_PATHS, PALETTE

#: A longer list is thinned or told in short.
ROWS = 25
#: Significant digits of the largest number in a column; on a logarithmic axis, of every number.
DIGITS, LOG_DIGITS = 4, 3
COMPONENTS = {INK.lower(): "all together"} | {
    colour.lower(): f"component {k}" for colours in (PALETTE, LINE_COLOURS) for k, colour in enumerate(colours, start=1)
}
MARKER_NUMBERS = {id(path): k for k, path in enumerate(MARKER_PATHS)}
#: What can be drawn, by the name of what has no other name: curves take that of the axis.
NOUNS = ("", "path", "point", "points", "line", "outline")
SHAPES = {"o": "circle", "s": "square", "^": "triangle", "D": "diamond", "+": "plus", "x": "cross", "*": "star"}


class Table(NamedTuple):
    """A caption, the names of the columns, and rows of texts, each of which begins with its name."""

    caption: str
    head: tuple
    rows: tuple


class Series(NamedTuple):
    """Points (N, 2) that belong together. The name may be empty as long as the colour can still tell it."""

    name: str
    colour: str
    xy: np.ndarray


class Direction(NamedTuple):
    """What is measured along one side of the axes."""

    name: str
    log: bool

    def texts(self, values):
        """`values` as texts of equal precision; what is not finite is left empty."""
        values = np.asarray(values, dtype=float)
        finite = values[np.isfinite(values)]
        largest = np.abs(finite).max(initial=0)
        if self.log:
            texts = [f"{value:.{LOG_DIGITS}g}" for value in finite]
        else:
            decimals = max(0, DIGITS - 1 - int(np.floor(np.log10(largest)))) if largest > 0 else 0
            texts = [f"{value:.{decimals}f}" for value in np.round(finite, decimals) + 0.0]
            while decimals and all(text.endswith("0") for text in texts):
                texts, decimals = [text[:-1].rstrip(".") for text in texts], decimals - 1
        texts = iter(text.replace("-", "\N{MINUS SIGN}") for text in texts)
        return [next(texts) if np.isfinite(value) else "" for value in values]


def folded(fig):
    """Return the tables of `fig` as HTML in a closed fold; "" if there are none."""
    found = tables(fig)
    if not found:
        return ""
    return (
        '<details class="em-numbers"><summary>The numbers</summary><div role="region" aria-label="The numbers" '
        f'tabindex="0">{"".join(map(_html, found))}</div></details>'
    )


def _html(table):
    head, *rows = ([html.escape(cell) for cell in row] for row in (table.head, *table.rows))
    body = "".join(
        f"<tr><th scope=row>{name}</th>{''.join(f'<td>{v}</td>' for v in rest)}</tr>" for name, *rest in rows
    )
    return (
        f"<table><caption>{html.escape(table.caption)}</caption>"
        f"<thead><tr>{''.join(f'<th scope=col>{name}</th>' for name in head)}</tr></thead>"
        f"<tbody>{body}</tbody></table>\n"
    )


def tables(fig):
    """Return the numbers behind `fig` as a list of `Table`. What panels share, such as their data, comes once."""
    panels = {}
    for i, ax in enumerate(fig.axes, start=1):
        title = ax.get_title("left") or ax.get_title() or (f"panel {i}" if len(fig.axes) > 1 else "")
        for table in _of_panel(ax):
            panels.setdefault(table, []).append(title)
    return [
        table._replace(caption=f"{'; '.join(titles)}: {table.caption}".removeprefix(": "))
        for table, titles in panels.items()
    ]


def _of_panel(ax):
    """Yield the tables of one pair of axes."""
    across, up = _direction(ax, "x"), _direction(ax, "y")
    curves, paths, point, points, marks, outlines = (
        _named(kind, ax, noun) for noun, kind in _untangled(*_of_lines(ax), *_of_collections(ax)).items()
    )
    yield from _bars(ax, across, up)
    yield from _curves(curves, across, up)
    yield from _paths(paths, across, up)
    yield from _places(point + marks, across, up)
    yield from _extents("points, in short", points, across, up, cloud=True)
    yield from _extents("outlines", outlines, across, up, cloud=False)
    for surface in ax.collections:
        if isinstance(surface, ContourSet) and not surface.filled and len(surface.levels) > 1:
            least, greatest = Direction("", False).texts([surface.zmin, surface.zmax])
            levels = ", ".join(f"{level:.5g}" for level in surface.levels).replace("-", "\N{MINUS SIGN}")
            yield Table("the surface", ("", "height"), (("least", least), ("greatest", greatest), ("lines at", levels)))


# What is drawn


def _of_lines(ax):
    """Yield (kind, `Series`) for every line of `ax`."""
    for line in ax.lines:
        xy = np.column_stack(line.get_data(orig=False)).astype(float)
        series = Series(_label(line), to_hex(line.get_color()), xy)
        if line.get_transform() != ax.transData:
            if len(xy) == 2 and (xy[0] == xy[1]).sum() == 1:  # by axvline or axhline
                yield "line", series._replace(xy=np.where(xy[0] == xy[1], xy[0], np.nan)[None])
        elif len(xy) == 1:
            yield "line", series._replace(name=series.name or SHAPES.get(line.get_marker(), "mark"))
        elif _ascends(xy):
            yield "", series
        elif len(xy):
            yield ("path" if line.get_linestyle() != "None" else "point" if len(xy) <= ROWS else "points"), series


def _of_collections(ax):
    """Yield (kind, `Series`) for every set of lines, points or outlines in `ax`."""
    for collection in ax.collections:
        label, colours = _label(collection), [*map(to_hex, collection.get_edgecolor())] or [""]
        if isinstance(collection, PathCollection):
            kind = "point" if len(collection.get_offsets()) <= ROWS else "points"
            yield from ((kind, series) for series in _groups(collection))
        elif isinstance(collection, LineCollection):
            for colour, xy in zip(itertools.cycle(colours), collection.get_segments(), strict=False):
                yield ("" if _ascends(xy) else "path"), Series(label, colour, xy)
        elif isinstance(collection, PolyCollection) and collection.get_linewidth()[0] > 0:
            for colour, path in zip(itertools.cycle(colours), collection.get_paths(), strict=False):
                if len(path.vertices) > ROWS:  # an ellipse; the borders of regions are polygons
                    yield "outline", Series(label, colour, path.vertices)
        elif isinstance(collection, ContourSet) and not collection.filled and len(collection.levels) == 1:
            for path in collection.get_paths():  # the curve on which a function has one value
                yield "path", Series(label, colours[0], path.vertices[:: 1 + len(path.vertices) // ROWS])


def _groups(scatter):
    """The points of a scatter, one `Series` for each of the components' markers."""
    xy, paths = np.asarray(scatter.get_offsets()), scatter.get_paths()
    which = np.array([MARKER_NUMBERS.get(id(path), -1) for path in paths])
    if len(paths) == len(xy) > 0 and which.min() >= 0:
        return [Series("", PALETTE[k].lower(), xy[which == k]) for k in np.unique(which)]
    colours = [*map(to_hex, [*scatter.get_facecolor(), *scatter.get_edgecolor()]), ""]
    return [Series(_label(scatter), colours[0], xy)] if len(xy) else []


def _untangled(*drawn):
    """Lists of the `drawn` series by kind, in which nothing is told twice."""
    kinds = {noun: [series for kind, series in drawn if kind == noun] for noun in NOUNS}
    # A way through the plane may happen to lead to the right all the time, as a curve does.
    lengths = {len(series.xy) for series in kinds["path"]}
    kinds["path"] += [series for series in kinds[""] if len(series.xy) in lengths]
    kinds[""] = [series for series in kinds[""] if len(series.xy) not in lengths]
    # A line and the points on it may be drawn one by one.
    lines = kinds[""] + kinds["path"]
    for noun in ("point", "points"):
        kinds[noun] = [series for series in kinds[noun] if not _covered(series, lines)]
    with_name = [series for series in kinds[""] if series.name]
    kinds[""] = [series for series in kinds[""] if series.name or not _covered(series, with_name)]
    return kinds


def _ascends(xy):
    return len(xy) > 1 and bool((np.diff(xy[:, 0]) > 0).all())


def _covered(series, others):
    """Whether every point of `series` belongs to one of `others` too."""
    return {tuple(point) for point in series.xy} <= {tuple(point) for other in others for point in other.xy}


# What things are called


def _direction(ax, side):
    """The name and scale of one side of `ax`; of panels that share a side, one may bear its name for all."""
    family = getattr(ax, f"get_shared_{side}_axes")().get_siblings(ax)
    labels = [getattr(one, f"get_{side}label")() for one in (ax, *family)]
    labels += [getattr(ax.figure, f"get_sup{side}label")(), {"x": "horizontal", "y": "vertical"}[side]]
    return Direction(next(filter(None, labels)), getattr(ax, f"get_{side}scale")() == "log")


def _label(artist):
    label = str(artist.get_label())
    return "" if label.startswith("_") else label


def _named(kind, ax, noun):
    """The series of one `kind`, each with a name: its own, or what a legend or the palette says of its colour."""
    own = _legend_names([*ax.figure.legends, ax.get_legend()], noun)
    kind = [series._replace(name=series.name or own.get(series.colour, "")) for series in kind]
    colours = {series.colour for series in kind if not series.name}
    if len(colours) > 1:
        others = _legend_names([other.get_legend() for other in ax.figure.axes], noun)
        known = next((names for names in (others, COMPONENTS) if names.keys() >= colours), {})
        kind = [series._replace(name=series.name or known.get(series.colour, "")) for series in kind]
    kind = [series._replace(name=series.name or noun) for series in kind]
    seen = [series.name or "curve" for series in kind]
    return [
        series._replace(name=f"{name} {seen[:i].count(name) + 1}") if seen.count(name) > 1 else series
        for i, (name, series) in enumerate(zip(seen, kind, strict=True))
    ]


def _legend_names(legends, noun):
    """The texts of `legends`, by the colours that they explain; a line in a legend explains no points."""
    names = {}
    for legend in filter(None, legends):
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
            if noun.startswith("point") and isinstance(handle, Line2D) and handle.get_linestyle() != "None":
                continue
            colour = handle.get_color() if hasattr(handle, "get_color") else handle.get_facecolor()
            names[to_hex(colour if isinstance(colour, str) else np.ravel(colour)[:4])] = text.get_text()
    return names


# Kinds of tables


def _table(caption, heads, rows, *columns, kept=None):
    """A `Table` of these columns, or of the rows `kept` alone."""
    lines = list(zip(rows, *columns, strict=True))
    if kept is not None and len(kept) < len(lines):
        caption, lines = f"{caption} ({len(kept)} of {len(lines)} rows)", [lines[i] for i in kept]
    return Table(caption, tuple(heads), tuple(tuple(map(str, line)) for line in lines))


def _bars(ax, across, up):
    """Yield a table of each set of bars in the same places: what they stand for, and how long they are."""
    sets = {}
    for bars in (container for container in ax.containers if isinstance(container, BarContainer) and len(container)):
        flat = bars.orientation == "horizontal"
        spans = tuple((bar.get_y(), bar.get_height()) if flat else (bar.get_x(), bar.get_width()) for bar in bars)
        lengths = np.array([bar.get_width() if flat else bar.get_height() for bar in bars])
        series = Series(_label(bars), to_hex(bars[0].get_facecolor()), lengths)
        sets.setdefault((flat, spans), []).append(series)
    for (flat, spans), kind in sets.items():
        place, length = (up, across) if flat else (across, up)
        left, width = np.array(spans).T
        if np.allclose(left[1:], (left + width)[:-1]):
            edges = place.texts([*left, left[-1] + width[-1]])
            rows = [f"{a} to {b}" for a, b in itertools.pairwise(edges)]
        else:
            ticks = (ax.get_yticks(), ax.get_yticklabels()) if flat else (ax.get_xticks(), ax.get_xticklabels())
            labels = {round(tick, 6): label.get_text() for tick, label in zip(*ticks, strict=True)}
            middles = left + width / 2
            rows = [labels.get(round(m, 6)) or text for m, text in zip(middles, place.texts(middles), strict=True)]
        kind = _named(kind, ax, length.name)
        columns = [length.texts(series.xy) for series in kind]
        filled = np.any([series.xy for series in kind], axis=0)
        caption = length.name if filled.all() else f"{length.name}, where there is any"
        lines = np.column_stack([rows, *columns])[filled].T
        yield _table(caption, [place.name, *(series.name for series in kind)], *lines)


def _curves(curves, across, up):
    """Yield a table for all curves over the same places, a column for each."""
    sets = {}
    for series in curves:
        sets.setdefault(series.xy[:, 0].tobytes(), []).append(series)
    for alike in sets.values():
        x, heights = alike[0].xy[:, 0], [series.xy[:, 1] for series in alike]
        kept = np.arange(len(x))
        if len(x) > ROWS:
            peaks = [_first_highest(side) for y in heights if np.isfinite(y).any() for side in (y, -y)]
            kept = np.unique([*kept[:: len(x) // 15], len(x) - 1, *peaks])
        names = [series.name or up.name for series in alike]
        yield _table(up.name, [across.name, *names], across.texts(x), *map(up.texts, heights), kept=kept)


def _first_highest(y):
    """Where `y` is largest; of places between which rounding would choose the first."""
    finite = y[np.isfinite(y)]
    return np.argmax(y >= finite.max() - 1e-6 * np.ptp(finite))


def _paths(paths, across, up):
    """Yield a table for all ways of the same length, two columns for each."""
    for n in dict.fromkeys(len(series.xy) for series in paths):
        alike = [series for series in paths if len(series.xy) == n]
        heads = [f"{series.name}: {side.name}" for series in alike for side in (across, up)]
        columns = [side.texts(series.xy[:, d]) for series in alike for d, side in enumerate((across, up))]
        # most happens in the first steps
        kept = np.arange(n) if n <= ROWS else np.unique(np.geomspace(1, n, 12).round().astype(int)) - 1
        yield _table("step by step", ["step", *heads], range(n), *columns, kept=kept)


def _places(series, across, up):
    """Yield one table of all single points and lines across the panel."""
    if series:
        xy = np.concatenate([one.xy for one in series])
        rows = [
            f"{one.name}, {i}" if len(one.xy) > 1 else one.name for one in series for i in range(1, 1 + len(one.xy))
        ]
        yield _table("places", ["", across.name, up.name], rows, across.texts(xy[:, 0]), up.texts(xy[:, 1]))


def _extents(caption, series, across, up, cloud):
    """Yield a table of how far points or outlines reach in both directions; of points also their mean, σ and number."""
    if not series:
        return
    statistics = {"least": np.min, "greatest": np.max}
    if cloud:
        statistics |= {"mean": np.mean, "standard deviation": np.std}
    rows, cells = [], []
    for d, side in enumerate((across, up)):
        rows.append([f"{one.name}: {side.name}" for one in series])
        values = [[statistic(one.xy[:, d]) for one in series] for statistic in statistics.values()]
        cells.append(np.reshape(side.texts(np.ravel(values)), (len(statistics), len(series))))
    # not first all of one direction and then all of the other, but group by group
    columns = [list(column.T.ravel()) for column in np.stack(cells).transpose(1, 0, 2)]
    heads = ["", *statistics]
    if cloud:
        heads.append("how many")
        columns.append([len(one.xy) for one in series for _ in (across, up)])
    yield _table(caption, heads, np.ravel(rows, order="F"), *columns)
