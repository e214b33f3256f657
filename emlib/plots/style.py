"""How a component looks: one colour, marker, line style and hatch each, the same in every figure.

The colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which readers with any of the common kinds
of colour blindness tell apart. Marker, line style and hatch say the same again without colour.
"""

import numpy as np
from cycler import cycler
from matplotlib import pyplot as plt
from matplotlib.markers import MarkerStyle

#: Fill colour of each component.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
#: The same hues, darkened where needed to a contrast of at least 3 : 1 with the paper: for lines and outlines.
LINE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#C0729D", "#BC8200", "#4795C1", "#99922A", "#000000")
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


def use_style():
    """Let every figure made from now on look like those of the course.

    This changes matplotlib's defaults for the running session, which is why it is a call and not part of the import.
    """
    plt.style.use("emlib.plots.em")
    plt.rcParams["axes.prop_cycle"] = cycler(color=LINE_COLOURS) + cycler(linestyle=LINE_STYLES)


def within_palette(n_components):
    """Refuse more components than can be told apart."""
    if n_components > len(PALETTE):
        raise ValueError(
            f"{n_components} components cannot be drawn: colours and markers tell at most {len(PALETTE)} apart"
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
