// Drawing for the explorers: axes and what lies in them, in the look of emlib.plots. The points are many and are drawn
// on a canvas; all else is SVG, below it or above it.
//
// STYLE holds the colours, markers and line styles of emlib/plots/style.py; page.py puts it in front of this file.

/** A new SVG element. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Make `group` hold `count` children, new ones from `create(i)`, and return them. */
function hold(group, count, create) {
  while (group.childElementCount > count) group.lastElementChild.remove();
  while (group.childElementCount < count) group.append(create(group.childElementCount));
  return [...group.children];
}

const component = (k) => `em-k${k + 1}`;
// Rounded to a hundredth of a pixel; toFixed takes several times as long.
const number = (value) => Math.round(100 * value) / 100;
const polygon = (points) => `M${points.map(([x, y]) => `${number(x)},${number(y)}`).join("L")}`;
/** A text with true minus signs. */
export const minus = (text) => text.replaceAll("-", "\u2212");

// Letters that stand for numbers or functions: Greek ones, Latin ones before a sign of equality or alone, and Q + H.
const SYMBOL = /(?<!\p{L})([α-ωℓ](?!\p{L})|[A-Za-z](?= = | =$|$)|Q(?= \+ H)|(?<=Q \+ )H)/u;
/** What `text` is made of, with its symbols set as mathematics, by `italic(letter)`. */
export const typeset = (text, italic) => text.split(SYMBOL).map((part, i) => (i % 2 ? italic(part) : part));
const variable = (letter) => svg("tspan", { class: "em-var" }, letter);

/** About `count` round numbers from `low` to `high`, and how many decimals they need. */
export function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(low / step - 1e-9);
  const values = [];
  for (let i = first; i * step <= high + 1e-9 * step; i++) values.push(i * step);
  return values.map((value) => [value, minus((Math.abs(value) < step / 2 ? 0 : value).toFixed(decimals))]);
}

/** A pair of axes that can be given another size and other limits. What is drawn goes into groups made by `layer`. */
export class Axes {
  constructor(xlabel, ylabel) {
    [this.xlabel, this.ylabel] = [xlabel, ylabel];
    this.frame = svg("g");
    // An inner <svg> clips what lies beyond the limits.
    [this.below, this.inside] = [svg("svg"), svg("svg")];
    this.sheets = [svg("svg", {}, this.frame, this.below), svg("svg", {}, this.inside)];
    this.root = document.createElement("div");
    this.root.className = "em-axes";
    this.root.append(...this.sheets);
  }

  /** A group for what is drawn, above all layers so far; `below` the points if it says so. */
  layer(name, below = false) {
    const group = svg("g", { class: name });
    (below ? this.below : this.inside).append(group);
    return group;
  }

  /** Set size in pixels and limits [left, right, bottom, top], and draw grid, ticks and labels. */
  set(width, height, limits, { yticks = true, whole = false, room = 0 } = {}) {
    // `room` is left free above and at the right, for what stands in the margins.
    const [left, top, right, bottom] = [yticks || this.ylabel ? 76 : 14, 10 + room, 14 + room, 48];
    this.limits = limits;
    this.width = Math.max(width - left - right, 50);
    this.height = height - top - bottom;
    this.origin = [left, top];
    this.size = [width, height];
    for (const sheet of this.sheets) sheet.setAttribute("viewBox", `0 0 ${width} ${height}`);
    for (const [name, value] of Object.entries({ x: left, y: top, width: this.width, height: this.height })) {
      for (const part of [this.below, this.inside]) part.setAttribute(name, value);
    }
    const [x0, x1, y0, y1] = limits;
    const marks = [];
    const count = Math.max(2, Math.floor(this.width / (whole ? 45 : 70)));
    for (const [value, text] of ticks(x0, x1, whole ? Math.min(count, Math.max(x1 - x0, 1)) : count)) {
      if (whole && value % 1) continue;
      const x = left + this.place(value, y0)[0];
      marks.push(svg("path", { class: "em-grid", d: `M${x},${top}V${top + this.height}` }));
      marks.push(svg("path", { class: "em-axis", d: `M${x},${top + this.height}v4` }));
      marks.push(svg("text", { class: "em-tick", x, y: top + this.height + 17, "text-anchor": "middle" }, text));
    }
    if (yticks) {
      for (const [value, text] of ticks(y0, y1, Math.max(2, Math.floor(this.height / 50)))) {
        if (yticks === "positive" && value < 0) continue;
        const y = top + this.place(x0, value)[1];
        marks.push(svg("path", { class: "em-grid", d: `M${left},${y}h${this.width}` }));
        marks.push(svg("path", { class: "em-axis", d: `M${left},${y}h-4` }));
        marks.push(svg("text", { class: "em-tick", x: left - 8, y: y + 4, "text-anchor": "end" }, text));
      }
    }
    marks.push(svg("path", { class: "em-axis", d: `M${left},${top}v${this.height}h${this.width}` }));
    const label = { class: "em-label", "text-anchor": "middle" };
    marks.push(svg("text", { ...label, x: left + this.width / 2, y: height - 10 }, ...typeset(this.xlabel, variable)));
    const turned = `translate(14,${top + this.height / 2})rotate(-90)`;
    marks.push(svg("text", { ...label, transform: turned }, ...typeset(this.ylabel, variable)));
    this.frame.replaceChildren(...marks);
  }

  /** Where a value lies, in pixels from the upper left corner of the axes. */
  place(x, y) {
    const [x0, x1, y0, y1] = this.limits;
    return [((x - x0) / (x1 - x0)) * this.width, ((y1 - y) / (y1 - y0)) * this.height];
  }

  /** The value at the pointer of a mouse or touch event. */
  under(event) {
    const box = this.root.getBoundingClientRect();
    const scale = this.size[0] / box.width;
    const x = (event.clientX - box.left) * scale - this.origin[0];
    const y = (event.clientY - box.top) * scale - this.origin[1];
    const [x0, x1, y0, y1] = this.limits;
    return [x0 + (x / this.width) * (x1 - x0), y1 - (y / this.height) * (y1 - y0)];
  }

  /** The nearest place within the limits. */
  within([x, y]) {
    const [x0, x1, y0, y1] = this.limits;
    return [Math.min(Math.max(x, x0), x1), Math.min(Math.max(y, y0), y1)];
  }

  /** A fiftieth of the picture further, in a direction such as [1, 0]. */
  step([x, y], [right, up]) {
    const [x0, x1, y0, y1] = this.limits;
    return this.within([x + (right * (x1 - x0)) / 50, y + (up * (y1 - y0)) / 50]);
  }

  path(points) {
    return polygon(points.map(([x, y]) => this.place(x, y)));
  }
}

const rgb = (bytes) => `rgb(${bytes})`;
// A canvas takes longest over colours that it has not met: mixtures are drawn in 32 steps of red, green and blue.
const mixtures = new Map();
function mixed(shares, colours, doubt, paper) {
  let key = 0;
  for (let c = 0; c < 3; c++) {
    let mean = 0;
    for (let k = 0; k < shares.length; k++) mean += shares[k] * colours[k][c];
    key = (key << 5) + (((1 - doubt) * mean + doubt * paper[c]) >> 3);
  }
  if (!mixtures.has(key)) mixtures.set(key, rgb([10, 5, 0].map((shift) => 8 * ((key >> shift) & 31) + 4)));
  return mixtures.get(key);
}

let markers = null;

/**
 * The data points, each with the marker of its largest responsibility, in a mixture of the colours, the emptier the less
 * decided it is. Without responsibilities they are grey. `look` is {dark, density}: which ground, and how many pixels of
 * the canvas make one of the page.
 */
export function drawPoints(axes, places, responsibilities, radius, { dark, density }) {
  if (!axes.canvas) {
    axes.canvas = document.createElement("canvas");
    axes.sheets[0].after(axes.canvas);
  }
  markers ??= STYLE.markers.map((outline) => new Path2D(outline));
  const { fills, outlines, paper, muted } = STYLE[dark ? "dark" : "light"];
  const [plain, edges] = [fills.map(rgb), outlines.map(rgb)];
  const pen = axes.canvas.getContext("2d");
  const [width, height] = axes.size.map((length) => Math.round(length * density));
  if (axes.canvas.width !== width) axes.canvas.width = width;
  if (axes.canvas.height !== height) axes.canvas.height = height;
  const [left, top] = axes.origin;
  pen.reset();
  pen.scale(density, density);
  pen.beginPath();
  pen.rect(left, top, axes.width, axes.height);
  pen.clip();
  pen.lineWidth = 0.24;
  const scale = radius * density;
  places.forEach((place, n) => {
    const [x, y] = axes.place(...place);
    pen.setTransform(scale, 0, 0, scale, (left + x) * density, (top + y) * density);
    let k = 0;
    if (responsibilities) {
      const shares = responsibilities[n];
      for (let j = 1; j < shares.length; j++) if (shares[j] > shares[k]) k = j;
      const doubt = (1 - shares[k]) / (1 - 1 / Math.max(shares.length, 2));
      const soft = doubt > 0.002;
      pen.fillStyle = soft ? mixed(shares, fills, doubt, paper) : plain[k];
      pen.strokeStyle = soft ? mixed(shares, outlines, 0, paper) : edges[k];
    } else {
      pen.fillStyle = rgb(muted);
      pen.strokeStyle = rgb(paper);
    }
    pen.fill(markers[k]);
    pen.stroke(markers[k]);
  });
}

/** The part of the plane that is nearer to each mean than to any other. */
export function drawRegions(group, axes, means) {
  const [x0, x1, y0, y1] = axes.limits;
  hold(group, means.length, (k) => svg("path", { class: component(k) })).forEach((element, k) => {
    let region = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
    for (const other of means) {
      const normal = other.map((value, d) => value - means[k][d]);
      if (!normal.some(Boolean)) continue;
      const depth = ([x, y]) =>
        (x - (means[k][0] + other[0]) / 2) * normal[0] + (y - (means[k][1] + other[1]) / 2) * normal[1];
      region = region.flatMap((here, i) => {
        const there = region[(i + 1) % region.length];
        const [a, b] = [depth(here), depth(there)];
        const kept = a <= 0 ? [here] : [];
        if (a * b < 0) kept.push(here.map((value, d) => value + (a / (a - b)) * (there[d] - value)));
        return kept;
      });
    }
    element.setAttribute("d", region.length ? `${axes.path(region)}Z` : "");
  });
}

const DEGREES = Array.from({ length: 73 }, (_, i) => (i / 36) * Math.PI);

/** The ellipses at 1 and 2 standard deviations. `eigen` gives each matrix's values and vectors. */
export function drawEllipses(group, axes, means, covariances, eigen) {
  const elements = hold(group, 2 * means.length, (i) => svg("path", { class: component(i >> 1) }));
  means.forEach((mean, k) => {
    const { values, vectors } = eigen(covariances[k]);
    const [a, b] = values.map((value) => Math.sqrt(Math.max(value, 0)));
    for (const level of [1, 2]) {
      const outline = DEGREES.map((angle) =>
        mean.map((m, d) => m + level * (a * Math.cos(angle) * vectors[0][d] + b * Math.sin(angle) * vectors[1][d])),
      );
      elements[2 * k + level - 1].setAttribute("d", `${axes.path(outline)}Z`);
    }
  });
}

/** The way each centre has gone: `history` lists the means of one moment after another. */
export function drawTrails(group, axes, history) {
  const K = history[0].length;
  hold(group, 2 * K, (i) => svg("path", { class: `${component(i >> 1)} ${i % 2 ? "em-steps" : "em-trail"}` })).forEach(
    (element, i) => {
      const trail = history.map((means) => axes.place(...means[i >> 1]));
      // A line of no length with a round end is a dot.
      element.setAttribute("d", i % 2 ? trail.map((p) => `M${number(p[0])},${number(p[1])}h0`).join("") : polygon(trail));
    },
  );
}

/** The centres with their numbers. Each is a group, which the explorer lets be moved. */
export function drawCentres(group, axes, means) {
  const create = (k) =>
    svg(
      "g",
      { class: component(k) },
      svg("circle", { r: 15, class: "em-grip" }),
      svg("path", { d: STYLE.markers[k], transform: "scale(7.3)" }),
      svg("text", { x: 10, y: -6 }, String(k + 1)),
    );
  return hold(group, means.length, create).map((element, k) => {
    const [x, y] = axes.place(...means[k]);
    element.setAttribute("transform", `translate(${number(x)},${number(y)})`);
    return element;
  });
}

/** The histogram of one feature, with area 1: [left, right, height] of each bar. */
export function histogram(values, bins = 24) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const width = (high - low) / bins || 1;
  const counts = new Array(bins).fill(0);
  for (const value of values) counts[Math.min(Math.floor((value - low) / width), bins - 1)] += 1;
  return counts.map((count, i) => [low + i * width, low + (i + 1) * width, count / values.length / width]);
}

/** Bars from zero. */
export function drawBars(group, axes, bars) {
  hold(group, bars.length, () => svg("path")).forEach((element, i) => {
    const [left, right, height] = bars[i];
    element.setAttribute("d", `${axes.path([[left, 0], [left, height], [right, height], [right, 0]])}Z`);
  });
}

const GRID = 150;

/**
 * The density of a mixture in feature `d`, over the limits of its axis: curves as lists of [value, height], one for each
 * component and at last their sum.
 */
function densities(axes, { weights, means }, variances, d) {
  const [low, high] = axes.limits.slice(2 * d, 2 * d + 2);
  const total = Array.from({ length: GRID }, (_, i) => [low + ((high - low) * i) / (GRID - 1), 0]);
  const curves = weights.map((weight, k) => {
    const peak = weight / Math.sqrt(2 * Math.PI * variances[k]);
    return total.map((sum) => {
      const height = peak * Math.exp(-((sum[0] - means[k][d]) ** 2) / (2 * variances[k]));
      sum[1] += height;
      return [sum[0], height];
    });
  });
  return [...curves, total];
}

function drawDensities(group, curves, path) {
  hold(group, curves.length, () => svg("path")).forEach((element, k) => {
    element.setAttribute("class", k < curves.length - 1 ? component(k) : "em-total");
    element.setAttribute("d", path(curves[k]));
  });
}

/** The density of a mixture in one feature: its components, and in ink their sum. */
export function drawDensity(group, axes, params, variances) {
  drawDensities(group, densities(axes, params, variances, 0), (curve) => axes.path(curve));
}

/**
 * What stands in the margins of the axes of two features: above, the histogram of the first and its density in the
 * mixture, and at the right those of the second. They take a room of `size` pixels.
 */
export class Margins {
  constructor(axes) {
    this.axes = axes;
    this.parts = [0, 1].map(() => {
      const [bars, density] = [svg("g", { class: "em-bars" }), svg("g", { class: "em-density" })];
      const part = svg("svg", { class: "em-layers em-margin" }, bars, density);
      axes.sheets[1].append(part);
      return { part, bars, density };
    });
  }

  layout(size) {
    this.x = null;
    const { width, height, origin: [left, top] } = this.axes;
    this.size = size - 6;
    const places = [
      { x: left, y: top - size, width, height: this.size },
      { x: left + width + 6, y: top, width: this.size, height },
    ];
    this.parts.forEach(({ part }, d) => {
      for (const [name, value] of Object.entries(places[d])) part.setAttribute(name, value);
    });
  }

  /** Draw points and a mixture; without params the margins are empty. */
  draw(x, params, covariances) {
    for (const { part } of this.parts) part.setAttribute("visibility", params ? "visible" : "hidden");
    if (!params) return;
    if (x !== this.x) this.drawBars(x);
    this.parts.forEach(({ density, place }, d) => {
      const curves = densities(this.axes, params, covariances.map((matrix) => matrix[d][d]), d);
      drawDensities(density, curves, (curve) => polygon(curve.map(place)));
    });
  }

  drawBars(x) {
    this.x = x;
    this.parts.forEach((one, d) => {
      const steps = histogram(x.map((point) => point[d]));
      const [low, high] = this.axes.limits.slice(2 * d, 2 * d + 2);
      const along = (d ? -this.axes.height : this.axes.width) / (high - low);
      const tall = (0.8 * this.size) / Math.max(...steps.map(([, , height]) => height));
      one.place = d
        ? ([value, height]) => [tall * height, (value - high) * along]
        : ([value, height]) => [(value - low) * along, this.size - tall * height];
      hold(one.bars, steps.length, () => svg("path")).forEach((element, i) => {
        const [left, right, height] = steps[i];
        const ends = [[left, 0], [left, height], [right, height], [right, 0]];
        element.setAttribute("d", `${polygon(ends.map(one.place))}Z`);
      });
    });
  }
}

const noted = ({ iteration, objective }) => `t = ${iteration}:  ${minus(objective.toFixed(2))}`;

/** The curve of the objective: a line with a dot for every moment, a mark at the present one, if any, and a note. */
export function drawCurve(group, axes, snapshots, present, words = noted(present)) {
  const points = snapshots.map(({ iteration, objective }) => axes.place(iteration, objective));
  const [line, dots, mark, note] = hold(group, 4, (i) =>
    svg(["path", "path", "circle", "text"][i], { class: ["em-line", "em-dots", "em-mark", "em-note"][i] }),
  );
  line.setAttribute("d", polygon(points));
  dots.setAttribute("d", points.map(([x, y]) => `M${number(x)},${number(y)}h0`).join(""));
  mark.setAttribute("visibility", present ? "visible" : "hidden");
  if (present) {
    const [x, y] = axes.place(present.iteration, present.objective);
    mark.setAttribute("cx", x);
    mark.setAttribute("cy", y);
    mark.setAttribute("r", 5.5);
  }
  note.setAttribute("x", axes.width - 6);
  note.setAttribute("y", points.at(-1)[1] < axes.height / 2 ? axes.height - 10 : 18);
  note.replaceChildren(...typeset(words, variable));
}
