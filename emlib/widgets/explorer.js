// The explorer: a picture of a run with its controls, in a notebook with a kernel or in a page without one.
//
// It is handed the record of the runs (explorer.py writes it) and a store of what is chosen. What it shows is the
// record; where the reader moves a centre or adds a point, it runs EM itself, from there.

import { eigen, fit, fullCovariances, model } from "./em.js";
import {
  Axes, drawBars, drawCentres, drawCurve, drawDensity, drawEllipses, drawPoints, drawRegions, drawTrails, histogram, minus,
  svg,
} from "./draw.js";

// Milliseconds between two steps of the play button.
const PACE = 400;
// Radius of a data point, and how near to one the pointer must be to ask about it, in pixels.
const RADIUS = 3.6;
const NEAR = 16;

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const two = (value) => minus(value.toFixed(2));
/** Three significant digits, as Python's .3g writes them. */
const three = (value) => {
  const [digits, exponent] = value.toExponential(2).split("e").map(Number);
  if (exponent >= -4 && exponent < 3) return minus(String(Number(value.toPrecision(3))));
  return minus(`${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`);
};
const said = (value) => (typeof value === "string" ? value : minus(String(Number(value.toPrecision(6)))));
const percent = (share) => `${Math.round(100 * share)}%`;

/** The iterations that a slider stops at: all at first, later in steps of a tenth. */
export function stops(last) {
  const all = [0];
  while (all.at(-1) < last) {
    const at = all.at(-1);
    all.push(Math.min(at + Math.max(Math.floor(at / 10), 1), last));
  }
  return all;
}

// A run of the record as em.js has its runs. Covariances are recorded by their Cholesky factors, which stay valid
// when their digits are cut.
function recorded({ model: spec, snapshots, converged, iterations }) {
  const square = (L) => L.map((row) => L.map((other) => row.reduce((total, value, m) => total + value * other[m], 0)));
  const whole = ({ weights, means, factors, variances }) => ({
    means,
    weights,
    covariances: variances ?? (factors && (spec.covariance_type === "tied" ? square(factors) : factors.map(square))),
  });
  return { spec, converged, iterations, snapshots: snapshots.map((one) => ({ ...one, params: whole(one) })) };
}

let styled = false;
function style() {
  if (styled) return;
  styled = true;
  const both = (what, k) => `light-dark(rgb(${STYLE.light[what][k]}),rgb(${STYLE.dark[what][k]}))`;
  const components = STYLE.markers.map(
    (_, k) =>
      `.em-explorer .em-k${k + 1}{--fill:${both("fills", k)};--line:${both("lines", k)};` +
      `--outline:${both("outlines", k)};--dash:${STYLE.dashes[k].map((dash) => 1.8 * dash).join(" ") || "none"}}`,
  );
  document.head.append(make("style", { textContent: CSS + components.join("\n") }));
}

/**
 * Show `record` in `host`. `store` has get(name), set(name, value) and listen(listener), which returns what ends it;
 * `address(values)` makes a link to what is shown. Returns a function that takes everything away again.
 */
export function mount(host, record, store, address) {
  style();
  const runs = new Map(record.runs.map((run) => [JSON.stringify(run.key), recorded(run)]));
  const names = record.controls.map(({ key }) => key).filter((key) => key !== "iteration");
  const flat = record.x[0].length === 1;
  const columns = record.x[0].map((_, d) => record.x.map((point) => point[d]));

  // What the reader made in the page: {x, run, at}. It gives way to the record when another run is chosen.
  let own = null;
  const present = () => {
    const run = own?.run ?? runs.get(JSON.stringify(names.map(store.get)));
    const iteration = own ? own.at : store.get("iteration");
    const at = run.snapshots.findLastIndex((snapshot) => snapshot.iteration <= iteration);
    return { run, at, snapshot: run.snapshots[at], last: run.iterations, x: own?.x ?? record.x };
  };
  const shares = ({ run, snapshot, x }) =>
    (snapshot.responsibilities ??= model(run.spec).posterior(x, snapshot.params));
  const runnable = (run) => run.spec.kind !== "other";

  // Axes

  const data = new Axes(record.features[0], flat ? "density" : record.features[1]);
  const curve = new Axes("iteration t", record.objective);
  const bars = flat ? histogram(columns[0]) : [];
  const top = 1.06 * Math.max(...bars.map(([, , height]) => height));
  const margin = (values, share) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const gap = share * (high - low) || 1;
    return [low - gap, high + gap];
  };
  const limits = [...margin(columns[0], 0.05), ...(flat ? [-0.25 * top, 1.3 * top] : margin(columns[1], 0.06))];
  // The points of one feature lie in a strip below the histogram, spread over its height so that they can be told apart.
  const place = flat
    ? (point, n) => [point[0], -top * (0.05 + 0.15 * (((n + 1) * 0.6180339887498949) % 1))]
    : (point) => point;
  const placeMeans = (means) => (flat ? means.map(([value]) => [value, -0.125 * top]) : means);

  const ground = svg("rect", { class: "em-ground", width: "100%", height: "100%", tabindex: 0, role: "button" });
  data.inside.append(ground);
  const layers = {};
  for (const name of ["bars", "regions", "points", "density", "ellipses", "trails"]) {
    layers[name] = data.layer(`em-layers em-${name}`);
  }
  layers.cross = svg("path", { class: "em-layers em-cross", visibility: "hidden" });
  data.inside.append(layers.cross);
  layers.centres = data.layer("em-centres");
  const curveGround = svg("rect", { class: "em-curve", width: "100%", height: "100%", fill: "transparent" });
  curve.inside.append(curveGround);
  const curveLayer = curve.layer("em-layers");

  // Words

  function describe({ run, snapshot, last, x }, responsibilities) {
    const now = snapshot.iteration;
    const values = names.map((name) => {
      const value = store.get(name);
      return typeof value === "string" ? `${name} ${value}` : `${name} = ${said(value)}`;
    });
    let end = "";
    if (now === last) end = run.converged ? ", converged" : ", where the run stops before it converges";
    if (own && now === last && !run.converged) end = `. The run ends here: ${run.reason}`;
    const head = [...values, own ? "your own start" : null].filter(Boolean).join(", ");
    const headline = `${head}, iteration ${now} of ${last}: ${record.objective} ${two(snapshot.objective)}${end}.`;
    const parts = snapshot.params.means.map((mean, k) => {
      const share = responsibilities.reduce((total, row) => total + row[k], 0) / x.length;
      return `${k + 1} holds ${percent(share)} around (${mean.map(three).join(", ")})`;
    });
    const [first, final] = [run.snapshots[0], run.snapshots.at(-1)].map(({ objective }) => two(objective));
    return [
      headline,
      `The ${x.length} points by ${record.features.join(" and ")}: component ${parts.join("; ")}.`,
      `The curve beside them leads from ${record.objective} ${first} at iteration 0 to ${final} at iteration ${last}.`,
    ];
  }

  const sentence = make("p", { className: "em-said", ariaLive: "polite" });
  const id = `em-${Math.random().toString(36).slice(2)}`;
  const description = make("p", { className: "em-hidden", id });
  data.root.setAttribute("role", "group");
  data.root.setAttribute("aria-label", `${record.features.join(" and ")} of the points, and the components`);
  data.root.setAttribute("aria-describedby", id);
  curve.root.setAttribute("role", "img");

  // The point that is asked about

  const point = make("p", { className: "em-point", ariaLive: "polite" });
  let asked = null;
  let cross = null;
  const hint = () =>
    runnable(present().run)
      ? "Drag a centre, or click to add a point: EM runs from there. Point at the data to see how a point is shared out."
      : "Point at the data to see how a point is shared out.";
  function showPoint() {
    const now = present();
    layers.cross.setAttribute("visibility", cross ? "visible" : "hidden");
    if (cross) {
      const [x, y] = data.place(...cross);
      layers.cross.setAttribute("d", `M${x - 9},${y}h18M${x},${y - 9}v18`);
    }
    if (asked === null || asked >= now.x.length) return point.replaceChildren(hint());
    const row = shares(now)[asked];
    const where = now.x[asked].map(three).join(", ");
    const parts = row.map((share, k) => {
      const part = make("span", { className: `em-share em-k${k + 1}` });
      const marker = svg("svg", { width: 12, height: 12, viewBox: "-1.3 -1.3 2.6 2.6", "aria-hidden": true });
      marker.append(svg("path", { d: STYLE.markers[k] }));
      const bar = make("i");
      bar.style.setProperty("--share", `${100 * share}%`);
      part.append(marker, `${k + 1}`, bar, share > 0 && share < 0.005 ? "<1%" : percent(share));
      return part;
    });
    point.replaceChildren(make("span", {}, `Point ${asked + 1} at (${where}):`), ...parts);
  }
  function ask([x, y], within) {
    const target = data.place(x, y);
    let best = within ** 2;
    let found = null;
    present().x.forEach((one, n) => {
      const [px, py] = data.place(...place(one, n));
      const distance = (px - target[0]) ** 2 + (py - target[1]) ** 2;
      if (distance <= best) [best, found] = [distance, n];
    });
    if (found !== asked) {
      asked = found;
      showPoint();
    } else if (cross) showPoint();
  }

  // Runs of the reader's own

  function begin(x, params, options) {
    const { spec } = present().run;
    const run = fit(spec, x, params, options);
    if (!run.snapshots.length) {
      // Not even the first E-step is possible: say why and keep what is shown.
      sentence.textContent = `${run.reason}.`;
      return;
    }
    own = { x, at: 0, run: { ...run, iterations: run.snapshots.at(-1).iteration } };
    draw();
  }
  function moveCentre(k, mean, options) {
    const { snapshot, x } = present();
    begin(x, { ...snapshot.params, means: snapshot.params.means.map((old, j) => (j === k ? mean : old)) }, options);
  }
  function addPoint(where) {
    const { run, snapshot, x } = present();
    if (runnable(run)) begin([...x, flat ? [where[0]] : where], snapshot.params);
  }
  const inside = ([x, y]) => [
    Math.min(Math.max(x, limits[0]), limits[1]),
    Math.min(Math.max(y, limits[2]), limits[3]),
  ];
  const keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const stepped = ([x, y], [right, up]) =>
    inside([x + (right * (limits[1] - limits[0])) / 50, y + (up * (limits[3] - limits[2])) / 50]);

  function free(element, k) {
    element.classList.add("em-free");
    element.setAttribute("tabindex", 0);
    element.setAttribute("role", "button");
    let target = null;
    element.addEventListener("pointerdown", (event) => {
      stop();
      target = null;
      element.setPointerCapture(event.pointerId);
      event.preventDefault();
      element.focus({ focusVisible: false });
    });
    element.addEventListener("pointermove", (event) => {
      if (!element.hasPointerCapture(event.pointerId)) return;
      // While it moves, the run is only followed as far as a picture's time allows.
      const { x, snapshot } = present();
      const maxIter = Math.floor(20000 / (x.length * snapshot.params.means.length));
      target = inside(data.under(event)).slice(0, flat ? 1 : 2);
      soon(() => moveCentre(k, target, { maxIter }));
    });
    element.addEventListener("lostpointercapture", () => target && soon(() => moveCentre(k, target)));
    element.addEventListener("keydown", (event) => {
      if (!keys[event.key]) return;
      event.preventDefault();
      stop();
      const mean = present().snapshot.params.means[k];
      moveCentre(k, stepped(flat ? [mean[0], 0] : mean, keys[event.key]).slice(0, mean.length));
    });
  }

  ground.addEventListener("pointermove", (event) => {
    cross = null;
    ask(data.under(event), NEAR);
  });
  ground.addEventListener("pointerleave", () => {
    asked = null;
    showPoint();
  });
  ground.addEventListener("click", (event) => event.detail && addPoint(data.under(event)));
  ground.addEventListener("keydown", (event) => {
    if (keys[event.key]) {
      event.preventDefault();
      const middle = [(limits[0] + limits[1]) / 2, flat ? -0.125 * top : (limits[2] + limits[3]) / 2];
      cross = cross ? stepped(cross, keys[event.key]) : middle;
      ask(cross, Infinity);
    } else if (event.key === "Enter" && cross) {
      event.preventDefault();
      addPoint(cross);
    }
  });
  ground.addEventListener("blur", () => {
    cross = null;
    asked = null;
    showPoint();
  });

  // Controls

  const iterations = () => (own ? stops(own.run.iterations) : record.controls.at(-1).options);
  const iteration = () => (own ? own.at : store.get("iteration"));
  function choose(key, value) {
    if (key === "iteration" && own) {
      own.at = value;
      draw();
    } else {
      if (key !== "iteration") own = null;
      store.set(key, value);
    }
  }
  function control({ key, name, options, slider }) {
    const all = () => (key === "iteration" ? iterations() : options);
    const input = slider
      ? make("input", { type: "range", min: 0, step: 1 })
      : make("select", {}, ...options.map((option, at) => make("option", { value: at }, said(option))));
    if (slider) input.style.width = `${Math.min(300, 90 + 12 * options.length)}px`;
    const readout = make("span", { ariaHidden: "true", hidden: !slider });
    input.addEventListener("input", () => {
      stop();
      choose(key, all()[Number(input.value)]);
    });
    const follow = () => {
      const value = key === "iteration" ? iteration() : store.get(key);
      if (slider) input.max = all().length - 1;
      input.value = all().indexOf(value);
      if (slider) input.ariaValueText = said(value);
      readout.textContent = said(value);
    };
    const title = /^[A-Za-zβ]$/.test(name) ? make("var", {}, name) : name;
    return { element: make("div", { className: "em-control" }, make("label", {}, title, input), readout), follow };
  }
  const controls = record.controls.filter(({ options }) => options.length > 1).map(control);

  const play = make("button", { type: "button", className: "em-play" });
  const label = (icon, verb) =>
    play.replaceChildren(make("span", { ariaHidden: "true" }, icon), ` ${verb} iteration`);
  let timer = null;
  function stop() {
    clearInterval(timer);
    timer = null;
    label("▶", "Play");
  }
  function step() {
    const next = iterations().find((value) => value > iteration());
    if (next !== undefined && iteration() < present().last) choose("iteration", next);
    if (iteration() >= present().last) stop();
  }
  play.addEventListener("click", () => {
    if (timer !== null) return stop();
    if (iteration() >= present().last) choose("iteration", 0);
    label("❚❚", "Pause");
    timer = setInterval(step, PACE);
  });
  stop();
  const back = make("button", { type: "button", textContent: "Back to the recorded run" });
  back.addEventListener("click", () => {
    stop();
    own = null;
    draw();
    play.focus();
  });

  // Tables

  const tables = make("div", { className: "em-tables" });
  const details = make("details", {}, make("summary", {}, "The numbers"), tables);
  function table(caption, head, rows) {
    const line = (cells, tag) => make("tr", {}, ...cells.map((cell) => make(tag, {}, cell)));
    return make(
      "table", {},
      make("caption", {}, caption), make("thead", {}, line(head, "th")), make("tbody", {}, ...rows.map((row) => line(row, "td"))),
    );
  }
  function showTables() {
    if (!details.open) return;
    const now = present();
    const { run, snapshot } = now;
    const mixture = Boolean(snapshot.params.covariances);
    const covariances = mixture ? fullCovariances(run.spec.covariance_type, snapshot.params) : [];
    const head = ["component", "share of the points", ...record.features.map((name) => `centre: ${name}`)];
    if (mixture) head.push(...record.features.map((name) => `σ: ${name}`), ...(flat ? [] : ["correlation"]));
    const rows = snapshot.params.means.map((mean, k) => {
      const share = shares(now).reduce((total, row) => total + row[k], 0) / now.x.length;
      const row = [String(k + 1), `${(100 * share).toFixed(1)}%`, ...mean.map((value) => minus(value.toPrecision(5)))];
      if (mixture) {
        const sigma = covariances[k].map((line, d) => Math.sqrt(line[d]));
        row.push(...sigma.map((value) => value.toPrecision(5)));
        if (!flat) row.push(minus((covariances[k][0][1] / (sigma[0] * sigma[1])).toFixed(4)));
      }
      return row;
    });
    const objectives = run.snapshots.map((one) => [String(one.iteration), minus(one.objective.toFixed(4))]);
    tables.replaceChildren(
      table(`Iteration ${snapshot.iteration}`, head, rows),
      table("The run", ["iteration", record.objective], objectives),
    );
  }
  details.addEventListener("toggle", showTables);
  tables.tabIndex = 0;
  tables.role = "region";
  tables.ariaLabel = "The numbers";

  // Drawing

  let width = 0;
  let curveOf = null;
  function fitCurve() {
    const { run, last } = present();
    const objectives = run.snapshots.map(({ objective }) => objective);
    const gap = Math.max(0.05 * last, 0.05);
    const box = [curvePlace.clientWidth || 320, height()];
    curve.set(...box, [-gap, last + gap, ...margin(objectives, 0.06)], { whole: true });
    curveOf = run;
  }
  const height = () => Math.round(Math.min(Math.max(0.74 * (dataPlace.clientWidth || 480), 270), 400));
  function layout() {
    data.set(dataPlace.clientWidth || 480, height(), limits, { yticks: flat ? "positive" : true });
    drawBars(layers.bars, data, bars);
    fitCurve();
  }

  function draw() {
    const now = present();
    const { run, at, snapshot, x } = now;
    const { means } = snapshot.params;
    if (curveOf !== run) fitCurve();
    const responsibilities = shares(now);
    const mixture = Boolean(snapshot.params.covariances);
    const certain = !mixture && responsibilities.every((row) => row.every((share) => share === 0 || share === 1));
    const shown = { regions: certain, ellipses: mixture && !flat, density: mixture && flat };
    for (const [name, visible] of Object.entries(shown)) layers[name].setAttribute("visibility", visible ? "visible" : "hidden");
    drawPoints(layers.points, data, x.map(place), responsibilities, RADIUS);
    if (certain) drawRegions(layers.regions, data, placeMeans(means));
    if (mixture) {
      const covariances = fullCovariances(run.spec.covariance_type, snapshot.params);
      if (flat) drawDensity(layers.density, data, snapshot.params, covariances.map(([[variance]]) => variance));
      else drawEllipses(layers.ellipses, data, means, covariances, eigen);
    }
    drawTrails(layers.trails, data, run.snapshots.slice(0, at + 1).map(({ params }) => placeMeans(params.means)));
    drawCentres(layers.centres, data, placeMeans(means)).forEach((element, k) => {
      if (!runnable(run)) return;
      if (!element.classList.contains("em-free")) free(element, k);
      const where = means[k].map(three).join(", ");
      element.setAttribute("aria-label", `Centre ${k + 1} at (${where}): the arrow keys move it, and EM runs from there`);
    });
    drawCurve(curveLayer, curve, run.snapshots, snapshot);
    ground.classList.toggle("em-open", runnable(run));
    ground.setAttribute(
      "aria-label",
      `The data: the arrow keys ask about points${runnable(run) ? ", Enter adds one" : ""}`,
    );
    const lines = describe(now, responsibilities);
    if (sentence.textContent !== lines[0]) sentence.textContent = lines[0];
    description.textContent = lines.slice(1, 2).join("\n");
    curve.root.setAttribute("aria-label", lines[2]);
    back.hidden = !own;
    for (const { follow } of controls) follow();
    link.hidden = !address || Boolean(own);
    if (address) link.href = address(Object.fromEntries(record.controls.map(({ key }) => [key, store.get(key)])));
    showPoint();
    showTables();
  }

  // What comes faster than the screen shows it, a drag above all, is done once for each picture.
  let waiting = null;
  function soon(action) {
    if (waiting === null) {
      requestAnimationFrame(() => {
        const last = waiting;
        waiting = null;
        last();
      });
    }
    waiting = action;
  }

  curveGround.addEventListener("click", (event) => {
    stop();
    const [at] = curve.under(event);
    const distance = (value) => Math.abs(value - at);
    choose("iteration", iterations().reduce((best, value) => (distance(value) < distance(best) ? value : best)));
  });

  const link = make("a", { textContent: "Link to this view" });
  const dataPlace = make("div", {}, data.root);
  const curvePlace = make("div", {}, curve.root);
  const bar = make("div", { className: "em-controls" }, ...controls.map(({ element }) => element), play, back);
  const root = make(
    "div", {},
    bar, make("div", { className: "em-pictures" }, dataPlace, curvePlace), sentence, point, description,
    make("div", { className: "em-more" }, details, link),
  );
  // JupyterLab would take the keys that move a slider for its own shortcuts.
  root.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey || event.altKey)) event.stopPropagation();
  });
  host.classList.add("em-explorer");
  host.replaceChildren(root);
  const sizes = new ResizeObserver(() => {
    if (dataPlace.clientWidth === width || dataPlace.clientWidth === 0) return;
    width = dataPlace.clientWidth;
    layout();
    draw();
  });
  width = dataPlace.clientWidth;
  layout();
  draw();
  sizes.observe(dataPlace);
  const unlisten = store.listen(() => draw());
  return () => {
    stop();
    sizes.disconnect();
    unlisten();
    host.replaceChildren();
  };
}

/** With a kernel: the choices are traits of a widget. */
function render({ model: widget, el }) {
  const record = widget.get("_record");
  const names = record.controls.map(({ key }) => `change:${key}`).join(" ");
  return mount(el, record, {
    get: (name) => widget.get(name),
    set(name, value) {
      widget.set(name, value);
      widget.save_changes();
    },
    listen(listener) {
      widget.on(names, listener);
      return () => widget.off(names, listener);
    },
  });
}

/** Without a kernel: the choices live in the page, and its address can name them: #explorer-2:K=3&iteration=4. */
function show(name, record, patience = 100) {
  const hosts = [...document.querySelectorAll("[data-em-explorer]")];
  const host = hosts.find((one) => one.dataset.emExplorer === name && !one.classList.contains("em-explorer"));
  if (!host) {
    // Some programs run a script before they show what stands beside it.
    if (patience > 0) requestAnimationFrame(() => show(name, record, patience - 1));
    return;
  }
  const anchor = `explorer-${hosts.indexOf(host) + 1}`;
  const values = Object.fromEntries(record.controls.map(({ key, value }) => [key, value]));
  const listeners = new Set();
  const follow = () => {
    const [place, query] = location.hash.slice(1).split(/:(.*)/);
    if (place !== anchor || !query) return false;
    for (const [key, text] of new URLSearchParams(query)) {
      const options = record.controls.find((control) => control.key === key)?.options ?? [];
      const found = options.find((option) => String(option) === text);
      if (found !== undefined) values[key] = found;
    }
    for (const listener of listeners) listener();
    return true;
  };
  const linked = follow();
  // JupyterLab keeps its own state in the address.
  const lab = "jpThemeLight" in document.body.dataset;
  const address = (now) => `#${anchor}:${new URLSearchParams(now)}`;
  mount(
    host, record,
    {
      get: (key) => values[key],
      set(key, value) {
        values[key] = value;
        for (const listener of listeners) listener();
      },
      listen(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    lab ? null : address,
  );
  addEventListener("hashchange", () => follow() && host.scrollIntoView());
  if (linked) addEventListener("load", () => host.scrollIntoView());
}
