"""A figure with its controls: sliders, drop-down lists and a play button, all with names and by keyboard.

The controls are the browser's own (panel.js): those of ipywidgets have no name that a screen reader could say.
"""

import html
import numbers
from pathlib import Path

import anywidget
import traitlets
from matplotlib import pyplot as plt
from matplotlib.axis import Axis
from matplotlib.spines import Spine

from emlib import plots
from emlib.plots.images import CSS_PIXELS_PER_INCH, Described

CAPTION = "Run this chapter in JupyterLab to move the sliders."


class Sliders(anywidget.AnyWidget):
    """What `sliders` returns: a widget that shows one picture at a time.

    Attributes
    ----------
    values : dict
        The present value of each choice: a trait of ipywidgets, which can be observed, and set as a whole (`set` sets
        a part of it).
    text : str
        The sentence that belongs to the picture.
    image : bytes
        The picture, a PNG file.
    choices : dict of lists
        What each value can be.
    figure : matplotlib.figure.Figure
        What is drawn.
    """

    _esm = Path(__file__).with_name("panel.js")
    _css = Path(__file__).with_name("panel.css")

    values = traitlets.Dict().tag(
        sync=True,
        to_json=lambda values, panel: {name: panel.choices[name].index(value) for name, value in values.items()},
        from_json=lambda places, panel: {name: panel.choices[name][place] for name, place in places.items()},
    )
    _controls = traitlets.List().tag(sync=True)
    _play = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    _width = traitlets.Int().tag(sync=True)
    # One trait, so that a picture, its sentence and the values that they show reach the page together.
    _frame = traitlets.Dict().tag(sync=True)

    def __init__(self, fig, update, choices, play):
        self.choices = {name: options_of(name, options) for name, options in choices.items()}
        self.figure, self._update, self._artists = fig, update, None
        super().__init__(
            _controls=[
                {
                    "name": name.replace("_", " "),
                    "key": name,
                    "slider": not isinstance(options[0], str),
                    "options": [said(option) for option in options],
                }
                for name, options in self.choices.items()
            ],
            _play=play,
            _width=round(fig.get_figwidth() * CSS_PIXELS_PER_INCH),
            values={name: options[0] for name, options in self.choices.items()},
        )

    def set(self, **values):
        """Set some of the values, ``panel.set(K=3, iteration=4)``, and return the panel, so that a cell can show it."""
        self.values = {**self.values, **values}
        return self

    @property
    def text(self):
        return self._frame["text"]

    @property
    def image(self):
        return self._frame["image"]

    @traitlets.validate("values")
    def _known(self, proposal):
        values = proposal.value
        if set(values) != set(self.choices):
            raise ValueError(f"values are given for {', '.join(values)}; they must be for {', '.join(self.choices)}")
        for name, value in values.items():
            if value not in self.choices[name]:
                raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(map(said, self.choices[name]))}")
        return values

    @traitlets.observe("values")
    def _draw(self, change):
        text = self._update(**self.values)
        if not isinstance(text, str) or not text.strip():
            raise TypeError(
                f"update returned {text!r}; it must return a sentence that says what the figure shows, for readers "
                "who cannot see it"
            )
        artists = [
            artist
            for axes in self.figure.axes
            for artist in axes.get_children()
            if not isinstance(artist, Axis | Spine) and artist is not axes.patch
        ]
        if artists != self._artists:
            self._frames, self._artists = plots.Frames(self.figure, *artists), artists
        places = self.trait_metadata("values", "to_json")(self.values, self)
        self._frame = {"values": places, "text": text.strip(), "image": self._frames.png()}

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        picture = Described(self.image, self.text, self._width)._repr_mimebundle_()
        caption = f"{html.escape(self.text.splitlines()[0])} {CAPTION}"
        still = f"<figure>{picture['text/html']}<figcaption>{caption}</figcaption></figure>"
        return {**data, "text/html": still, "text/plain": self.text}, metadata


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
    update : callable
        ``update(**values) -> text``. It moves the artists of `fig`, and may change limits and titles of its axes;
        the names of the axes and the title of the whole figure stay. It returns what the figure shows, for a reader
        who cannot see it. The first line of the text also stands below the picture and is read aloud on every move:
        make it short, and let further lines say more.
    play : str, optional
        The choice that gets a play button; "iteration", if there is one, unless told otherwise.
    **choices : sequences
        What each value can be, the first one at the start: numbers make a slider, strings a drop-down list.
        A choice of one has no control.

    Returns
    -------
    Sliders
        Without a kernel, as in the book, it is a still picture.

    Raises
    ------
    TypeError
        If `update` returns no text, or a choice mixes numbers and strings.
    ValueError
        If there are no choices, a choice is empty or repeats a value, or `play` is not among them.
    """
    if not callable(update):
        raise TypeError(f"update is {update!r}; it must be a function that moves the artists and returns a sentence")
    if not choices:
        raise ValueError("there are no choices; name at least one, for example iteration=range(10)")
    if play is None:
        play = "iteration" if "iteration" in choices else None
    elif play not in choices:
        raise ValueError(f"play is {play!r}; it must be one of the choices {', '.join(choices)}")
    plt.close(fig)  # the panel shows it from now on
    return Sliders(fig, update, choices, play)


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
