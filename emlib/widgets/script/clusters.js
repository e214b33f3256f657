// Runs of mixtures and of k-means: the data with θ as it stands, and the objective. What it shows is the record; where
// the reader moves a centre or adds a point, it runs EM itself, from there.

import { eigen, fit, fullCovariances, model } from "./em.js";
import {
  drawBars, drawCentres, drawCurve, drawDensity, drawEllipses, drawPoints, drawRegions, drawTrails, histogram, minus, svg,
} from "./draw.js";
import { explorer, make, said, three, two } from "./frame.js";

// Radius of a data point, and how near to one the pointer must be to ask about it, in pixels.
const RADIUS = 3.6;
const NEAR = 16;

const percent = (share) => `${Math.round(100 * share)}%`;

/** The iterations that a slider stops at: all at first, later in steps of a tenth. */
function stops(last) {
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

explorer("clusters", (frame) => {
  const { record } = frame;
  const runs = new Map(record.runs.map((run) => [JSON.stringify(run.key), recorded(run)]));
  const names = record.controls.map(({ key }) => key).filter((key) => key !== "iteration");
  const flat = record.x[0].length === 1;
  const columns = record.x[0].map((_, d) => record.x.map((point) => point[d]));

  // The run that is shown: of the record, or `frame.own`'s {x, run}.
  function present() {
    const run = frame.own?.run ?? runs.get(JSON.stringify(names.map((name) => frame.value(name))));
    const at = run.snapshots.findLastIndex(({ iteration }) => iteration <= frame.value("iteration"));
    return { run, at, snapshot: run.snapshots[at], last: run.iterations, x: frame.own?.x ?? record.x };
  }
  const shares = ({ run, snapshot, x }) =>
    (snapshot.responsibilities ??= model(run.spec).posterior(x, snapshot.params));
  const runnable = (run) => run.spec.kind !== "other";

  // Axes

  const data = frame.axes(record.features[0], flat ? "density" : record.features[1]);
  const curve = frame.axes("iteration t", record.objective);
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
  const placeMean = flat ? ([value]) => [value, -0.125 * top] : (mean) => mean;

  const layers = {};
  for (const name of ["bars", "regions"]) layers[name] = data.layer(`em-layers em-${name}`, true);
  for (const name of ["density", "ellipses", "trails"]) layers[name] = data.layer(`em-layers em-${name}`);
  layers.centres = data.layer("em-centres");
  const curveGround = svg("rect", { class: "em-curve", width: "100%", height: "100%", fill: "transparent" });
  curve.inside.append(curveGround);
  const curveLayer = curve.layer("em-layers");
  data.root.setAttribute("role", "group");
  data.root.setAttribute("aria-label", `${record.features.join(" and ")} of the points, and the components`);
  data.root.setAttribute("aria-describedby", frame.description.id);
  curve.root.setAttribute("role", "img");

  // Words

  function describe({ run, snapshot, last, x }, responsibilities) {
    const now = snapshot.iteration;
    const values = names.map((name) => {
      const value = frame.value(name);
      return typeof value === "string" ? `${name} ${value}` : `${name} = ${said(value)}`;
    });
    let end = "";
    if (now === last) end = run.converged ? ", converged" : ", where the run stops before it converges";
    if (frame.own && now === last && !run.converged) end = `. The run ends here: ${run.reason}`;
    const head = [...values, ...(frame.own ? ["your own start"] : [])].join(", ");
    const parts = snapshot.params.means.map((mean, k) => {
      const share = responsibilities.reduce((total, row) => total + row[k], 0) / x.length;
      return `${k + 1} holds ${percent(share)} around (${mean.map(three).join(", ")})`;
    });
    const [first, final] = [run.snapshots[0], run.snapshots.at(-1)].map(({ objective }) => two(objective));
    return [
      `${head}, iteration ${now} of ${last}: ${record.objective} ${two(snapshot.objective)}${end}.`,
      `The ${x.length} points by ${record.features.join(" and ")}: component ${parts.join("; ")}.`,
      `The curve beside them leads from ${record.objective} ${first} at iteration 0 to ${final} at iteration ${last}.`,
    ];
  }

  // The point that is asked about

  let asked = null;
  function showPoint() {
    const now = present();
    if (asked === null || asked >= now.x.length) {
      const own = runnable(now.run) ? "Drag a centre, or click to add a point: EM runs from there. " : "";
      frame.note.replaceChildren(`${own}Point at the data to see how a point is shared out.`);
      return;
    }
    const where = now.x[asked].map(three).join(", ");
    const parts = shares(now)[asked].map((share, k) => {
      const part = make("span", { className: `em-share em-k${k + 1}` });
      const marker = svg("svg", { width: 12, height: 12, viewBox: "-1.3 -1.3 2.6 2.6", "aria-hidden": true });
      marker.append(svg("path", { d: STYLE.markers[k] }));
      const bar = make("i");
      bar.style.setProperty("--share", `${100 * share}%`);
      part.append(marker, `${k + 1}`, bar, share > 0 && share < 0.005 ? "<1%" : percent(share));
      return part;
    });
    frame.note.replaceChildren(make("span", {}, `Point ${asked + 1} at (${where}):`), ...parts);
  }
  function ask(where, byKey) {
    let found = null;
    if (where) {
      const target = data.place(...where);
      let best = byKey ? Infinity : NEAR ** 2;
      present().x.forEach((one, n) => {
        const [px, py] = data.place(...place(one, n));
        const distance = (px - target[0]) ** 2 + (py - target[1]) ** 2;
        if (distance <= best) [best, found] = [distance, n];
      });
    }
    if (found === asked) return;
    asked = found;
    showPoint();
  }
  const middle = () => [(limits[0] + limits[1]) / 2, flat ? -0.125 * top : (limits[2] + limits[3]) / 2];
  const ground = frame.field(data, middle, ask, ([x, y]) => {
    const { run, snapshot, x: points } = present();
    if (runnable(run)) begin([...points, flat ? [x] : [x, y]], snapshot.params);
  });

  // Runs of the reader's own

  function begin(x, params, options) {
    const run = fit(present().run.spec, x, params, options);
    // Where not even the first E-step is possible, say why and keep what is shown.
    if (!run.snapshots.length) return frame.say(`${run.reason}.`);
    run.iterations = run.snapshots.at(-1).iteration;
    frame.own = { x, run, values: { iteration: 0 }, options: { iteration: stops(run.iterations) } };
    frame.draw();
  }
  function free(element, k) {
    const from = () => placeMean(present().snapshot.params.means[k]);
    frame.movable(element, data, from, (target, moving) => {
      const { snapshot, x } = present();
      const means = snapshot.params.means.map((old, j) => (j === k ? target.slice(0, old.length) : old));
      // While it moves, the run is only followed as far as a picture's time allows.
      const options = moving ? { maxIter: Math.floor(20000 / (x.length * means.length)) } : {};
      begin(x, { ...snapshot.params, means }, options);
    });
  }

  // Drawing

  let curveOf = null;
  const height = () => Math.round(Math.min(Math.max(0.74 * (data.holder.clientWidth || 480), 270), 400));
  function fitCurve(run) {
    const gap = Math.max(0.05 * run.iterations, 0.05);
    const box = [curve.holder.clientWidth || 320, height()];
    const values = margin(run.snapshots.map(({ objective }) => objective), 0.06);
    curve.set(...box, [-gap, run.iterations + gap, ...values], { whole: true });
    curveOf = run;
  }

  curveGround.addEventListener("click", (event) => {
    frame.stop();
    const [at] = curve.under(event);
    const nearer = (a, b) => (Math.abs(b - at) < Math.abs(a - at) ? b : a);
    frame.choose("iteration", frame.options("iteration").reduce(nearer));
  });

  return {
    played: "iteration",
    back: "Back to the recorded run",
    isOver: () => frame.value("iteration") >= present().last,

    layout() {
      data.set(data.holder.clientWidth || 480, height(), limits, { yticks: flat ? "positive" : true });
      drawBars(layers.bars, data, bars);
      fitCurve(present().run);
    },

    draw() {
      const now = present();
      const { run, at, snapshot, x } = now;
      const { means } = snapshot.params;
      if (curveOf !== run) fitCurve(run);
      const responsibilities = shares(now);
      const mixture = Boolean(snapshot.params.covariances);
      const certain = !mixture && responsibilities.every((row) => row.every((share) => share === 0 || share === 1));
      const shown = { regions: certain, ellipses: mixture && !flat, density: mixture && flat };
      for (const [name, visible] of Object.entries(shown)) {
        layers[name].setAttribute("visibility", visible ? "visible" : "hidden");
      }
      drawPoints(data, x.map(place), responsibilities, RADIUS, frame.look);
      if (certain) drawRegions(layers.regions, data, means.map(placeMean));
      if (mixture) {
        const covariances = fullCovariances(run.spec.covariance_type, snapshot.params);
        if (flat) drawDensity(layers.density, data, snapshot.params, covariances.map(([[variance]]) => variance));
        else drawEllipses(layers.ellipses, data, means, covariances, eigen);
      }
      drawTrails(layers.trails, data, run.snapshots.slice(0, at + 1).map(({ params }) => params.means.map(placeMean)));
      drawCentres(layers.centres, data, means.map(placeMean)).forEach((element, k) => {
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
      showPoint();
      const [headline, description, ofCurve] = describe(now, responsibilities);
      curve.root.setAttribute("aria-label", ofCurve);
      return { headline, description };
    },

    tables() {
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
      return [
        [`Iteration ${snapshot.iteration}`, head, rows],
        ["The run", ["iteration", record.objective], objectives],
      ];
    },
  };
});
