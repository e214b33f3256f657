"""Figures as images, with words for readers who cannot see them."""

import base64
import html
import struct
import zlib

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg

from emlib.plots.numbers import folded

#: Width of a figure in the page: one of 6.4 inches takes 614 CSS pixels.
CSS_PIXELS_PER_INCH = 96
#: Image pixels per CSS pixel: letters stay crisp on dense screens.
DENSITY = 2


def png(fig):
    """Return `fig` as the bytes of a PNG file, the same bytes whenever the same things are drawn."""
    dpi = fig.dpi
    canvas = FigureCanvasAgg(fig)
    fig.dpi = DENSITY * CSS_PIXELS_PER_INCH
    try:
        canvas.draw()
    finally:
        fig.dpi = dpi
    return _encoded(canvas)


class Described:
    """A picture with its description, which a notebook shows as one image with alternative text.

    Attributes
    ----------
    text : str
        The description.
    image : bytes
        The PNG file.
    width : int
        Width in CSS pixels.
    numbers : str
        HTML that follows the picture: the numbers behind it.
    """

    def __init__(self, image, text, width, numbers=""):
        self.image, self.text, self.width, self.numbers = image, text, width, numbers

    def _repr_mimebundle_(self, include=None, exclude=None):
        source = base64.b64encode(self.image).decode("ascii")
        return {
            "text/html": (
                f'<img alt="{html.escape(self.text)}" width="{self.width}" '
                f'style="max-width: 100%; height: auto" src="data:image/png;base64,{source}">{self.numbers}'
            ),
            "text/plain": self.text,
        }

    def __repr__(self):
        return self.text


def described(fig, text):
    """Return `fig` as an image with the alternative text `text`, and close it, so that it is not shown twice.

    Below the image stands a closed fold with the numbers that are drawn, as tables.

    Make it the last line of a cell::

        plots.described(fig, "Waiting time against duration: two clouds, short and long eruptions.")

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    text : str
        For a reader who cannot see the figure: what is drawn, and what one is meant to notice.

    Returns
    -------
    Described

    Raises
    ------
    TypeError
        If `text` is not a string.
    ValueError
        If `text` is empty or too short to tell anything.
    """
    if not isinstance(text, str):
        raise TypeError(f"text is {text!r}; it must be a string that says what the figure shows")
    words = " ".join(text.split())
    if len(words) < 20:
        raise ValueError(
            f"text is {words!r}; write a sentence of 20 characters or more that says what the figure shows, "
            "for readers who cannot see it"
        )
    shown = Described(png(fig), words, round(fig.get_figwidth() * CSS_PIXELS_PER_INCH), folded(fig))
    plt.close(fig)
    return shown


def _encoded(canvas):
    """Encode what was drawn as an opaque PNG without line filters.

    On flat drawings the filters, which other encoders choose line by line, make files larger and take most of the time.
    """
    pixels = np.asarray(canvas.buffer_rgba())
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), dtype=np.uint8)  # a line begins with the number of its filter: 0, none
    for channel in range(3):
        rows[:, 1 + channel :: 3] = pixels[:, :, channel]

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits a channel, RGB
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
        + chunk(b"IEND", b"")
    )
