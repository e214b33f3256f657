"""Figures as images that can be read aloud."""

import base64
import html
import io

from matplotlib import pyplot as plt

#: Pixels of an image per CSS pixel: crisp on dense screens, and a figure of 6.4 inches is 614 CSS pixels wide.
DENSITY = 2
CSS_PIXELS_PER_INCH = 96


def png(fig):
    """Return `fig` as the bytes of a PNG file, the same bytes whenever the same things are drawn.

    The layout is settled by the first call and then kept, so that the frames of a figure that is drawn again and
    again do not jump.
    """
    if fig.get_layout_engine() is not None:
        fig.draw_without_rendering()
        fig.set_layout_engine("none")
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=DENSITY * CSS_PIXELS_PER_INCH, metadata={"Software": None})
    return buffer.getvalue()


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
    """

    def __init__(self, image, text, width):
        self.image, self.text, self.width = image, text, width

    def _repr_mimebundle_(self, include=None, exclude=None):
        source = base64.b64encode(self.image).decode("ascii")
        return {
            "text/html": (
                f'<img alt="{html.escape(self.text)}" width="{self.width}" style="max-width: 100%; height: auto" '
                f'src="data:image/png;base64,{source}">'
            ),
            "text/plain": self.text,
        }

    def __repr__(self):
        return self.text


def described(fig, text):
    """Return `fig` as an image with the alternative text `text`, and close it, so that it is not shown twice.

    Make it the last line of a cell::

        plots.described(fig, "Waiting time against duration: two clouds, short and long eruptions.")

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    text : str
        What the figure shows, for a reader who cannot see it: what is drawn, and what one is meant to notice.

    Returns
    -------
    Described

    Raises
    ------
    ValueError
        If `text` is empty or too short to tell anything.
    """
    words = " ".join(text.split())
    if len(words) < 20:
        raise ValueError(
            f"text is {words!r}; write a sentence (20 characters or more) that says what the figure shows, for readers "
            "who cannot see it"
        )
    image = png(fig)
    plt.close(fig)
    return Described(image, words, round(fig.get_figwidth() * CSS_PIXELS_PER_INCH))
