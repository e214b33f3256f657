"""How a component looks: one colour, marker, line style and hatch each, the same in every figure.

The colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which readers with any of the common
kinds of colour blindness tell apart. Marker, line style and hatch say the same again without colour.
"""

import numpy as np
from cycler import cycler
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex, to_rgb
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle

#: Fill colour of each component.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
#: The same hues, darkened where needed to a contrast of at least 3 : 1 with the paper: for lines.
LINE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#C0729D", "#BC8200", "#4795C1", "#99922A", "#000000")
#: Darker still: a thin outline keeps markers apart where they overlap, and yellow visible on the paper.
OUTLINES = tuple(to_hex(0.6 * np.array(to_rgb(colour))) for colour in LINE_COLOURS)
MARKERS = ("o", "s", "^", "D", "P", "v", "X", "*")
LINE_STYLES = (
    "-",
    (0, (5, 2)),
    (0, (1, 1.5)),
    (0, (6, 2, 1, 2)),
    (0, (9, 3)),
    (0, (3, 1.5)),
    (0, (4, 2, 1, 2, 1, 2)),
    (0, (2, 4)),
)
HATCHES = ("", "///", "\\\\\\", "...", "xxx", "---", "+++", "ooo")

#: Background of the figures, and the dark of text and of everything that belongs to no component.
PAPER, INK = "#FDFCF9", "#24292F"
#: Points, bars and lines that are context only.
MUTED = "#7A828E"

# A page on dark ground has the same hues. Only black turns; lines become lighter, to the same contrast of 3 : 1, and
# outlines lighter still.
DARK_PAPER = "#1B1F26"
DARK_PALETTE = (*PALETTE[:-1], "#F2F0EA")
DARK_LINE_COLOURS = ("#3A95CC", "#E87A2A", "#22B88C", *PALETTE[3:-1], "#F2F0EA")
DARK_OUTLINES = tuple(to_hex(0.4 + 0.6 * np.array(to_rgb(colour))) for colour in DARK_LINE_COLOURS)


def use_style():
    """Let every figure made from now on look like those of the course.

    This changes matplotlib's defaults for the running session, which is why importing does not do it.
    """
    plt.style.use("emlib.plots.em")
    plt.rcParams["axes.prop_cycle"] = cycler(color=LINE_COLOURS) + cycler(linestyle=LINE_STYLES)


def legend(ax, names, lines=False, total=None, **options):
    """Name the components in a legend, by marker and colour or (`lines=True`) by line style and colour.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    names : sequence of str
        One per component, in order.
    lines : bool
        Show lines in place of markers.
    total : str, optional
        What the dark line of `density_1d` is called; it stands first.
    **options
        Handed on to `Axes.legend`, for example `loc` or `title`.

    Returns
    -------
    matplotlib.legend.Legend
    """
    handles = [] if total is None else [Line2D([], [], color=INK, linestyle="-", label=total)]
    for k, name in zip(range(within_palette(len(names))), names, strict=True):
        if lines:
            handle = Line2D([], [], color=LINE_COLOURS[k], linestyle=LINE_STYLES[k])
        else:
            handle = Line2D([], [], color=PALETTE[k], linestyle="none", marker=MARKERS[k])
            handle.set_markeredgecolor(OUTLINES[k])
        handle.set_label(name)
        handles.append(handle)
    return ax.legend(handles=handles, **options)


def within_palette(n_components):
    """Refuse more components than can be told apart."""
    if n_components > len(PALETTE):
        raise ValueError(
            f"{n_components} components cannot be drawn: markers and colours tell at most {len(PALETTE)} apart"
        )
    return n_components


def _of_equal_area(marker):
    """Return the outline of `marker`, scaled so that no component looks heavier than another."""
    style = MarkerStyle(marker)
    path = style.get_path().transformed(style.get_transform())
    x, y = path.to_polygons()[0].T
    area = abs(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2
    path = path.deepcopy()
    path.vertices *= np.sqrt(np.pi / 4 / area)
    return path


MARKER_PATHS = tuple(map(_of_equal_area, MARKERS))
