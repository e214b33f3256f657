// The objective over the iterations, which stands beside what an explorer shows.

import { drawCurve, svg } from "./draw.js";

/** The limits of an axis that shows `values`, with a share of their range left free at both ends. */
export function margin(values, share) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const gap = share * (high - low) || 1;
  return [low - gap, high + gap];
}

export class Curve {
  /** Its axes, in `frame`; a click chooses an iteration. */
  constructor(frame, objective) {
    this.axes = frame.axes("iteration t", objective);
    this.axes.root.setAttribute("role", "img");
    const ground = svg("rect", { class: "em-curve", width: "100%", height: "100%", fill: "transparent" });
    this.axes.inside.append(ground);
    this.layer = this.axes.layer("em-layers");
    ground.addEventListener("click", (event) => {
      frame.stop();
      const [at] = this.axes.under(event);
      const nearer = (a, b) => (Math.abs(b - at) < Math.abs(a - at) ? b : a);
      frame.choose("iteration", frame.options("iteration").reduce(nearer));
    });
  }

  /** Give it a height, and room for moments with these iterations and objectives. */
  fit(height, last, objectives) {
    const gap = Math.max(0.05 * last, 0.05);
    const box = [this.axes.holder.clientWidth || 320, height];
    this.axes.set(...box, [-gap, last + gap, ...margin(objectives, 0.06)], { whole: true });
  }

  /** Draw a run of {iteration, objective}, mark `present`, and say `words` of it. */
  draw(run, present, words) {
    drawCurve(this.layer, this.axes, run, present);
    this.axes.root.setAttribute("aria-label", words);
  }
}
