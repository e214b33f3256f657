"""What every explorer is in Python: a widget whose choices are traits, with a still picture where no script runs."""

import hashlib
import html
import json
import numbers

import anywidget
import numpy as np
import traitlets

from emlib import plots
from emlib.plots.images import CSS_PIXELS_PER_INCH, Described
from emlib.widgets import page

#: Significant digits of what the page draws.
DIGITS = 7
CAPTION = "It moves where scripts run: in the online book, and in JupyterLab."
STILL = """\
<div data-em-explorer="{name}"><figure style="margin: 0">{picture}<figcaption>{caption}</figcaption></figure></div>
<script data-em-source>
{script}</script>
<script>emExplorer("{name}", {record});</script>
"""


class Explorer(anywidget.AnyWidget):
    """A picture with its controls, drawn in the page, with or without a kernel.

    Each choice is a trait of its own name, which can be observed and set: ``explorer.K = 3``,
    ``explorer.observe(hear, "iteration")``. It is a widget of ipywidgets like any other: boxes hold it, and
    ``ipywidgets.jslink((explorer, "iteration"), (other, "iteration"))`` moves two together. What a reader drags or adds
    in the page lives in the page alone.

    Parameters
    ----------
    kind : str
        The name under which a file of ``script/`` makes what is shown.
    record : dict
        What it is told: numbers, strings, lists and dicts.
    choices : dict of sequences
        What each value can be, the first one at the start: numbers make a slider, strings a drop-down list.
    figure : matplotlib.figure.Figure
        The still picture, for places where no script runs.
    draw : callable
        ``draw(**values) -> text`` draws the values on `figure` and returns what it shows; the first line is the
        sentence that the page shows below the picture.
    titles : dict of str, optional
        How a control is called where that is not the name of its choice, such as a symbol.

    Attributes
    ----------
    choices : dict of lists
        What each value can be.
    values : dict
        What each value is.
    text : str
        What is shown, in words.
    figure : matplotlib.figure.Figure
        What is shown, as a figure.
    image : bytes
        The same as a PNG file.
    """

    _esm = page.module()
    _record = traitlets.Dict().tag(sync=True)

    def __init__(self, kind, record, choices, figure, draw, titles=None):
        self.choices = {name: options_of(name, options) for name, options in choices.items()}
        self._figure, self._draw, self._drawn = figure, draw, None
        controls = [
            {
                "key": name,
                "name": (titles or {}).get(name, name.replace("_", " ")),
                "options": options,
                "slider": not isinstance(options[0], str),
            }
            for name, options in self.choices.items()
        ]
        super().__init__(_record={"kind": kind, "controls": controls, **record})
        for name, options in self.choices.items():
            if name in dir(self):
                raise ValueError(f"{name!r} is an attribute of every widget; choose another name for this choice")
            self.add_traits(**{name: Choice(name, options).tag(sync=True)})

    def set(self, **values):
        """Set some of the values, ``explorer.set(K=3, iteration=4)``, and return the explorer for a cell to show."""
        for name, value in values.items():
            if name not in self.choices:
                raise ValueError(f"there is no choice {name!r}; the choices are {', '.join(self.choices)}")
            self.traits()[name].validate(self, value)
        with self.hold_sync():
            for name, value in values.items():
                setattr(self, name, value)
        return self

    @property
    def values(self):
        return {name: getattr(self, name) for name in self.choices}

    @property
    def text(self):
        return self._shown()[1]

    @property
    def figure(self):
        self._shown()
        return self._figure

    @property
    def image(self):
        return plots.png(self.figure)

    def _shown(self):
        """Draw the figure if the values have changed since it was drawn. Returns the values and the text."""
        if self._drawn is None or self._drawn[0] != self.values:
            self._drawn = self.values, self._draw(**self.values)
        return self._drawn

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        width = round(self._figure.get_figwidth() * CSS_PIXELS_PER_INCH)
        controls = [{**control, "value": self.values[control["key"]]} for control in self._record["controls"]]
        record = json.dumps({**self._record, "controls": controls}, ensure_ascii=False, separators=(",", ":"))
        still = STILL.format(
            name=hashlib.sha256(record.encode()).hexdigest()[:12],
            picture=Described(self.image, self.text, width)._repr_mimebundle_()["text/html"],
            caption=f"{html.escape(self.text.splitlines()[0])} {CAPTION}",
            script=page.script().replace("</", r"<\/"),
            record=record.replace("</", r"<\/"),
        )
        return {**data, "text/html": still, "text/plain": self.text}, metadata


class Choice(traitlets.TraitType):
    """A trait that is one of `options`, the first of them unless told otherwise."""

    def __init__(self, name, options):
        super().__init__(default_value=options[0])
        self._called, self._options = name, options

    def validate(self, obj, value):
        """Return `value` if it is one of the options."""
        if value not in self._options:
            raise ValueError(f"{self._called} is {value!r}; it must be one of {', '.join(map(said, self._options))}")
        return self._options[self._options.index(value)]


def options_of(name, options):
    """The values of a choice as a list of plain numbers or strings."""
    if isinstance(options, str):
        raise TypeError(f"{name} is {options!r}; give a list of strings")
    options = options.tolist() if hasattr(options, "tolist") else list(options)
    if not options:
        raise ValueError(f"{name} is empty; it needs at least one value")
    for kind in (str, numbers.Real):
        if all(isinstance(option, kind) and not isinstance(option, bool) for option in options):
            break
    else:
        raise TypeError(f"{name} holds {options!r}; give numbers, for a slider, or strings, for a drop-down list")
    if len(set(options)) < len(options):
        raise ValueError(f"{name} repeats a value: {options!r}")
    return options


def said(option):
    """How a value is written: numbers as :g, with a true minus."""
    return option if isinstance(option, str) else f"{option:g}".replace("-", "\N{MINUS SIGN}")


def cut(value, digits=DIGITS):
    """Nested lists of the numbers in `value`, with so many significant digits."""
    if np.ndim(value):
        return [cut(part, digits) for part in value]
    number = float(f"{value:.{digits}g}")
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def stops(last):
    """The iterations of the slider, 0 … `last`: one by one at first, then in steps of a tenth."""
    at = [0]
    while at[-1] < last:
        at.append(min(at[-1] + max(at[-1] // 10, 1), last))
    return at


def two(value):
    """A number with two decimals and a true minus."""
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
