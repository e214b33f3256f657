// The objective over the iterations, which stands beside what an explorer shows.

import { drawCurve, svg } from "./draw.js";

/** The limits of an axis that shows `values`, with a share of their range left free at both ends. */
export function margin(values, share) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const gap = share * (high - low) || 1;
  return [low - gap, high + gap];
}

export class Curve {
  /** Its axes, in `frame`; a click chooses an iteration, or a value of another control `key`. */
  constructor(frame, objective, label = "iteration t", key = "iteration") {
    this.axes = frame.axes(label, objective);
    this.axes.root.setAttribute("role", "img");
    const ground = svg("rect", { class: "em-curve", width: "100%", height: "100%", fill: "transparent" });
    this.axes.inside.append(ground);
    this.layer = this.axes.layer("em-layers");
    ground.addEventListener("click", (event) => {
      frame.stop();
      const [at] = this.axes.under(event);
      const nearer = (a, b) => (Math.abs(b - at) < Math.abs(a - at) ? b : a);
      frame.choose(key, frame.options(key).reduce(nearer));
    });
  }

  /** Give it a height, and room for moments with these iterations, up to `last`, and objectives. */
  fit(height, last, objectives, first = 0) {
    const gap = Math.max(0.05 * (last - first), 0.05);
    const box = [this.axes.holder.clientWidth || 320, height];
    this.axes.set(...box, [first - gap, last + gap, ...margin(objectives, 0.06)], { whole: true });
  }

  /** Draw a run of {iteration, objective}, mark `present` with a `note`, and say `words` of it. */
  draw(run, present, words, note) {
    drawCurve(this.layer, this.axes, run, present, note);
    this.axes.root.setAttribute("aria-label", words);
  }
}
