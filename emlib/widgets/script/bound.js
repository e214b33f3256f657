// The bound: ℓ of a model with one parameter, and under it Q + H, which touches it at θᵗ. All numbers are the record's;
// Q + H over the grid is made up of its curves, lift + Σ_m S_m b_m(θ).

import { Curve } from "./curve.js";
import { minus, svg } from "./draw.js";
import { explorer, make, two, typed } from "./frame.js";

// Q + H may lie above ℓ by this share of the range of ℓ: the rounding of what is recorded.
const ABOVE = 1e-6;

/** Four significant digits, more where a number has more before its point. */
const four = (value) => minus(String(Math.abs(value) < 1e4 ? Number(value.toPrecision(4)) : Math.round(value)));

explorer("bound", (frame) => {
  const { record } = frame;
  const { name, objective, ends } = record;
  const starts = record.controls.find(({ key }) => key === "start").options;
  const several = record.controls.some(({ key }) => key === "model");
  const models = record.models.map(({ curves, ell, runs, ...rest }) => ({
    ...rest,
    curves,
    ell,
    grid: ell.map((_, i) => ends[0] + ((ends[1] - ends[0]) * i) / (ell.length - 1)),
    runs: runs.map(({ moments, ended }) => ({
      ended,
      moments: moments.map(([theta, objective, top, lift, S], at) => ({ iteration: at, theta, objective, top, lift, S })),
    })),
  }));

  function present() {
    const model = several ? models.find(({ key }) => key === frame.value("model")) : models[0];
    const { moments, ended } = model.runs[starts.indexOf(frame.value("start"))];
    const last = moments.length - 1;
    const at = Math.min(frame.value("iteration"), last);
    return { model, moments, ended, last, at, now: moments[at], next: moments[Math.min(at + 1, last)] };
  }
  const boundOf = ({ curves, ell }, { lift, S }) =>
    ell.map((_, i) => curves.reduce((total, curve, m) => total + S[m] * curve[i], lift));

  // Axes

  const axes = frame.axes(name, objective);
  const curve = new Curve(frame, objective);
  axes.root.setAttribute("role", "group");
  axes.root.setAttribute("aria-label", `${objective} and its bound Q + H over ${name}`);
  axes.root.setAttribute("aria-describedby", frame.description.id);

  const nearest = (theta) => starts.reduce((a, b) => (Math.abs(b - theta) < Math.abs(a - theta) ? b : a));
  function begin(start) {
    frame.choose("iteration", 0);
    frame.choose("start", start);
  }
  const ground = frame.field(
    axes,
    () => [present().now.theta, present().now.objective],
    (place) => ask(place),
    ([theta]) => begin(nearest(theta)),
  );
  ground.classList.add("em-open");
  const layer = axes.layer("em-layers em-bound");
  const looks = ["em-gap", "em-ell", "em-lower em-k1", "em-besides em-k3", "em-past", "em-drop", "em-top em-k3"];
  const [gapLine, ell, bound, besides, trail, drop, top] = looks.map((look) => svg("path", { class: look }));
  layer.append(gapLine, ell, bound, besides, trail, drop, top);
  top.setAttribute("d", STYLE.markers[2]);
  const handle = svg(
    "g",
    { class: "em-k2" },
    svg("circle", { r: 15, class: "em-grip" }),
    svg("path", { d: STYLE.markers[0], transform: "scale(6.2)" }),
  );
  axes.layer("em-centres").append(handle);
  let dragged = false;
  frame.movable(
    handle,
    axes,
    () => [present().now.theta, present().now.objective],
    ([theta], moving) => {
      const byKey = !moving && !dragged;
      dragged = moving;
      const here = present().now.theta;
      const way = Math.sign(theta - here);
      let start = nearest(theta);
      // A step by key leads at least to the next start.
      if (byKey && (start - here) * way <= 0) start = starts[starts.indexOf(start) + way] ?? start;
      if (start !== frame.value("start") || frame.value("iteration") !== 0) begin(start);
    },
  );

  const key = (sample, text) => make("span", {}, sample, make("span", {}, ...typed(text)));
  const line = (look, d = "M0,7h30") =>
    svg("svg", { width: 30, height: 14, viewBox: "0 0 30 14" }, svg("path", { class: look, d }));
  const marker = (look, k) =>
    svg("svg", { width: 16, height: 14, viewBox: "-1.3 -1.15 2.6 2.3" }, svg("path", { class: look, d: STYLE.markers[k] }));
  frame.pictures.append(
    make(
      "div", { className: "em-legend", ariaHidden: "true" },
      key(line("em-ell"), `ℓ(${name})`),
      key(line("em-lower em-k1"), "Q + H"),
      key(marker("em-now em-k2", 0), `${name} now, where they touch`),
      key(marker("em-top em-k3", 2), "top of Q + H: the next"),
      key(line("em-besides em-k3", "M15,0v14"), "gained besides"),
    ),
  );

  // The gap that is asked about

  let asked = null;
  function ask(place) {
    asked = place && axes.within(place)[0];
    showGap();
  }
  function showGap() {
    gapLine.setAttribute("d", "");
    if (asked === null) {
      frame.note.textContent =
        "Drag the circle, or click where it shall be: EM runs from there. Point at the curves to see the gap.";
      return;
    }
    const { model, now } = present();
    const i = Math.round(((asked - ends[0]) / (ends[1] - ends[0])) * (model.ell.length - 1));
    const [theta, high, low] = [model.grid[i], model.ell[i], boundOf(model, now)[i]];
    gapLine.setAttribute("d", axes.path([[theta, low], [theta, high]]));
    const gap =
      low - high > ABOVE * model.range
        ? `Q + H is higher by ${two(low - high)}: it is no bound`
        : `the gap is KL = ${two(Math.max(high - low, 0))}`;
    const words = `At ${name} = ${four(theta)}: ℓ = ${two(high)}, Q + H = ${two(low)}; ${gap}.`;
    frame.note.replaceChildren(make("span", {}, ...typed(words)));
  }

  // Words

  function describe({ model, moments, ended, last, at, now, next }, heights) {
    let headline =
      `${several ? `${model.key}, ` : ""}start ${four(moments[0].theta)}, iteration ${at} of ${last}: ` +
      `${name} = ${four(now.theta)}, ${objective} ${two(now.objective)}`;
    if (at === last) headline += `, ${ended}.`;
    else {
      const [gain, more] = [now.top - now.objective, next.objective - now.top];
      headline +=
        `. Q + H is highest at ${four(next.theta)}, up by ${two(gain)}; there ℓ is ${two(gain + more)} higher, ` +
        `${two(more)} of it besides.`;
    }
    const above = heights.map((height, i) => height - model.ell[i]);
    const worst = above.indexOf(Math.max(...above));
    let where = "lies below it everywhere else";
    if (above[worst] > ABOVE * model.range) {
      where = "crosses it there";
      headline +=
        ` Here Q + H is no bound: it is ${two(above[worst])} above ℓ at ${name} = ${four(model.grid[worst])}, so e_step ` +
        "and q do not belong together.";
    }
    return {
      headline,
      description: `The curve Q + H touches ℓ at ${name} = ${four(now.theta)} and ${where}.`,
      ofCurve:
        `The curve beside it leads from ${objective} ${two(moments[0].objective)} at iteration 0 to ` +
        `${two(moments[last].objective)} at iteration ${last}.`,
    };
  }

  // Drawing

  const height = () => Math.round(Math.min(Math.max(0.74 * (axes.holder.clientWidth || 480), 270), 400));
  let laid = null;
  function lay({ model, moments, last }) {
    axes.set(axes.holder.clientWidth || 480, height(), [...ends, ...model.limits]);
    curve.fit(height(), last, moments.map((moment) => moment.objective));
    ell.setAttribute("d", axes.path(model.grid.map((theta, i) => [theta, model.ell[i]])));
    laid = moments;
  }
  for (const model of models) model.range = Math.max(...model.ell) - Math.min(...model.ell);

  return {
    played: "iteration",
    isOver: () => present().at === present().last,

    layout: () => lay(present()),

    draw() {
      const here = present();
      const { model, moments, at, now, next } = here;
      if (laid !== moments) lay(here);
      const heights = boundOf(model, now);
      bound.setAttribute("d", axes.path(model.grid.map((theta, i) => [theta, heights[i]])));
      besides.setAttribute("d", axes.path([[next.theta, now.top], [next.theta, next.objective]]));
      const [x, y] = axes.place(now.theta, now.objective);
      drop.setAttribute("d", `M${x},${y}V${axes.height}`);
      const past = moments.slice(0, at).map(({ theta, objective }) => `${axes.path([[theta, objective]])}h0`);
      trail.setAttribute("d", past.join(""));
      top.setAttribute("transform", `translate(${axes.place(next.theta, now.top)})scale(6)`);
      handle.setAttribute("transform", `translate(${x},${y})`);
      handle.setAttribute("aria-label", `${name} = ${four(now.theta)}: the arrow keys move it, and EM runs from there`);
      ground.setAttribute("aria-label", "The curves: the arrow keys ask about the gap, Enter moves the circle there");
      showGap();
      const { headline, description, ofCurve } = describe(here, heights);
      curve.draw(moments, now, ofCurve);
      return { headline, description };
    },

    tables() {
      const { moments, at, now, next, last } = present();
      const digits = (value) => minus(value.toPrecision(8));
      const gains = (one, after) => [two(one.top - one.objective), two(after.objective - one.top)];
      return [
        [
          "The run",
          ["iteration", name, objective, "gain of Q", "besides (KL)"],
          moments.map((one, t) => [
            String(t),
            digits(one.theta),
            minus(one.objective.toFixed(4)),
            ...(t < last ? gains(one, moments[t + 1]) : ["", ""]),
          ]),
        ],
        [
          `The bound at iteration ${at}`,
          [name, objective, "Q + H", "gap (KL)"],
          curvePoints(present()),
        ],
      ];
    },
  };

  /** ℓ and Q + H at every sixteenth θ. */
  function curvePoints({ model, now }) {
    const heights = boundOf(model, now);
    return model.grid
      .map((theta, i) => [four(theta), two(model.ell[i]), two(heights[i]), two(model.ell[i] - heights[i])])
      .filter((_, i) => i % 16 === 0);
  }
});
