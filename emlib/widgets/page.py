"""The script of the explorers, for wherever they are shown: one source, with the colours and markers of emlib.plots.

A page opened from disk may load no modules, and ipywidgets wants exactly one. So the modules are joined: their imports
of each other go, and what they export becomes a name of the whole.
"""

import json
import re
from pathlib import Path

from matplotlib.colors import to_rgb
from matplotlib.path import Path as Outline

from emlib.plots import style

HERE = Path(__file__).with_name("script")
#: Each after what it imports; of the kinds of explorer each has its own.
KINDS = ("clusters.js", "bound.js", "surface.js", "soft.js", "lattice.js", "sliders.js")
MODULES = ("em.js", "draw.js", "frame.js", "curve.js", *KINDS)
LETTERS = {Outline.MOVETO: "M", Outline.LINETO: "L", Outline.CURVE3: "Q", Outline.CURVE4: "C", Outline.CLOSEPOLY: "Z"}


def joined(*modules):
    """The text of `modules`, as one script without imports and exports."""
    text = "\n".join((HERE / name).read_text("utf-8") for name in modules)
    return re.sub(r"^(import [^;]*;\n|export (?:default )?)", "", text, flags=re.M)


def looks():
    """What the script needs of `emlib.plots.style`: colours on light and dark ground, markers and dashes."""

    def bytes_of(colours):
        return [[round(255 * channel) for channel in to_rgb(colour)] for colour in colours]

    def ground(fills, lines, outlines, paper):
        return {
            "fills": bytes_of(fills),
            "lines": bytes_of(lines),
            "outlines": bytes_of(outlines),
            "paper": bytes_of([paper])[0],
            "muted": bytes_of([style.MUTED])[0],
        }

    return {
        "markers": [_svg(path) for path in style.MARKER_PATHS],
        "dashes": [[] if dashes == "-" else list(dashes[1]) for dashes in style.LINE_STYLES],
        "light": ground(style.PALETTE, style.LINE_COLOURS, style.OUTLINES, style.PAPER),
        "dark": ground(style.DARK_PALETTE, style.DARK_LINE_COLOURS, style.DARK_OUTLINES, style.DARK_PAPER),
    }


def source():
    """The body of the script, which defines ``render`` and ``show`` of frame.js."""
    css = (HERE / "explorer.css").read_text("utf-8")
    constants = f"const STYLE = {json.dumps(looks())};\nconst CSS = {json.dumps(css)};\n"
    return f"{constants}{joined(*MODULES)}"


def module():
    """The script as the module that anywidget wants."""
    return f"{source()}\nexport default {{ render }};\n"


def script():
    """The script for a page: it defines ``emExplorer(name, record)`` and nothing else."""
    return f"globalThis.emExplorer = (() => {{\n{source()}\nreturn show;\n}})();\n"


def _svg(path):
    """A marker's outline as an SVG path of radius 1; in matplotlib y points up."""
    parts = []
    for points, code in path.iter_segments(simplify=False):
        numbers = (
            ""
            if code == Outline.CLOSEPOLY
            else ",".join(f"{value:.4g}" for x, y in points.reshape(-1, 2) for value in (2 * x, -2 * y))
        )
        parts.append(LETTERS[code] + numbers)
    return "".join(parts)
