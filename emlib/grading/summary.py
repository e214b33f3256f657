"""The picture of a graded class: how each exercise went, and the mistakes that several learners made."""

import io
import textwrap
from collections import Counter

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from emlib.grading.marking import VERDICTS
from emlib.plots import MUTED, PALETTE

#: Blue for what is right, as everywhere else a colour never speaks alone.
LOOKS = {
    "right": (PALETTE[0], ""),
    "wrong": (PALETTE[1], "///"),
    "not written": (PALETTE[4], "..."),
    "no answer": (PALETTE[3], "xxx"),
    "not found": (MUTED, ""),
}
MOST_MISTAKES = 8


def picture(results, mistakes):
    """Draw the summary of a class.

    Parameters
    ----------
    results : list of Result, not empty
    mistakes : list of (int, str, str)
        How many learners, the exercise, and what was wrong.

    Returns
    -------
    png : bytes
    alt : str
        What the picture shows.
    """
    names = [mark.exercise for mark in results[0].marks]
    counts = {name: Counter(r.marks[i].verdict for r in results) for i, name in enumerate(names)}
    shown = mistakes[:MOST_MISTAKES]
    height = 1.6 + 0.36 * len(names)
    with plt.style.context("emlib.plots.em"):
        # A figure of its own: nothing is added to those that the caller's session shows.
        figure = Figure(figsize=(8.6, height + (0.9 + 0.5 * len(shown) if shown else 0)))
        ratios = [height, 0.9 + 0.5 * len(shown)][: 1 + bool(shown)]
        axes = figure.subplots(len(ratios), 1, squeeze=False, height_ratios=ratios)[:, 0]
        _verdicts(axes[0], names, counts, len(results))
        if shown:
            _mistakes(axes[1], shown)
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=144, metadata={"Software": None})
    return file.getvalue(), _said(names, counts, results, shown)


def _verdicts(ax, names, counts, n_learners):
    left = [0] * len(names)
    for verdict, (colour, hatch) in LOOKS.items():
        widths = [counts[name][verdict] for name in names]
        if not any(widths):
            continue
        bars = ax.barh(names, widths, left=left, color=colour, hatch=hatch, edgecolor="white", label=verdict)
        labels = [f"{width}" if width >= 0.04 * n_learners else "" for width in widths]
        box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"}
        for text, label in zip(ax.bar_label(bars, labels, label_type="center", fontsize=9), labels, strict=True):
            if label:
                text.set_bbox(box)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlim=(0, n_learners), xlabel="learners", title="Each exercise")
    ax.margins(y=0.02)
    ax.figure.legend(loc="outside upper right", ncols=len(LOOKS), handlelength=1.4, columnspacing=1.2)


def _mistakes(ax, shown):
    labels = [textwrap.fill(f"{name}: {what}", 62, max_lines=2, placeholder=" …") for _, name, what in shown]
    bars = ax.barh(range(len(shown)), [n for n, _, _ in shown], color=PALETTE[1], hatch="///", edgecolor="white")
    ax.bar_label(bars, padding=3, fontsize=9)
    ax.set_yticks(range(len(shown)), labels, fontsize=8.5)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.margins(y=0.02)
    ax.set(xlabel="learners", title="The most common mistakes")


def _said(names, counts, results, shown):
    rows = "; ".join(
        f"{name} " + ", ".join(f"{counts[name][verdict]} {verdict}" for verdict in VERDICTS if counts[name][verdict])
        for name in names
    )
    mistakes = "; ".join(f"{name}: {what} ({n})" for n, name, what in shown)
    common = f" Bars below: the most common mistakes, with the number of learners. {mistakes}." if shown else ""
    return f"Bars: how the exercises went for {len(results)} learners. {rows}.{common}"
