// Soft assignment by three rules, side by side from the same centres: the data with every rule's responsibilities and
// centres, those of one point as bars, and the log-likelihood. What it shows is the record; where the reader moves a
// centre, it runs all the rules itself, from there.

import { Curve } from "./curve.js";
import { drawCentres, drawPoints, drawTrails, minus, svg } from "./draw.js";
import { iterate, model } from "./em.js";
import { explorer, make, said, three, two } from "./frame.js";

// How the log-likelihoods of the rules are drawn.
const RULE_DASHES = ["2 3", "8 4", "none"];

explorer("soft", (frame) => {
  const { record } = frame;
  const { x, rules, features } = record;
  const last = frame.options("iteration").at(-1);
  const stiffnesses = frame.options("stiffness");

  // The runs that are shown, one for each rule: lists of {iteration, params, objective}, of the record or of frame.own.
  function computed({ start, steps }, stiffness) {
    return rules.map(({ rule }) => {
      const run = [];
      for (const snapshot of iterate({ kind: "SoftAssignment", rule, stiffness }, x, { means: start })) {
        run.push(snapshot);
        if (snapshot.iteration === steps) return run;
      }
    });
  }
  function recorded(at) {
    return rules.map(({ runs }) =>
      runs[at].objectives.map((objective, iteration) => ({
        iteration, objective, params: { means: (runs[at].means ?? runs[0].means)[iteration] },
      })),
    );
  }
  const known = new Map();
  function present() {
    const stiffness = frame.value("stiffness");
    const runs = frame.own?.runs ?? known;
    if (!runs.has(stiffness)) {
      runs.set(stiffness, frame.own ? computed(frame.own, stiffness) : recorded(stiffnesses.indexOf(stiffness)));
    }
    const iteration = frame.value("iteration");
    return rules.map(({ name, rule }, i) => {
      const run = runs.get(stiffness)[i];
      const spec = { kind: "SoftAssignment", rule, stiffness };
      return { name, run, snapshot: run[iteration], shares: model(spec).posterior(x, run[iteration].params) };
    });
  }

  // Pictures

  frame.pictures.className = "em-soft";
  const [above, below] = [make("div", { className: "em-trio" }), make("div", { className: "em-duo" })];
  frame.pictures.append(above, below);
  const columns = [0, 1].map((d) => x.map((point) => point[d]));
  const limits = columns.flatMap((values) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const gap = 0.06 * (high - low) || 1;
    return [low - gap, high + gap];
  });
  const pictures = rules.map(({ name }) => {
    const axes = frame.axes(features[0], features[1]);
    above.append(axes.holder);
    axes.holder.prepend(make("p", { className: "em-title" }, name));
    axes.root.setAttribute("role", "group");
    axes.root.setAttribute("aria-label", `${name}: the points with their shares, and the centres`);
    axes.root.setAttribute("aria-describedby", frame.description.id);
    const trails = axes.layer("em-layers em-trails");
    const ring = svg("circle", { class: "em-ring em-layers", r: 8 });
    axes.inside.append(ring);
    return { axes, trails, ring, centres: axes.layer("em-centres") };
  });
  const curve = new Curve(frame, "log-likelihood");
  const legend = make("p", { className: "em-legend" });
  legend.append(
    ...rules.map(({ name }, i) => {
      const sample = svg("svg", { width: 34, height: 8, "aria-hidden": true });
      sample.append(svg("path", { class: "em-total", d: "M0,4h34", "stroke-dasharray": RULE_DASHES[i] }));
      return make("span", {}, sample, name);
    }),
  );
  curve.axes.holder.append(legend);
  const answers = make("div", { className: "em-answers", ariaLive: "polite" });
  below.append(curve.axes.holder, answers);

  // The point that is asked about: the nearest to the pointer, or the one that was kept.

  let kept = record.point;
  let asked = null;
  const shown = () => asked ?? kept;
  function nearest(axes, where) {
    const [a, b] = axes.place(...where);
    const distances = x.map((point) => {
      const [c, d] = axes.place(...point);
      return (a - c) ** 2 + (b - d) ** 2;
    });
    return distances.indexOf(Math.min(...distances));
  }
  const percent = (share) => `${Math.round(100 * share)}%`;
  function showPoint(now) {
    const n = shown();
    for (const { axes, ring } of pictures) {
      const [a, b] = axes.place(...x[n]);
      ring.setAttribute("cx", a);
      ring.setAttribute("cy", b);
    }
    const parts = now.map(({ name, shares }) => {
      const bar = make("div", { className: "em-stack", ariaHidden: "true" });
      const words = make("p", {}, `${name}:`);
      shares[n].forEach((share, k) => {
        const segment = make("i", { className: `em-k${k + 1}` }, share > 0.08 ? String(k + 1) : "");
        segment.style.width = `${100 * share}%`;
        bar.append(segment);
        words.append(make("span", {}, ` ${k + 1} `, make("b", {}, share > 0 && share < 0.005 ? "<1%" : percent(share))));
      });
      return make("div", {}, words, bar);
    });
    answers.replaceChildren(make("p", { className: "em-title" }, `Point ${n + 1} at (${x[n].map(three).join(", ")})`), ...parts);
  }
  const ask = (axes) => (where) => {
    const found = where && nearest(axes, where);
    if (found === asked) return;
    asked = found;
    showPoint(present());
  };
  for (const { axes } of pictures) {
    const middle = () => x[shown()];
    const ground = frame.field(axes, middle, ask(axes), (where) => {
      kept = nearest(axes, where);
      showPoint(present());
    });
    ground.setAttribute("aria-label", "The data: the arrow keys ask about points, Enter keeps one");
  }
  frame.note.textContent =
    "Point at the data to see how each rule shares out a point; a click keeps it. Drag a centre, in any picture: all start from there.";

  // Starts of the reader's own

  function free(element, { axes }, i, k) {
    frame.movable(element, axes, () => present()[i].snapshot.params.means[k], (target, moving) => {
      const start = present()[i].snapshot.params.means.map((mean, j) => (j === k ? target : mean));
      const values = { stiffness: frame.value("stiffness"), iteration: 0 };
      // While it moves, the runs are only followed as far as a picture's time allows.
      const steps = moving ? Math.min(last, Math.floor(6000 / (x.length * start.length))) : last;
      frame.own = { start, steps, runs: new Map(), values, options: {} };
      frame.draw();
    });
  }

  function describe(now) {
    const at = frame.value("iteration");
    const own = frame.own ? "your own start, " : "";
    const [current, first, final] = [at, 0, -1].map((t) =>
      now.map(({ name, run }) => `${two(run.at(t).objective)} (${name})`).join(", "),
    );
    const centres = now.map(({ name, snapshot }) => {
      const places = snapshot.params.means.map((mean, k) => `${k + 1} at (${mean.map(three).join(", ")})`);
      return `${name}, ${places.join(", ")}`;
    });
    const parts = now.map(
      ({ name, shares }) => `${name}, ${shares[shown()].map((share, k) => `${k + 1} ${percent(share)}`).join(", ")}`,
    );
    const where = x[shown()].map(three).join(", ");
    return {
      headline: `stiffness ${said(frame.value("stiffness"))}, ${own}iteration ${at} of ${last}: log-likelihood ${current}.`,
      description: `The centres: ${centres.join("; ")}. Shares of point ${shown() + 1} at (${where}): ${parts.join("; ")}.`,
      ofCurve: `The curves below lead from log-likelihood ${first} at iteration 0 to ${final} at iteration ${now[0].run.length - 1}.`,
    };
  }

  return {
    played: "iteration",
    back: "Back to the recorded start",

    layout() {
      const [first, second] = pictures.map(({ axes }) => axes.holder);
      const abreast = first.offsetTop === second.offsetTop;
      const height = Math.round(Math.min(Math.max(0.9 * first.clientWidth, 230), 300));
      pictures.forEach(({ axes }, i) => {
        // Side by side, the first bears the numbers of the vertical axis for all, and the middle the horizontal's name.
        const yticks = i === 0 || !abreast;
        axes.ylabel = yticks ? features[1] : "";
        axes.xlabel = i === 1 || !abreast ? features[0] : "";
        axes.set(axes.holder.clientWidth || 280, height, limits, { yticks });
      });
    },

    draw() {
      const now = present();
      now.forEach(({ run, snapshot, shares }, i) => {
        const picture = pictures[i];
        drawPoints(picture.axes, x, shares, 3, frame.look);
        drawTrails(picture.trails, picture.axes, run.slice(0, snapshot.iteration + 1).map(({ params }) => params.means));
        drawCentres(picture.centres, picture.axes, snapshot.params.means).forEach((element, k) => {
          if (!element.classList.contains("em-free")) free(element, picture, i, k);
          const where = snapshot.params.means[k].map(three).join(", ");
          element.setAttribute("aria-label", `Centre ${k + 1} at (${where}): the arrow keys move it, and all rules start from there`);
        });
      });
      const objectives = now.flatMap(({ run }) => run.map(({ objective }) => objective));
      curve.fit(230, last, objectives);
      const { axes, layer } = curve;
      layer.replaceChildren(
        ...now.map(({ run }, i) =>
          svg("path", {
            class: "em-total", "stroke-dasharray": RULE_DASHES[i],
            d: axes.path(run.map(({ iteration, objective }) => [iteration, objective])),
          }),
        ),
        ...now.map(({ snapshot: { iteration, objective } }) => {
          const [cx, cy] = axes.place(iteration, objective);
          return svg("circle", { class: "em-mark", cx, cy, r: 5 });
        }),
      );
      showPoint(now);
      const { headline, description, ofCurve } = describe(now);
      axes.root.setAttribute("aria-label", ofCurve);
      return { headline, description };
    },

    tables() {
      const now = present();
      const K = now[0].snapshot.params.means.length;
      const numbers = Array.from({ length: K }, (_, k) => String(k + 1));
      const places = now.flatMap(({ name, snapshot }) =>
        snapshot.params.means.map((mean, k) => [name, numbers[k], ...mean.map((value) => minus(value.toPrecision(5)))]),
      );
      const parts = now.map(({ name, shares }) => [name, ...shares[shown()].map((share) => share.toFixed(4))]);
      const objectives = now[0].run.map(({ iteration }) => [
        String(iteration), ...now.map(({ run }) => minus(run[iteration].objective.toFixed(4))),
      ]);
      return [
        [`Iteration ${frame.value("iteration")}`, ["rule", "centre", ...features], places],
        [`Shares of point ${shown() + 1}`, ["rule", ...numbers], parts],
        ["Log-likelihood", ["iteration", ...now.map(({ name }) => name)], objectives],
      ];
    },
  };
});
