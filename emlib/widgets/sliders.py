"""Any figure with sliders: every combination of values is drawn once beforehand, and the page shows one after another.

The pictures are drawn as SVG, so that they are crisp at any size. Most of a figure stands still: the parts that several
pictures have in common are recorded once.
"""

import base64
import io
import itertools
import json
import math
import re
import zlib

from matplotlib import pyplot as plt
from matplotlib.backends.backend_svg import FigureCanvasSVG

from emlib.plots.images import CSS_PIXELS_PER_INCH
from emlib.widgets.explorer import Explorer, options_of

#: So many pictures are drawn in a minute or less, and a page can hold.
MOST = 500
#: Two decimals of a point, matplotlib's unit of length in an SVG, are a hundredth of a pixel.
DECIMALS = re.compile(r"\b([1-9]\d*\.\d\d)\d+")
#: Where one artist ends and the next begins.
PART = re.compile("(?=<g id=)")


def sliders(fig, update, *, play=None, **choices):
    """Show `fig` with a control for each of the `choices`.

    Call it in the last line of a cell, once `fig` is drawn::

        def update(K, iteration):
            ...  # move the artists of fig
            return f"K = {K}, iteration {iteration}: …"

        widgets.sliders(fig, update, K=range(1, 9), iteration=range(31)).set(K=2, iteration=3)

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        Its layout is settled once, at the first values, so that nothing jumps.
    update : callable
        ``update(**values) -> text``. It changes whatever it likes of `fig`, and returns what the figure shows, for a
        reader who cannot see it. The first line of the text also stands below the picture and is read aloud on every
        move: make it short, and let further lines say more. It is called once for each combination of values.
    play : str, optional
        The choice that gets a play button; "iteration", if there is one, unless told otherwise.
    **choices : sequences
        What each value can be, the first one at the start: numbers make a slider, strings a drop-down list.
        A choice of one has no control.

    Returns
    -------
    Explorer
        With a trait for each of the choices.

    Raises
    ------
    TypeError
        If `update` returns no text, or a choice mixes numbers and strings.
    ValueError
        If there are no choices, a choice is empty or repeats a value, there are too many combinations, or `play` is
        not among the choices.
    """
    if not callable(update):
        raise TypeError(f"update is {update!r}; it must be a function that moves the artists and returns a sentence")
    if not choices:
        raise ValueError("there are no choices; name at least one, for example iteration=range(10)")
    choices = {name: options_of(name, options) for name, options in choices.items()}
    count = math.prod(map(len, choices.values()))
    if count > MOST:
        raise ValueError(
            f"the choices make {count} combinations, each of which is drawn beforehand; give fewer values, so that "
            f"there are {MOST} at most"
        )
    if play is None:
        play = "iteration" if "iteration" in choices else None
    elif play not in choices:
        raise ValueError(f"play is {play!r}; it must be one of the choices {', '.join(choices)}")
    plt.close(fig)  # the explorer shows it from now on
    record = _drawn(fig, update, choices) | {"play": play if play and len(choices[play]) > 1 else None}

    def draw(**values):
        at = 0
        for name, value in values.items():
            at = at * len(choices[name]) + choices[name].index(value)
        update(**values)
        return record["words"][record["moments"][at]]

    return Explorer("sliders", record, choices, fig, draw)


def _drawn(fig, update, choices):
    """Draw every combination, the last choice moving fastest: which of the different pictures and words belong to it.

    The pictures are lists of places in a list of parts, both packed in `pictures`.
    """
    parts, frames, moments = {}, {}, []
    for values in itertools.product(*choices.values()):
        text = update(**dict(zip(choices, values, strict=True)))
        if not isinstance(text, str) or not text.strip():
            raise TypeError(
                f"update returned {text!r}; it must return a sentence that says what the figure shows, for readers "
                "who cannot see it"
            )
        if not moments:
            fig.draw_without_rendering()
            fig.set_layout_engine("none")
        picture = tuple(parts.setdefault(part, len(parts)) for part in PART.split(_svg(fig)))
        moments.append(frames.setdefault((text.strip(), picture), len(frames)))
    pictures = json.dumps([list(parts), [picture for _, picture in frames]], ensure_ascii=False)
    return {
        "moments": moments,
        "words": [text for text, _ in frames],
        "pictures": base64.b64encode(zlib.compress(pictures.encode(), 9)).decode("ascii"),
        "size": [round(length * CSS_PIXELS_PER_INCH) for length in fig.get_size_inches()],
    }


def _svg(fig):
    """Return `fig` as the text of an SVG image, the same text whenever the same things are drawn."""
    text = io.StringIO()
    with plt.rc_context({"svg.hashsalt": "emlib", "svg.fonttype": "path"}):
        FigureCanvasSVG(fig).print_svg(text, metadata={"Date": None})
    return DECIMALS.sub(r"\1", text.getvalue())
