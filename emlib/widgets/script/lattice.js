// The lattice of a hidden Markov model: a column for each moment, a node for each state, as large as its probability.
// All numbers and all sentences are the record's.

import { svg } from "./draw.js";
import { explorer, make } from "./frame.js";

explorer("lattice", (frame) => {
  const { states, times, seen, filtered, smoothed, path, transitions, words } = frame.record;
  const T = times.length;
  // Room for a state, and above and below all of them, in pixels.
  const [ROW, ABOVE, BELOW] = [74, 42, 26];

  // How many columns are reached, from which on they are smoothed, and where the sweep is: nowhere when it is over.
  function present() {
    const step = frame.value("step");
    const turned = step <= T ? T : Math.max(2 * T - 1 - step, 0);
    return { step, reached: Math.min(step, T), turned, now: step <= T ? step - 1 : step < 2 * T ? turned : null };
  }

  frame.pictures.className = "em-lattice";
  const root = svg("svg", { role: "img", "aria-describedby": frame.description.id });
  const key = (look, text) =>
    make(
      "span", {},
      svg("svg", { width: 30, height: 16, viewBox: "0 0 30 16" }, svg("path", { class: look, d: "M1,8h28" })), text,
    );
  const sample = (weight, text) => make("span", {}, make("b", { className: weight }, "0.50"), text);
  frame.pictures.append(
    root,
    make(
      "div", { className: "em-legend", ariaHidden: "true" },
      sample("em-thin", "filtered: given what was seen so far"),
      sample("", "smoothed: given everything"),
      key("em-path", "most probable path"),
    ),
  );
  frame.note.textContent =
    "Above the columns stands what was seen. A node is as large as its probability; the wider a line, the likelier that step.";

  // The picture's width, the radius of a node that is certain, and whether numbers must be short.
  let [width, radius, short] = [0, 0, false];
  const column = (t) => ((t + 0.5) * width) / T;
  const row = (k) => ABOVE + (k + 0.5) * ROW;
  const label = (look, x, y, text, anchor = "middle") => svg("text", { class: look, x, y, "text-anchor": anchor }, text);

  function written(share) {
    const number = share.toFixed(2);
    return short ? number.replace("0.", ".").replace("1.00", "1") : number;
  }

  return {
    played: "step",

    read: (key, step) => {
      const { now } = present();
      if (now === null) return "the path";
      return `${step <= T ? "forward" : "backward"}, ${times[now]}`;
    },

    layout() {
      width = Math.max(frame.pictures.clientWidth, 280);
      radius = Math.min(14, (0.44 * width) / T);
      const height = ABOVE + ROW * states.length + BELOW;
      // In any common bold font "0.50" is at most 2.5 times as wide as high, and ".50" 1.8 times: no number touches the
      // next. Where columns are narrow, as on a phone, the 0 before the point goes.
      short = width / T < 2.6 * 12;
      root.style.setProperty("--number", `${Math.min(12, width / T / 2.1)}px`);
      root.setAttribute("viewBox", `0 0 ${width} ${height}`);
    },

    draw() {
      const { step, reached, turned, now } = present();
      const back = step > T;
      const parts = [];
      if (now !== null) {
        const [x, y] = [column(now) - width / T / 2, 4];
        parts.push(svg("rect", { class: "em-column", x, y, width: width / T, height: ABOVE + ROW * states.length - y }));
      }
      for (let t = 1; t < T; t++) {
        const active = now !== null && t === (back ? now + 1 : now);
        states.forEach((_, j) =>
          states.forEach((_, k) =>
            parts.push(
              svg("path", {
                class: active ? "em-edge em-active" : "em-edge",
                d: `M${column(t - 1)},${row(j)}L${column(t)},${row(k)}`,
                "stroke-width": 0.5 + 5 * transitions[j][k],
              }),
            ),
          ),
        );
      }
      if (now === null) {
        parts.push(svg("path", { class: "em-path", d: `M${path.map((k, t) => `${column(t)},${row(k)}`).join("L")}` }));
      }
      // Where the years, or whatever they are, would touch, every other is left out.
      const each = width / T < 9 * Math.max(...times.map((text) => text.length)) ? 2 : 1;
      times.forEach((time, t) => {
        parts.push(label("em-seen", column(t), 20, seen[t]));
        const half = 4 * time.length; // of a label, which is not to be cut off at the picture's edge
        const x = Math.min(Math.max(column(t), half), width - half);
        if (t % each === 0) parts.push(label("em-tick", x, ABOVE + ROW * states.length + 16, time));
        const shares = (t < turned ? filtered : smoothed)[t];
        states.forEach((_, k) => {
          const place = `translate(${column(t)},${row(k)})`;
          parts.push(svg("circle", { class: "em-empty", r: radius, transform: place }));
          if (t >= reached) return;
          const size = 0.88 * radius * Math.sqrt(shares[k]);
          const outline = svg("path", { d: STYLE.markers[k], transform: `${place}scale(${size})` });
          parts.push(svg("g", { class: `em-node em-k${k + 1}`, "data-share": shares[k] }, outline));
          const look = t < turned ? "em-number em-thin" : "em-number";
          parts.push(label(look, column(t), row(k) + radius + 14, written(shares[k])));
        });
      });
      states.forEach((state, k) => parts.push(label("em-state", 2, row(k) - radius - 8, state, "start")));
      root.replaceChildren(...parts);
      const [headline, description] = words[step - 1];
      root.setAttribute("aria-label", `The states ${states.join(", ")} from ${times[0]} to ${times.at(-1)}`);
      return { headline, description };
    },

    tables() {
      const both = states.flatMap((state) => [`${state}, filtered`, `${state}, smoothed`]);
      const rows = times.map((time, t) => [
        time, seen[t],
        ...states.flatMap((_, k) => [filtered[t][k].toFixed(4), smoothed[t][k].toFixed(4)]),
        states[path[t]],
      ]);
      return [["Probabilities of the states, and the most probable path", ["time", "seen", ...both, "path"], rows]];
    },
  };
});
