// Runs of mixtures and of k-means: the data with θ as it stands, the objective, and for mixtures BIC over K. What it
// shows is the record; where the reader moves a centre, adds a point or draws data, it runs EM itself.

import { Curve, margin } from "./curve.js";
import {
  drawBars, drawCentres, drawDensity, drawEllipses, drawPoints, drawRegions, drawTrails, histogram, Margins, minus, svg,
} from "./draw.js";
import {
  bic, DegenerateError, eigen, fitting, fullCovariances, model, squaredDistance, start, STARTS,
} from "./em.js";
import { explorer, make, said, three, two } from "./frame.js";

// Radius of a data point, and how near to one the pointer must be to ask about it, in pixels.
const RADIUS = 3.6;
const NEAR = 16;
// How much room the densities in the margins have, in pixels.
const ROOM = 54;

const percent = (share) => `${Math.round(100 * share)}%`;
const halves = (iteration) => (iteration % 1 ? `${Math.floor(iteration) || ""}½` : String(iteration));

/** The iterations that a slider stops at: all at first, later in steps of a tenth. K-means has halves between them. */
function stopsOf({ spec, snapshots }) {
  const last = snapshots.at(-1).iteration;
  const all = [0];
  for (let at = 0; at < last; ) {
    if (spec.kind === "KMeans") all.push(at + 0.5);
    at = Math.min(at + Math.max(Math.floor(at / 10), 1), last);
    all.push(at);
  }
  return all;
}

// A run of the record as em.js has its runs. Centres are recorded where they have moved, and covariances by the rows of
// their Cholesky factors, which stay valid when their digits are cut.
function recorded({ model, iteration, objective, means, weights, variances, factors, responsibilities, ...run }) {
  // A model that the page does not know is recorded with full covariances.
  const spec = { covariance_type: "full", ...model };
  const square = ([a, b, c]) => (b === undefined ? [[a * a]] : [[a * a, a * b], [a * b, b * b + c * c]]);
  const whole = (at) => (spec.covariance_type === "tied" ? square(at) : at.map(square));
  const snapshots = [];
  for (const [i, at] of iteration.entries()) {
    const before = snapshots[i - 1]?.params;
    const covariances = variances?.[i] ?? (factors && whole(factors[i]));
    snapshots.push({
      iteration: at,
      objective: objective[i],
      params: { weights: weights?.[i], means: means[i] ?? before.means, covariances },
      assigned: at % 1 ? before : undefined,
      responsibilities: responsibilities?.[i],
    });
  }
  return { ...run, spec, snapshots };
}

class Clusters {
  played = "iteration";
  back = "Back to the recorded runs";

  constructor(frame) {
    this.frame = frame;
    const { record } = frame;
    this.features = record.features;
    this.runs = record.runs.map(recorded);
    this.names = record.controls.map(({ key }) => key).filter((key) => key !== "iteration");
    this.isFlat = this.features.length === 1;
    this.isMixture = this.runs.some(({ snapshots }) => snapshots[0].params.covariances);
    this.isRunnable = this.runs.every(({ spec }) => spec.kind !== "other");

    const columns = this.features.map((_, d) => record.x.map((point) => point[d]));
    this.top = this.isFlat ? 1.06 * Math.max(...histogram(columns[0]).map(([, , height]) => height)) : 0;
    const vertical = this.isFlat ? [-0.25 * this.top, 1.3 * this.top] : margin(columns[1], 0.06);
    this.limits = [...margin(columns[0], 0.05), ...vertical];

    this.data = frame.axes(this.features[0], this.isFlat ? "density" : this.features[1]);
    this.layers = {};
    for (const name of ["bars", "regions"]) this.layers[name] = this.data.layer(`em-layers em-${name}`, true);
    for (const name of ["density", "ellipses", "trails", "refusal"]) {
      this.layers[name] = this.data.layer(`em-layers em-${name}`);
    }
    this.layers.centres = this.data.layer("em-centres");
    this.words = make("div", { className: "em-refused", ariaHidden: "true" });
    this.data.root.append(this.words);
    if (this.isMixture && !this.isFlat) this.margins = new Margins(this.data);
    this.data.root.setAttribute("role", "group");
    this.data.root.setAttribute("aria-label", `${this.features.join(" and ")} of the points, and the components`);
    this.data.root.setAttribute("aria-describedby", frame.description.id);
    const middle = () => [
      (this.limits[0] + this.limits[1]) / 2,
      this.isFlat ? this.placeMean([0])[1] : (this.limits[2] + this.limits[3]) / 2,
    ];
    this.ground = frame.field(this.data, middle, (...where) => this.ask(...where), (where) => this.addPoint(where));
    this.curve = new Curve(frame, record.objective);
    const numbers = record.controls.find(({ key, slider }) => key === "K" && slider)?.options ?? [];
    if (this.isMixture && this.isRunnable && numbers.length > 1) {
      this.bic = new Curve(frame, "BIC", "number of components K", "K");
    }
    if (this.isRunnable) {
      frame.button("Draw your own data", () => this.sketch());
      frame.button("New start", () => this.startAgain());
      this.clear = frame.button("Clear", () => this.sketch());
    }
    this.asked = null;
  }

  /** What is shown: x, and if there is one {run, at, snapshot}. The reader's own is in `frame.own`, {x, run}. */
  present() {
    const { own, record } = this.frame;
    const x = own?.x ?? record.x;
    const run = own ? own.run : this.recordedRun(this.values());
    if (!run) return { x };
    const at = run.snapshots.findLastIndex(({ iteration }) => iteration <= this.frame.value("iteration"));
    return { x, run, at, snapshot: run.snapshots[at], last: run.snapshots.at(-1).iteration };
  }

  values() {
    return Object.fromEntries(this.names.map((name) => [name, this.frame.value(name)]));
  }

  recordedRun(values) {
    return this.runs.find(({ key }) => this.names.every((name, i) => key[i] === values[name]));
  }

  /** The responsibilities in force: those of a k-means whose centres have just been moved are of the step before. */
  shares({ run, snapshot, x }) {
    snapshot.responsibilities ??= model(run.spec).posterior(x, snapshot.assigned ?? snapshot.params);
    return snapshot.responsibilities;
  }

  covariances({ run, snapshot }) {
    return snapshot?.params.covariances && fullCovariances(run.spec.covariance_type, snapshot.params);
  }

  /** The component whose collapse ended the run, if it is its end that is shown. */
  refused({ run, snapshot, last }) {
    if (!run || run.converged || snapshot.iteration < last) return null;
    const found = run.reason?.match(/^component (\d+)\b.* (?:collapsed|dead)/);
    return found ? Number(found[1]) : null;
  }

  // The points of one feature lie in a strip below the histogram, spread over its height so that they can be told apart.
  place(point, n) {
    return this.isFlat ? [point[0], -this.top * (0.05 + 0.15 * (((n + 1) * 0.6180339887498949) % 1))] : point;
  }

  placeMean(mean) {
    return this.isFlat ? [mean[0], -0.125 * this.top] : mean;
  }

  // Runs of the reader's own

  /** The model that the controls describe. Data of the reader's own have starts of their own, too. */
  recipe() {
    const { own } = this.frame;
    return this.runs.find(({ key }) =>
      this.names.every((name, i) => key[i] === this.frame.value(name) || (own?.isSketch && name === "start")),
    );
  }

  /** Run EM on `x` from `params`, and show it as it comes. */
  begin(x, params) {
    const { frame } = this;
    const steps = fitting(this.recipe().spec, x, params);
    const run = steps.next().value;
    // Where not even the first E-step is possible, say why and keep what is shown.
    if (!run.snapshots.length) return frame.say(`${run.reason}.`);
    const own = frame.own ?? { x, values: {}, options: {}, bics: new Map() };
    if (own.x !== x) own.bics.clear();
    Object.assign(own, { x, run });
    own.values.iteration = 0;
    own.options.iteration = stopsOf(run);
    frame.leave(own);
    frame.work(steps, () => {
      own.options.iteration = stopsOf(run);
      const height = this.bicOf(run, x);
      if (height) own.bics.set(run.spec.n_components, height);
      frame.draw();
    });
  }

  moveCentre(k, target) {
    const { x, snapshot: { params } } = this.present();
    const means = params.means.map((mean, j) => (j === k ? target.slice(0, mean.length) : mean));
    this.begin(x, { ...params, means });
  }

  addPoint(where) {
    if (!this.isRunnable) return;
    const { x, snapshot } = this.present();
    const points = [...x, where.slice(0, this.features.length)];
    if (snapshot) this.begin(points, snapshot.params);
    else this.frame.leave(Object.assign(this.frame.own, { x: points, refusal: null }));
  }

  startAgain() {
    const { frame } = this;
    const { x } = this.present();
    const how = frame.value("start");
    try {
      this.begin(x, start(this.recipe().spec, x, how in STARTS ? how : "kmeans++", Math.random));
    } catch (error) {
      if (!(error instanceof DegenerateError || error instanceof RangeError)) throw error;
      if (!frame.own?.isSketch) return frame.say(`${error.message}.`);
      frame.leave(Object.assign(frame.own, { run: null, refusal: `${error.message}. ` }));
    }
  }

  /** An empty field, for data of the reader's own. */
  sketch() {
    const { frame } = this;
    const values = { ...this.values(), iteration: 0 };
    const options = { iteration: [0] };
    if (this.names.includes("start")) {
      options.start = Object.keys(STARTS);
      if (!(values.start in STARTS)) [values.start] = options.start;
    }
    const chosen = (key) => key !== "iteration" && frame.own.run && this.startAgain();
    frame.leave({ isSketch: true, x: [], run: null, values, options, chosen, bics: new Map() });
    this.ground.focus({ focusVisible: false });
  }

  // BIC

  /** BIC at the end of a run; nothing while it runs, and where it has collapsed. */
  bicOf(run, x) {
    if (!run.converged && !run.reason?.startsWith("not converged")) return null;
    const { free } = this.runs.find(({ spec }) => JSON.stringify(spec) === JSON.stringify(run.spec));
    return free && bic(run.snapshots.at(-1).objective, free, x.length);
  }

  /** [K, BIC] of the runs that differ from the present one in K alone; of data of the reader's own, those made so far. */
  bics() {
    const { own, record } = this.frame;
    if (own && own.x !== record.x) return [...own.bics].sort(([a], [b]) => a - b);
    const values = this.values();
    return this.frame.options("K")
      .map((K) => [K, this.recordedRun({ ...values, K })])
      .map(([K, run]) => [K, this.bicOf(run, record.x)])
      .filter(([, height]) => height);
  }

  drawBic({ run, x }) {
    const points = this.bics().map(([iteration, objective]) => ({ iteration, objective }));
    const now = run && this.bicOf(run, x);
    this.bic.axes.holder.style.visibility = points.length ? "" : "hidden";
    if (!points.length) return;
    const present = now ? { iteration: this.frame.value("K"), objective: now } : null;
    const values = [...points, ...(present ? [present] : [])].map(({ objective }) => objective);
    const [first, last] = [this.frame.options("K")[0], this.frame.options("K").at(-1)];
    this.bic.fit(this.heights().bic, last, values, first);
    const best = points.reduce((a, b) => (b.objective < a.objective ? b : a));
    const list = points.map(({ iteration, objective }) => `${two(objective)} at K = ${iteration}`).join(", ");
    let note = run && run.reason !== null ? "no BIC: this run has collapsed" : "";
    if (present) note = `K = ${present.iteration}:  ${two(present.objective)}`;
    this.bic.draw(points, present, `BIC: ${list}; the smallest at K = ${best.iteration}.`, note);
  }

  // Words

  /** The values of the controls, the iteration, the objective and how the run has ended. */
  headline({ run, snapshot, last, x }) {
    const { own, record } = this.frame;
    if (!run) {
      const count = x.length === 1 ? "1 point" : `${x.length} points`;
      return `${own.refusal ?? ""}Your own data: ${count}. Add as many as you like, then press “New start”.`;
    }
    // A start of the reader's own takes the place of the one that the control names.
    const names = this.names.filter((name) => name !== "start" || !own || own.isSketch);
    const values = names.map((name) => {
      const value = this.frame.value(name);
      return typeof value === "string" ? `${name} ${value}` : `${name} = ${said(value)}`;
    });
    if (own) values.push(own.isSketch ? "your own data" : "your own start");
    const now = snapshot.iteration;
    let moment = `iteration ${halves(now)} of ${last}`;
    if (run.spec.kind === "KMeans") moment += `, after ${snapshot.assigned ? "moving the centres" : "assigning"}`;
    let end = "";
    if (run.reason === null) end = " (it is still running)";
    else if (now === last) end = run.converged ? ", converged" : `. The run ends here: ${run.reason}`;
    return `${[...values, moment].join(", ")}: ${record.objective} ${two(snapshot.objective)}${end}.`;
  }

  description(now) {
    const { x, run, snapshot } = now;
    const among = `${x.length} points by ${this.features.join(" and ")}`;
    if (!run) return `The ${among}.`;
    const parts = snapshot.params.means.map((mean, k) => {
      const share = this.shares(now).reduce((total, row) => total + row[k], 0) / x.length;
      return `${k + 1} holds ${percent(share)} around (${mean.map(three).join(", ")})`;
    });
    return `The ${among}: component ${parts.join("; ")}.`;
  }

  // The point that is asked about

  ask(where, byKey) {
    let found = null;
    if (where) {
      const target = this.data.place(...where);
      let best = byKey ? Infinity : NEAR ** 2;
      this.present().x.forEach((point, n) => {
        const distance = squaredDistance(this.data.place(...this.place(point, n)), target);
        if (distance <= best) [best, found] = [distance, n];
      });
    }
    if (found === this.asked) return;
    this.asked = found;
    this.showPoint();
  }

  showPoint() {
    const now = this.present();
    const point = this.asked === null ? undefined : now.x[this.asked];
    if (!point || !now.run) {
      let hint = "Point at the data to see how a point is shared out.";
      if (this.isRunnable) hint = `Drag a centre, or click to add a point: EM runs from there. ${hint}`;
      if (!now.run) hint = "Click where a point shall be; or move the cross with the arrow keys and press Enter.";
      this.frame.note.replaceChildren(hint);
      return;
    }
    const parts = this.shares(now)[this.asked].map((share, k) => {
      const part = make("span", { className: `em-share em-k${k + 1}` });
      const marker = svg("svg", { width: 12, height: 12, viewBox: "-1.3 -1.3 2.6 2.6", "aria-hidden": true });
      marker.append(svg("path", { d: STYLE.markers[k] }));
      const bar = make("i");
      bar.style.setProperty("--share", `${100 * share}%`);
      part.append(marker, `${k + 1}`, bar, share > 0 && share < 0.005 ? "<1%" : percent(share));
      return part;
    });
    const where = point.map(three).join(", ");
    this.frame.note.replaceChildren(make("span", {}, `Point ${this.asked + 1} at (${where}):`), ...parts);
  }

  // Drawing

  read(key, value) {
    return key === "iteration" ? halves(value) : undefined;
  }

  isOver() {
    const { last } = this.present();
    return last === undefined || this.frame.value("iteration") >= last;
  }

  heights() {
    const width = this.data.holder.clientWidth || 480;
    const whole = Math.round(Math.min(Math.max(0.74 * width, 270), 400)) + (this.margins ? ROOM : 0);
    if (!this.bic) return { whole, curve: whole };
    const bic = Math.max(Math.round(0.42 * whole), 170);
    return { whole, bic, curve: Math.max(whole - bic - 10, 200) };
  }

  layout() {
    const width = this.data.holder.clientWidth || 480;
    const look = { yticks: this.isFlat ? "positive" : true, room: this.margins ? ROOM : 0 };
    this.data.set(width, this.heights().whole, this.limits, look);
    this.margins?.layout(ROOM);
    this.curveOf = null;
  }

  draw() {
    const { frame, layers } = this;
    const now = this.present();
    const { x, run, snapshot } = now;
    const responsibilities = run && this.shares(now);
    if (this.isFlat) drawBars(layers.bars, this.data, x.length ? histogram(x.map(([value]) => value)) : []);
    drawPoints(this.data, x.map((point, n) => this.place(point, n)), responsibilities, RADIUS, frame.look);
    this.margins?.draw(x, snapshot?.params, this.covariances(now));
    for (const name of ["regions", "ellipses", "density", "trails", "centres"]) {
      layers[name].setAttribute("visibility", "hidden");
    }
    if (run) this.drawRun(now, responsibilities);
    this.curve.axes.holder.style.visibility = run ? "" : "hidden";
    if (this.bic) this.drawBic(now);
    this.drawRefusal(now);
    this.ground.classList.toggle("em-open", this.isRunnable);
    this.ground.setAttribute("aria-label", `The data: the arrow keys ask about points${this.isRunnable ? ", Enter adds one" : ""}`);
    if (this.isRunnable) this.clear.hidden = !frame.own?.isSketch;
    frame.play.disabled = !run;
    this.showPoint();
    return { headline: this.headline(now), description: this.description(now) };
  }

  drawRun(now, responsibilities) {
    const { layers, data } = this;
    const { run, at, snapshot, last } = now;
    const show = (name) => layers[name].setAttribute("visibility", "visible");
    const places = ({ params }) => params.means.map((mean) => this.placeMean(mean));
    const covariances = this.covariances(now);
    if (covariances && this.isFlat) {
      show("density");
      drawDensity(layers.density, data, snapshot.params, covariances.map(([[variance]]) => variance));
    } else if (covariances) {
      show("ellipses");
      drawEllipses(layers.ellipses, data, snapshot.params.means, covariances, eigen);
    } else if (responsibilities.every((row) => row.every((share) => share === 0 || share === 1))) {
      show("regions");
      drawRegions(layers.regions, data, places(snapshot));
    }
    show("trails");
    drawTrails(layers.trails, data, run.snapshots.slice(0, at + 1).map(places));
    show("centres");
    drawCentres(layers.centres, data, places(snapshot)).forEach((element, k) => {
      if (!this.isRunnable) return;
      if (!element.classList.contains("em-free")) {
        const from = () => this.placeMean(this.present().snapshot.params.means[k]);
        this.frame.movable(element, data, from, (target) => this.moveCentre(k, target));
      }
      const where = snapshot.params.means[k].map(three).join(", ");
      element.setAttribute("aria-label", `Centre ${k + 1} at (${where}): the arrow keys move it, and EM runs from there`);
    });
    const length = run.snapshots.length;
    if (this.curveOf?.run !== run || this.curveOf.length !== length) {
      this.curve.fit(this.heights().curve, last, run.snapshots.map(({ objective }) => objective));
      this.curveOf = { run, length };
    }
    const [first, final] = [run.snapshots[0], run.snapshots.at(-1)].map(({ objective }) => two(objective));
    const { objective } = this.frame.record;
    this.curve.draw(
      run.snapshots,
      snapshot,
      `The curve beside them leads from ${objective} ${first} at iteration 0 to ${final} at iteration ${last}.`,
      `t = ${halves(snapshot.iteration)}:  ${two(snapshot.objective)}`,
    );
  }

  /** Where a component has collapsed, say so in emlib's words, which count from 0. */
  drawRefusal(now) {
    const k = this.refused(now);
    this.words.hidden = k === null;
    this.layers.refusal.replaceChildren();
    if (k === null) return;
    const [x, y] = this.data.place(...this.placeMean(now.snapshot.params.means[k]));
    this.layers.refusal.append(svg("circle", { cx: x, cy: y, r: 21 }));
    const [width, height] = this.data.size;
    const [left, top] = this.data.origin;
    const besides = x < this.data.width / 2 ? { left: left + x + 28 } : { right: width - left - x + 28 };
    const beneath = y < this.data.height / 2 ? { top: top + y - 12 } : { bottom: height - top - y - 12 };
    this.words.style.cssText = "";
    for (const [side, value] of Object.entries({ ...besides, ...beneath })) this.words.style[side] = `${value}px`;
    this.words.replaceChildren(make("b", {}, `Centre ${k + 1}: `), now.run.reason);
  }

  tables() {
    const now = this.present();
    const { run, snapshot } = now;
    if (!run) return [["The points", this.features, now.x.map((point) => point.map(three))]];
    const covariances = this.covariances(now);
    const head = ["component", "share of the points", ...this.features.map((name) => `centre: ${name}`)];
    if (covariances) head.push(...this.features.map((name) => `σ: ${name}`), ...(this.isFlat ? [] : ["correlation"]));
    const rows = snapshot.params.means.map((mean, k) => {
      const share = this.shares(now).reduce((total, row) => total + row[k], 0) / now.x.length;
      const row = [String(k + 1), `${(100 * share).toFixed(1)}%`, ...mean.map((value) => minus(value.toPrecision(5)))];
      if (covariances) {
        const sigma = covariances[k].map((line, d) => Math.sqrt(line[d]));
        row.push(...sigma.map((value) => value.toPrecision(5)));
        if (!this.isFlat) row.push(minus((covariances[k][0][1] / (sigma[0] * sigma[1])).toFixed(4)));
      }
      return row;
    });
    const four = (value) => minus(value.toFixed(4));
    const tables = [
      [`Iteration ${halves(snapshot.iteration)}`, head, rows],
      ["The run", ["iteration", this.frame.record.objective], run.snapshots.map((one) => [halves(one.iteration), four(one.objective)])],
    ];
    if (this.bic) tables.push(["BIC over K", ["K", "BIC"], this.bics().map(([K, height]) => [String(K), four(height)])]);
    return tables;
  }
}

explorer("clusters", (frame) => new Clusters(frame));
