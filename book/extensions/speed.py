"""Sphinx extension: the tables and the figure of the page of benchmarks, from what was measured and stored."""

import json
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from emlib import plots
from emlib.plots.numbers import folded

STORED = Path(__file__).resolve().parents[2] / "benchmarks" / "results.json"
FIGURE = """\
:::{{image}} /generated/speed_growth.png
:alt: {alt}
:::

```{{raw}} html
{numbers}
```
"""
ALT = (
    "Six panels with logarithmic axes: milliseconds an iteration of emlib and of scikit-learn, above for a Gaussian "
    "mixture with full covariances, below for k-means, against the number of points N, of features D and of components "
    "K. {endings}"
)
ENDING = "{model}, at {letter} = {value:,}: emlib {emlib:.3g} ms, scikit-learn {peer:.3g} ms."


def machine(results):
    """The machine and the versions, as a list."""
    return "".join(f"- {what}: {words}\n" for what, words in results["machine"].items())


def mixtures(results):
    """The ratios of mixtures and of k-means."""
    rows = [row for row in results["speed"] if not row["case"].startswith("HMM")]
    return ratios(rows, ["scikit-learn", "oneDAL", "mclust", "floor"])


def chains(results):
    """The ratios of hidden Markov models."""
    rows = [row for row in results["speed"] if row["case"].startswith("HMM")]
    return ratios(rows, ["hmmlearn (log)", "hmmlearn (scaling)"])


def ratios(rows, peers):
    """A row for each case, a column for each peer with which any was compared."""
    peers = [peer for peer in peers if any(peer in row["ratios"] for row in rows)]
    heads = [f"× {peer}" if peer == "floor" else f"÷ {peer}" for peer in peers]
    body = ([case(row), f"{row['ms']:.3g}", *(cell(row["ratios"].get(p)) for p in peers)] for row in rows)
    return table(["case", "ms", *heads], body)


def case(row):
    """Its name, broken only between the words, the size and K."""
    return (
        row["case"]
        .replace(" × ", "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}")
        .replace("K = ", "K\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
    )


def cell(found):
    """A ratio beside its target, bold where it misses that, and below them the middle half of the rounds."""
    if found is None:
        return "–"
    low, high = map(number, found["quartiles"])
    said = number(found["ratio"])
    if "target" in found:
        said = f"{said} ≤ {found['target']:g}" if found["met"] else f"**{said} > {found['target']:g}**"
    return f"{said}<br>({low}–{high})".replace(" ", "\N{NO-BREAK SPACE}")


def number(value):
    """Two digits, and all those before the point."""
    return f"{value:.2g}" if value < 100 else f"{value:.0f}"


def threads(results):
    """Two threads beside one."""
    return table(["case", "two threads ÷ one"], ([case(row), cell(row)] for row in results["threads"]))


def cluster(results):
    """Fits on a cluster beside others; what a partition costs there is said where it is needed, in chapter 11."""
    peers = ["dask-ml", "scikit-learn, one process", "emlib, one process"]
    body = (
        [case(row), str(row["workers"]), f"{row['ms']:.3g}", *(cell(row["ratios"].get(p)) for p in peers)]
        for row in results["cluster"]
    )
    return table(["case", "workers", "ms", *(f"÷ {peer}" for peer in peers)], body)


def memory(results):
    """Peaks beyond the data."""
    rows = results["memory"]
    body = ([r["model"], r["who"], f"{r['n']:,}", f"{r['data']:.0f}", f"{r['beyond']:.0f}"] for r in rows)
    return table(["model", "library", "N", "data, MB", "beyond them, MB"], body)


def imports(results):
    """Imports beside numpy's."""
    return table(["", "÷ `import numpy`"], ([f"`{row['statement']}`", cell(row)] for row in results["import"]))


def table(head, rows):
    """Lines of a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def endings(rows):
    """For the description: where each panel's lines end."""
    last = {(row["model"], row["grows"]): row for row in rows}
    for (model, letter), row in last.items():
        ms = row["ms"]
        yield ENDING.format(model=model, letter=letter, value=row["value"], emlib=ms["emlib"], peer=ms["scikit-learn"])


def draw(rows):
    """Return the figure: for each model a row of panels, one for each of N, D and K."""
    models, letters = (list(dict.fromkeys(row[what] for row in rows)) for what in ("model", "grows"))
    figure = Figure(figsize=(7.2, 5.2))
    for model, axes in zip(models, figure.subplots(len(models), len(letters), sharey="row"), strict=True):
        for letter, ax in zip(letters, axes, strict=True):
            shown = [row for row in rows if (row["model"], row["grows"]) == (model, letter)]
            values = [row["value"] for row in shown]
            for who, marker in zip(("emlib", "scikit-learn"), plots.MARKERS, strict=False):
                ax.loglog(values, [row["ms"][who] for row in shown], marker=marker, label=who)
            ax.set(title=f"{model}: {letter} grows", xlabel=letter)
            if max(values) < 100:
                ax.set_xticks(values, map(str, values))
                ax.xaxis.set_minor_locator(NullLocator())
        axes[0].set_ylabel("ms an iteration")
    figure.axes[0].legend()
    return figure


PARTS = (machine, mixtures, chains, threads, cluster, memory, imports)


def write(app):
    """Write the picture, and the parts of the page, into ``generated`` beside the book's own pages."""
    results = json.loads(STORED.read_text("utf-8"))
    directory = Path(app.srcdir) / "generated"
    directory.mkdir(exist_ok=True)
    for part in PARTS:
        (directory / f"speed_{part.__name__}.md").write_text(part(results), encoding="utf-8")
    with rc_context():
        plots.use_style()
        figure = draw(results["growth"])
        (directory / "speed_growth.png").write_bytes(plots.png(figure))
        shown = FIGURE.format(alt=ALT.format(endings=" ".join(endings(results["growth"]))), numbers=folded(figure))
    (directory / "speed_growth.md").write_text(shown, encoding="utf-8")


def setup(app):
    """Write before the pages are read."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
