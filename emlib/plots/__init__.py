"""Pictures of data, models and runs: functions that draw arrays on an `Axes` and return the artists.

Nothing here knows a model: hand over arrays, such as `params.means`. Colour never speaks alone; markers, line
styles, hatches and numbers say the same. A finished figure goes through `described`, which gives it alternative text.

    from emlib import plots
    plots.use_style()
"""

from emlib.plots.curves import density_1d, histogram, objective_curve, responsibility_bars
from emlib.plots.images import described, png
from emlib.plots.plane import centres, contours, ellipses, path, scatter, voronoi
from emlib.plots.style import INK, LINE_COLOURS, LINE_STYLES, MARKERS, MUTED, PALETTE, PAPER, legend, use_style

__all__ = [
    "INK",
    "LINE_COLOURS",
    "LINE_STYLES",
    "MARKERS",
    "MUTED",
    "PALETTE",
    "PAPER",
    "centres",
    "contours",
    "density_1d",
    "described",
    "ellipses",
    "histogram",
    "legend",
    "objective_curve",
    "path",
    "png",
    "responsibility_bars",
    "scatter",
    "use_style",
    "voronoi",
]
