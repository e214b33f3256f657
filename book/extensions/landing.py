"""Sphinx extension: draw the landing page's picture with emlib at each build, so that it is never stale."""

from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from emlib import GaussianMixture, datasets, fit, plots

PAGE = """\
:::{{image}} /generated/landing.png
:alt: {alt}
:::

*{points} eruptions without a label, and the two kinds that EM finds in them. The picture and its numbers are computed
anew whenever this book is built.*
"""
ALT = (
    "Old Faithful: the duration of {points} eruptions against the wait that follows, fitted by two normal "
    "distributions, which are drawn as ellipses. At the start they overlap and share most of the points. At iteration "
    "{middle.iteration} they have moved apart. At iteration {last.iteration} one holds the short eruptions with short "
    "waits, the other the long ones with long waits. The log-likelihood rises from {first.objective:.0f} over "
    "{middle.objective:.0f} to {last.objective:.0f} and never falls."
)


def draw(x, model, trace, shown):
    """Return the figure: the mixture in the snapshots `shown`, and the climb of the trace's log-likelihood."""
    with rc_context():
        plots.use_style()
        figure = Figure(figsize=(7.2, 6))
        *scatters, climb = figure.subplots(2, 2).flat
        for ax, (iteration, params, _) in zip(scatters, shown, strict=True):
            plots.scatter(ax, x, responsibilities=model.posterior(x, params), size=12)
            plots.ellipses(ax, params.means, model.full_covariances(params))
            plots.centres(ax, params.means, size=90)
            ax.set(title=f"iteration {iteration}", xlabel="eruption (minutes)", ylabel="wait (minutes)")
            ax.set(xlim=(0.6, 6.4), ylim=(30, 112))
        plots.objective_curve(climb, trace.objectives, at=trace.iterations)
        climb.set(title="the likelihood never falls")
        return figure


def write(app):
    """Write the picture, and the lines of the page that show it, into ``generated`` beside the book's own pages."""
    x, model = datasets.faithful().x, GaussianMixture(2)
    trace = fit(model, x, model.start(x, 0))
    first, middle, last = shown = [trace[t] for t in (0, trace.iterations // 2, trace.iterations)]
    alt = ALT.format(points=len(x), first=first, middle=middle, last=last)
    directory = Path(app.srcdir) / "generated"
    directory.mkdir(exist_ok=True)
    (directory / "landing.png").write_bytes(plots.png(draw(x, model, trace, shown)))
    (directory / "landing.md").write_text(PAGE.format(alt=alt, points=len(x)), encoding="utf-8")


def setup(app):
    """Draw before the pages are read."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
