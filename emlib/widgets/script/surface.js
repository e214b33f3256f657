// The log-likelihood over the plane of two means, and the ways of EM and of gradient ascent. The map is the record's; the
// ways are computed here, as emlib/widgets/surface.py computes them.

import { Curve } from "./curve.js";
import { drawPoints, minus, svg } from "./draw.js";
import { condition } from "./em.js";
import { explorer, make, said, three, two, typed } from "./frame.js";

// Radius of a mark that says where EM leads from there, in pixels.
const MARK = 2.6;

/** A mixture of two normal distributions with free means, over data that are `values`, each so many `times`. */
export function plane({ values, times, weights, variances, still, longest }) {
  const constants = weights.map((weight, k) => Math.log(weight) - Math.log(2 * Math.PI * variances[k]) / 2);

  /** At a pair of means: ℓ, the expected counts, and the means weighted by them. */
  function look(mu) {
    const joint = values.map((x) => mu.map((mean, k) => constants[k] - (x - mean) ** 2 / variances[k] / 2));
    const [responsibilities, logDensity] = condition(joint);
    const over = (term) => times.reduce((total, n, i) => total + n * term(i), 0);
    const counts = mu.map((_, k) => over((i) => responsibilities[i][k]));
    // A component so far off that it gets nothing stays where it is.
    const shift = (mean, k) => over((i) => responsibilities[i][k] * (values[i] - mean)) / (counts[k] || 1);
    return { ell: over((i) => logDensity[i]), counts, means: mu.map((mean, k) => mean + shift(mean, k)) };
  }

  /** From `start` to where it ends, by EM or by steps of gradient ascent, μ + η ∂ℓ/∂μ: {mu, ell, counts} of each. */
  function way(start, span, eta = null) {
    const steps = [];
    let mu = start;
    for (let settled = false; ; ) {
      const { ell, counts, means } = look(mu);
      steps.push({ mu, ell, counts });
      if (settled || steps.length > longest) return { steps, settled };
      const next = eta === null ? means : mu.map((m, k) => m + ((eta * counts[k]) / variances[k]) * (means[k] - m));
      settled = next.every((value, k) => Math.abs(value - mu[k]) <= still * span);
      mu = next;
    }
  }
  return { look, way };
}

const pair = (mu) => `(${mu.map(two).join(", ")})`;
const SADDLE = "a saddle";
const CROSS = "M-1,-1L1,1M-1,1L1,-1";

/** The starts from which EM is known to lead to a peak, and to which, as a share of 1. */
function spotsOf({ marks, leads, places }) {
  const spots = [...leads].map((lead, i) => ({
    mu: [marks[i % marks.length], marks[Math.floor(i / marks.length)]],
    shares: places.map((_, k) => (k === Number(lead) ? 1 : 0)),
    words: places[lead][1],
  }));
  return spots.filter(({ words }) => words !== SADDLE);
}

explorer("surface", (frame) => {
  const { record } = frame;
  const { name, ends } = record;
  const span = ends[1] - ends[0];
  const [, withMarks, withMirror] = record.controls.find(({ key }) => key === "show").options;
  const several = record.controls.some(({ key }) => key === "model");
  const models = record.models.map((model) => ({ ...model, ...plane({ ...record, ...model }), spots: spotsOf(model) }));

  let cached = { key: null };
  function present() {
    const model = several ? models.find(({ key }) => key === frame.value("model")) : models[0];
    const [start, eta] = [[frame.value("mu1"), frame.value("mu2")], frame.value("eta")];
    const show = frame.value("show");
    const key = JSON.stringify([model.key, start, eta, show === withMirror]);
    if (cached.key !== key) {
      const [em, gradient] = [model.way(start, span), model.way(start, span, eta)];
      const mirrored = show === withMirror ? model.way([...start].reverse(), span) : null;
      const last = Math.max(em.steps.length, gradient.steps.length) - 1;
      cached = { key, model, start, eta, em, gradient, mirrored, last };
    }
    return { ...cached, show, iteration: frame.value("iteration") };
  }
  const at = ({ steps }, iteration) => steps[Math.min(iteration, steps.length - 1)];

  // Axes

  const axes = frame.axes("μ₁", "μ₂");
  const curve = new Curve(frame, name);
  axes.root.setAttribute("role", "group");
  axes.root.setAttribute("aria-label", `${name} over the plane of μ₁ and μ₂`);
  axes.root.setAttribute("aria-describedby", frame.description.id);
  const contours = axes.layer("em-layers em-contours", true);
  const diagonal = svg("path", { class: "em-layers em-diagonal" });
  axes.below.append(diagonal);
  const ground = frame.field(
    axes,
    () => [...present().start],
    (place) => {
      asked = place && axes.within(place);
      showNote();
    },
    begin,
  );
  ground.classList.add("em-open");
  const places = axes.layer("em-layers em-places");
  const ways = axes.layer("em-layers em-ways");
  const ring = svg(
    "g",
    {},
    svg("circle", { r: 15, class: "em-grip" }),
    svg("path", { d: STYLE.markers[0], class: "em-ring", transform: "scale(5.6)" }),
  );
  axes.layer("em-centres").append(ring);
  frame.movable(ring, axes, () => present().start, (target) => begin(target));
  const second = curve.axes.layer("em-layers");

  const nearest = (key, value) =>
    frame.options(key).reduce((a, b) => (Math.abs(b - value) < Math.abs(a - value) ? b : a));
  function begin(target) {
    ["mu1", "mu2"].forEach((key, k) => frame.choose(key, nearest(key, target[k])));
  }

  const sample = (...children) => svg("svg", { width: 34, height: 14, viewBox: "0 0 34 14" }, ...children);
  const line = (look) => svg("path", { class: look, d: "M0,7h34" });
  const dot = (look, k, x = 17, size = 4) =>
    svg("path", { class: look, d: STYLE.markers[k], transform: `translate(${x},7)scale(${size})` });
  const key = (drawing, text) => make("span", {}, drawing, text);
  const legend = make("div", { className: "em-legend", ariaHidden: "true" });
  frame.pictures.append(legend);
  function showLegend({ show }) {
    legend.replaceChildren(
      key(sample(line("em-way"), dot("em-dot", 0, 17, 3.4)), "EM"),
      key(sample(line("em-second em-k4"), dot("em-dot em-k4", 3)), "gradient ascent"),
      ...(show === withMirror ? [key(sample(line("em-mirrored"), dot("em-dot", 2)), "EM from the mirrored start")] : []),
      key(sample(dot("em-now em-k1", 0, 9, 5), dot("em-now em-k2", 1, 25, 5)), "peaks"),
      key(sample(svg("path", { class: "em-saddle", d: CROSS, transform: "translate(17,7)scale(5)" })), "saddle"),
      ...(show === withMarks ? [key("", "Small marks: EM leads from there to the peak of that shape.")] : []),
    );
  }

  // Words

  let asked = null;
  function showNote() {
    const { model, em, eta, iteration } = present();
    if (asked) {
      frame.note.replaceChildren(make("span", {}, ...typed(`At ${pair(asked)}: ℓ = ${two(model.look(asked).ell)}.`)));
      return;
    }
    const strides = at(em, iteration).counts.map((count, k) => three(model.variances[k] / count));
    const words =
      `Drag the ring, or click, to start elsewhere. EM’s own stride σ²/N is ${strides[0]} for μ₁ and ${strides[1]} ` +
      `for μ₂ here; gradient ascent takes η = ${said(eta)} for both.`;
    frame.note.replaceChildren(make("span", {}, ...typed(words)));
  }
  function describe({ model, start, eta, em, gradient, mirrored, iteration, show }) {
    const called = (mu) =>
      model.places.find(([place]) => mu.every((value, k) => Math.abs(value - place[k]) < record.same * span))?.[1] ??
      "a place beside the map's";
    const told = (way, who) => {
      const last = way.steps.length - 1;
      const { mu, ell } = at(way, iteration);
      const end = way.settled ? `, at rest after ${last} steps: ${called(mu)}` : ", not at rest";
      return `${who} at ${pair(mu)}, ℓ = ${two(ell)}${iteration >= last ? end : ""}`;
    };
    const parts = [told(em, "EM"), told(gradient, `gradient ascent with η = ${said(eta)}`)];
    if (mirrored) parts.push(told(mirrored, "EM from the mirrored start"));
    const peaks = model.places.filter(([, words]) => words !== SADDLE).length;
    if (show === withMarks) parts.push(`the marks tell to which of ${peaks} peaks EM leads from there`);
    const ending = ({ steps }) => [two(steps.at(-1).ell), steps.length - 1];
    const [[a, i], [b, j]] = [ending(em), ending(gradient)];
    return {
      headline:
        `${several ? `${model.key}, ` : ""}start (${start.map(said).join(", ")}), iteration ${iteration}: ` +
        `${parts.join("; ")}.`,
      description: model.words,
      ofCurve:
        `The curves beside them lead to ${name} ${a} at iteration ${i} by EM, and to ${b} at iteration ${j} by ` +
        "gradient ascent.",
    };
  }

  // Drawing

  const height = () => Math.round(Math.min(Math.max((axes.holder.clientWidth || 480) - 20, 270), 430));
  let [fitted, mapped] = [null, null];
  function fit({ em, gradient, last, key: of }) {
    curve.fit(height(), last, [...em.steps, ...gradient.steps].map(({ ell }) => ell));
    fitted = of;
  }
  function map({ model }) {
    const scale = `translate(0,${axes.height})scale(${axes.width / 1000},${-axes.height / 1000})`;
    contours.setAttribute("transform", scale);
    contours.replaceChildren(...model.contours.map((d) => svg("path", { d, "vector-effect": "non-scaling-stroke" })));
    diagonal.setAttribute("d", axes.path(ends.map((end) => [end, end])));
    places.replaceChildren(
      ...model.places.map(([mu, words], k) => {
        const saddle = words === SADDLE;
        const look = saddle ? { class: "em-saddle", d: CROSS } : { class: `em-k${k + 1}`, d: STYLE.markers[k] };
        return svg("path", { ...look, transform: `translate(${axes.place(...mu)})scale(7)` });
      }),
    );
    mapped = model;
  }
  function drawWay(steps, look, dots, marker, size) {
    const dot = ({ mu }) => {
      const transform = `translate(${axes.place(...mu)})scale(${size})`;
      return svg("path", { class: dots, d: STYLE.markers[marker], transform });
    };
    return [svg("path", { class: look, d: axes.path(steps.map(({ mu }) => mu)) }), ...steps.map(dot)];
  }

  return {
    played: "iteration",
    isOver: () => frame.value("iteration") >= present().last,

    layout() {
      axes.set(axes.holder.clientWidth || 480, height(), [...ends, ...ends]);
      map(present());
      fit(present());
    },

    draw() {
      const now = present();
      const { model, start, em, gradient, mirrored, show, iteration } = now;
      if (mapped !== model) map(now);
      if (fitted !== now.key) fit(now);
      const marks = show === withMarks ? model.spots : [];
      if (marks.length || axes.canvas) {
        drawPoints(axes, marks.map(({ mu }) => mu), marks.map(({ shares }) => shares), MARK, frame.look);
      }
      const part = ({ steps }) => steps.slice(0, iteration + 1);
      ways.replaceChildren(
        ...(mirrored ? drawWay(part(mirrored), "em-mirrored", "em-dot", 2, 3.4) : []),
        ...drawWay(part(gradient), "em-second em-k4", "em-dot em-k4", 3, 3.4),
        ...drawWay(part(em), "em-way", "em-dot", 0, 3),
      );
      ring.setAttribute("transform", `translate(${axes.place(...start)})`);
      ring.setAttribute("aria-label", `Start at (${start.map(said).join(", ")}): the arrow keys move it`);
      ground.setAttribute("aria-label", "The map: the arrow keys ask about ℓ, Enter starts there");
      const moments = ({ steps }) => steps.map(({ ell }, t) => ({ iteration: t, objective: ell }));
      const here = Math.min(iteration, gradient.steps.length - 1);
      const spot = curve.axes.place(here, gradient.steps[here].ell);
      second.replaceChildren(
        svg("path", { class: "em-second em-k4", d: curve.axes.path(gradient.steps.map(({ ell }, t) => [t, ell])) }),
        svg("path", { class: "em-dot em-k4", d: STYLE.markers[3], transform: `translate(${spot})scale(6)` }),
      );
      showLegend(now);
      showNote();
      const { headline, description, ofCurve } = describe(now);
      const run = moments(em);
      curve.draw(run, run[Math.min(iteration, run.length - 1)], ofCurve);
      return { headline, description };
    },

    tables() {
      const { model, em, gradient } = present();
      const rows = ({ steps }) =>
        steps.map(({ mu, ell }, t) => [String(t), ...mu.map((value) => minus(value.toFixed(4))), minus(ell.toFixed(4))]);
      const head = ["iteration", "μ₁", "μ₂", name];
      return [
        ["EM", head, rows(em)],
        ["Gradient ascent", head, rows(gradient)],
        ["Where EM stays", ["place", "μ₁", "μ₂"], model.places.map(([mu, words]) => [words, ...mu.map(two)])],
      ];
    },
  };
});
