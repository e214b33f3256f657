"""What an explorer has drawn, read out of its page."""

import numpy as np

from emlib.widgets import page as script

#: To be run before a page's own scripts: each canvas remembers what was filled on it since it was last empty.
REMEMBER = """
Path2D = class extends Path2D {
  constructor(outline) {
    super(outline);
    this.outline = outline;
  }
};
const { reset, fill } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.reset = function () {
  this.canvas.filled = [];
  reset.call(this);
};
CanvasRenderingContext2D.prototype.fill = function (path) {
  const { e, f } = this.getTransform();
  const density = this.canvas.width / this.canvas.clientWidth;
  const pixel = [e, f].map(Math.round);
  this.canvas.filled.push({ place: [e / density, f / density], pixel, outline: path.outline, colour: this.fillStyle });
  fill.call(this, path);
};
"""
#: What is drawn on the first axes, in the units of the data, which are told by the labels of the ticks.
READ = """
(root) => {
  const value = (text) => Number(text.textContent.replace("\\u2212", "-"));
  const scale = (texts, place) => {
    const [a, b] = [texts[0], texts.at(-1)];
    const slope = (value(b) - value(a)) / (place(b) - place(a));
    return (pixel) => value(a) + slope * (pixel - place(a));
  };
  const axes = root.querySelector(".em-axes");
  const all = (selector) => [...axes.querySelectorAll(selector)];
  const inside = axes.querySelector("svg > svg");
  const [left, top] = [inside.x.baseVal.value, inside.y.baseVal.value];
  const ticks = (anchor) => all(`.em-tick[text-anchor=${anchor}]`);
  const x = scale(ticks("middle"), (text) => text.x.baseVal[0].value - left);
  const y = scale(ticks("end"), (text) => text.y.baseVal[0].value - 4 - top);
  const place = (text) => {
    const [, a, b] = text.match(/translate\\(([^,]+),([^)]+)\\)/);
    return [x(Number(a)), y(Number(b))];
  };
  const outline = (path) => path.getAttribute("d").match(/[-\\d.]+,[-\\d.]+/g)
    .map((pair) => pair.split(",").map(Number)).map(([a, b]) => [x(a), y(b)]);
  const visible = (one) => one.parentNode.getAttribute("visibility") !== "hidden";
  return {
    pixel: [Math.abs(x(1) - x(0)), Math.abs(y(1) - y(0))],
    centres: all(".em-centres > g").map((one) => place(one.getAttribute("transform"))),
    points: (axes.querySelector("canvas")?.filled ?? [])
      .map(({ place: [a, b], ...look }) => ({ ...look, place: [x(a - left), y(b - top)] })),
    margins: all(".em-margin").map((margin, d) => [...margin.querySelectorAll(".em-density path")].map((path) =>
      path.getAttribute("d").match(/[-\\d.]+,[-\\d.]+/g).map((pair) => pair.split(",").map(Number))
        .map(([a, b]) => (d ? [y(b), a] : [x(a), margin.height.baseVal.value - b])))),
    ellipses: all(".em-ellipses > path").filter(visible).map(outline),
    regions: all(".em-regions > path").filter(visible).map(outline),
    lines: Object.fromEntries(
      ["ell", "lower", "besides", "way", "second", "mirrored"].map((name) => [name, all(`.em-${name}`).map(outline)]),
    ),
  };
}
"""


def read(explorer):
    """The `pixel` that one unit of the data makes, and places of `points`, `centres`, `ellipses`, `regions` and, by
    their classes, `lines`; the curves in the `margins` above and at the right, as values and heights in pixels.

    Each point comes with its component in `components`, as its marker says it, and its colour in `colours`.
    """
    drawn = explorer.evaluate(READ)
    points = drawn["points"]
    outlines = script.looks()["markers"]
    return {
        **drawn,
        "points": np.array([point["place"] for point in points]),
        "components": [outlines.index(point["outline"]) for point in points],
        "colours": [point["colour"] for point in points],
        "pixels": [point["pixel"] for point in points],
    }


def tables(explorer):
    """Open the fold with the explorer's numbers and read its tables: each a list of rows, a row a list of cells.

    The page fills the fold only after it is open, in a task of its own.
    """
    explorer.get_by_text("The numbers").click()
    explorer.locator("table").last.wait_for()
    rows = [table.locator("tbody tr").all_inner_texts() for table in explorer.locator("table").all()]
    assert all(rows), "a table is empty"
    return [[row.split("\t") for row in table] for table in rows]
