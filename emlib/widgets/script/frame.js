// The frame of every explorer: controls, play, words, tables and address, in a notebook with a kernel or in a page
// without one. What is between the controls and the words is made by a function of its own for each kind of explorer.

import { Axes, minus, svg, typeset } from "./draw.js";

// Milliseconds between two steps of the play button.
const PACE = 400;
// Milliseconds that the page may spend at a stretch on what need not be there at once.
const SLICE = 8;

const kinds = {};
/**
 * Let `build(frame)` make what explorers of this `kind` show. It returns
 *   layout()   gives the axes their size,
 *   draw()     draws what is chosen and returns {headline, description}, which say it,
 *   tables()   lists [caption, head, rows] of each table of the numbers,
 *   isOver()   whether play has come to its end; without it, play ends with the options,
 *   played     the key of the control that play moves, null where nothing is played,
 *   read(key, value)  how the value of a control is written, where that is not as usual,
 *   back       what the button says that leads back from `frame.own` to the record, where there is such a thing.
 */
export const explorer = (kind, build) => (kinds[kind] = build);

export const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
/** What `text` is made of, with its symbols set as mathematics. */
export const typed = (text) => typeset(text, (letter) => make("var", {}, letter));
/** A value as it is written on a control. */
export const said = (value) => (typeof value === "string" ? value : minus(String(Number(value.toPrecision(6)))));
/** Two decimals. */
export const two = (value) => minus(value.toFixed(2));
/** Three significant digits, as Python's .3g writes them. */
export const three = (value) => {
  const [digits, exponent] = value.toExponential(2).split("e").map(Number);
  if (exponent >= -4 && exponent < 3) return minus(String(Number(value.toPrecision(3))));
  return minus(`${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`);
};

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

class Frame {
  /**
   * Show `record` in `host`. `store` has get(key), set(key, value) and listen(listener), which returns what ends it;
   * `address(values)` makes a link to what is shown.
   */
  constructor(host, record, store, address) {
    Object.assign(this, { host, record, store, address });
    // Where the reader leaves the record: {values, options} of the controls that then have their own, and chosen(key),
    // which is told when one of them has been moved.
    this.own = null;
    this.seen = false;
    host.classList.add("em-explorer");
    this.unlisten = store.listen(() => this.draw());
    // An explorer is made, and drawn, when someone can see it: not far from the screen, nor in a closed fold.
    this.watch = new IntersectionObserver((entries) => this.see(entries.at(-1).isIntersecting), { rootMargin: "300px" });
    this.watch.observe(host);
    onLook.add(this.relook = () => this.kind && this.draw());
  }

  see(seen) {
    this.seen = seen;
    if (seen && !this.isDrawn) this.draw();
  }

  build() {
    this.bar = make("div", { className: "em-controls" });
    this.pictures = make("div", { className: "em-pictures" });
    this.sentence = make("p", { className: "em-said", ariaLive: "polite" });
    this.note = make("p", { className: "em-note-line", ariaLive: "polite" });
    this.description = make("p", { className: "em-hidden", id: `em-${Math.random().toString(36).slice(2)}` });
    this.kind = kinds[this.record.kind](this);
    // What is played has a control even where the record stands still: a run of the reader's own does not.
    this.controls = this.record.controls
      .filter(({ key, options }) => options.length > 1 || key === this.kind.played)
      .map((one) => this.control(one));
    this.bar.prepend(...this.controls.map(({ element }) => element), ...(this.kind.played ? [this.player()] : []));
    if (this.kind.back) {
      this.back = this.button(this.kind.back, () => {
        this.leave(null);
        this.play.focus();
      });
    }
    this.tables = make("div", { className: "em-tables", tabIndex: 0, role: "region", ariaLabel: "The numbers" });
    this.details = make("details", {}, make("summary", {}, "The numbers"), this.tables);
    this.details.addEventListener("toggle", () => this.showTables());
    this.link = make("a", { textContent: "Link to this view" });
    const root = make(
      "div", {},
      this.bar, this.pictures, this.sentence, this.note, this.description,
      make("div", { className: "em-more" }, this.details, this.link),
    );
    // JupyterLab would take the keys that move a slider for its own shortcuts.
    root.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey || event.altKey)) event.stopPropagation();
    });
    this.host.replaceChildren(root);
    this.width = this.pictures.clientWidth;
    this.kind.layout();
    this.sizes = new ResizeObserver(() => {
      if (this.pictures.clientWidth === this.width || this.pictures.clientWidth === 0) return;
      this.width = this.pictures.clientWidth;
      this.kind.layout();
      this.draw();
    });
    this.sizes.observe(this.pictures);
  }

  /** Draw what is chosen: now, or as soon as someone can see it. On paper everything can be seen. */
  draw() {
    this.isDrawn = this.seen || isPrinting;
    if (!this.isDrawn) return;
    if (!this.kind) this.build();
    this.look = {
      dark: !isPrinting && getComputedStyle(this.host).backgroundColor === `rgb(${STYLE.dark.paper.join(", ")})`,
      density: isPrinting ? 4 : devicePixelRatio,
    };
    const { headline, description } = this.kind.draw();
    this.say(headline);
    this.description.textContent = description;
    for (const { follow } of this.controls) follow();
    // Its place is kept, so that the pictures do not move away from a pointer that begins to drag.
    if (this.back) this.back.style.visibility = this.own ? "" : "hidden";
    this.link.hidden = !this.address || Boolean(this.own);
    if (this.address) {
      this.link.href = this.address(
        Object.fromEntries(this.record.controls.map(({ key }) => [key, this.store.get(key)])),
      );
    }
    this.showTables();
  }

  say(headline) {
    // What is said again unchanged is not read aloud again.
    if (this.sentence.textContent === headline) return;
    this.sentence.replaceChildren(...typed(headline));
  }

  remove() {
    this.watch.disconnect();
    this.unlisten();
    onLook.delete(this.relook);
    if (!this.kind) return;
    this.stop();
    this.steps = null;
    this.sizes.disconnect();
    this.host.replaceChildren();
  }

  // What is chosen

  value(key) {
    return this.own?.values[key] ?? this.store.get(key);
  }

  options(key) {
    return this.own?.options[key] ?? this.record.controls.find((control) => control.key === key).options;
  }

  choose(key, value) {
    if (this.own && key in this.own.values) {
      this.own.values[key] = value;
      this.own.chosen?.(key);
      this.draw();
    } else {
      this.steps = this.own = null;
      this.store.set(key, value);
    }
  }

  // What the kinds are made of

  /** A new pair of axes beside those that are there. */
  axes(xlabel, ylabel) {
    const axes = new Axes(xlabel, ylabel);
    axes.holder = make("div", {}, axes.root);
    this.pictures.append(axes.holder);
    return axes;
  }

  /** A button after the controls. */
  button(text, action) {
    const button = make("button", { type: "button", textContent: text });
    button.addEventListener("click", () => {
      this.stop();
      action();
    });
    this.bar.append(button);
    return button;
  }

  /** Leave the record for something of the reader's own, or with null come back. */
  leave(own) {
    this.steps = null;
    this.own = own;
    this.draw();
  }

  /** Do `action` with the next picture. Of what comes faster than pictures, a drag above all, the last is done. */
  soon(action) {
    if (!this.next) {
      requestAnimationFrame(() => {
        const last = this.next;
        this.next = null;
        last();
      });
    }
    this.next = action;
  }

  /**
   * Exhaust `steps` without keeping the page waiting: some of them now, and more after each picture. `each()` is called
   * whenever some are done. Later work takes the place of earlier.
   */
  work(steps, each) {
    this.steps = steps;
    const slice = () => {
      if (this.steps !== steps) return;
      const end = performance.now() + SLICE;
      let done;
      do ({ done } = steps.next());
      while (!done && performance.now() < end);
      each();
      if (!done) requestAnimationFrame(slice);
    };
    slice();
  }

  /**
   * Let `element` be moved in `axes`, by pointer and by arrow keys. `from()` tells where it is. `to(place, moving)` is
   * told where it shall be, and whether it is being dragged there.
   */
  movable(element, axes, from, to) {
    element.classList.add("em-free");
    element.setAttribute("tabindex", 0);
    element.setAttribute("role", "button");
    element.addEventListener("pointerdown", (event) => {
      this.stop();
      element.setPointerCapture(event.pointerId);
      event.preventDefault();
      element.focus({ focusVisible: false, preventScroll: true });
    });
    element.addEventListener("pointermove", (event) => {
      if (!element.hasPointerCapture(event.pointerId)) return;
      const target = axes.within(axes.under(event));
      this.soon(() => to(target, true));
    });
    element.addEventListener("keydown", (event) => {
      if (!DIRECTIONS[event.key]) return;
      event.preventDefault();
      this.stop();
      to(axes.step(from(), DIRECTIONS[event.key]), false);
    });
  }

  /**
   * Let `axes` be pointed at: by mouse or touch, or by a cross that the arrow keys move from `middle()`.
   * `ask(place, byKey)` is told where, and null when nowhere; `click(place)` what is clicked, or entered by key.
   */
  field(axes, middle, ask, click) {
    const cross = svg("path", { class: "em-layers em-cross", visibility: "hidden" });
    const ground = svg("rect", { class: "em-ground", width: "100%", height: "100%", tabindex: 0, role: "button" });
    axes.inside.prepend(ground);
    axes.inside.append(cross);
    let at = null;
    const point = (place, byKey) => {
      at = byKey ? place : null;
      cross.setAttribute("visibility", at ? "visible" : "hidden");
      if (at) {
        const [x, y] = axes.place(...at);
        cross.setAttribute("d", `M${x - 9},${y}h18M${x},${y - 9}v18`);
      }
      ask(place, byKey);
    };
    ground.addEventListener("pointermove", (event) => point(axes.under(event), false));
    ground.addEventListener("pointerleave", () => point(null, false));
    ground.addEventListener("blur", () => point(null, false));
    ground.addEventListener("click", (event) => event.detail && click(axes.under(event)));
    ground.addEventListener("keydown", (event) => {
      if (DIRECTIONS[event.key]) {
        event.preventDefault();
        point(at ? axes.step(at, DIRECTIONS[event.key]) : middle(), true);
      } else if (event.key === "Enter" && at) {
        event.preventDefault();
        click(at);
      }
    });
    return ground;
  }

  // Controls

  control({ key, name, slider }) {
    const input = slider ? make("input", { type: "range", min: 0, step: 1 }) : make("select");
    let listed = null;
    if (slider) input.style.width = `${Math.min(250, 90 + 12 * this.options(key).length)}px`;
    const readout = make("span", { ariaHidden: "true", hidden: !slider });
    input.addEventListener("input", () => {
      this.stop();
      this.choose(key, this.options(key)[Number(input.value)]);
    });
    const follow = () => {
      const [value, options] = [this.value(key), this.options(key)];
      if (slider) input.max = options.length - 1;
      else if (listed !== options) {
        listed = options;
        input.replaceChildren(...options.map((option, at) => make("option", { value: at }, said(option))));
      }
      input.value = options.indexOf(value);
      const text = this.kind.read?.(key, value) ?? said(value);
      if (slider) input.ariaValueText = text;
      readout.textContent = text;
    };
    const label = make("label", {}, make("span", {}, ...typed(name)), input);
    return { element: make("div", { className: "em-control" }, label, readout), follow };
  }

  player() {
    this.play = make("button", { type: "button", className: "em-play" });
    this.play.addEventListener("click", () => {
      if (this.timer) return this.stop();
      const { played } = this.kind;
      if (this.isOver()) this.choose(played, this.options(played)[0]);
      this.label("❚❚", "Pause");
      this.timer = setInterval(() => this.step(), PACE);
    });
    this.stop();
    return this.play;
  }

  label(icon, verb) {
    const { name } = this.record.controls.find(({ key }) => key === this.kind.played);
    this.play.replaceChildren(make("span", { ariaHidden: "true" }, icon), ` ${verb} ${name}`);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    if (this.play) this.label("▶", "Play");
  }

  step() {
    if (!this.seen || document.hidden) return;
    const { played } = this.kind;
    const options = this.options(played);
    if (!this.isOver()) this.choose(played, options[options.indexOf(this.value(played)) + 1]);
    if (this.isOver()) this.stop();
  }

  isOver() {
    const { played } = this.kind;
    return this.kind.isOver?.() || this.value(played) === this.options(played).at(-1);
  }

  showTables() {
    if (!this.details.open) return;
    const line = (cells, tag) => make("tr", {}, ...cells.map((cell) => make(tag, {}, cell)));
    this.tables.replaceChildren(
      ...this.kind.tables().map(([caption, head, rows]) =>
        make(
          "table", {},
          make("caption", {}, caption), make("thead", {}, line(head, "th")),
          make("tbody", {}, ...rows.map((row) => line(row, "td"))),
        ),
      ),
    );
  }
}

// What must be drawn anew when the ground turns dark or light, or to paper.
const onLook = new Set();
let isPrinting = false;

let styled = false;
function style() {
  if (styled) return;
  styled = true;
  const relook = () => onLook.forEach((draw) => draw());
  const print = (now) => {
    isPrinting = now;
    relook();
  };
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  matchMedia("print").addEventListener("change", ({ matches }) => print(matches));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", relook);
  // The book and JupyterLab write their theme into attributes of these two.
  const observer = new MutationObserver(relook);
  const attributeFilter = ["data-theme", "data-jp-theme-light"];
  for (const element of [document.documentElement, document.body]) observer.observe(element, { attributeFilter });
  const both = (what, k) => `light-dark(rgb(${STYLE.light[what][k]}),rgb(${STYLE.dark[what][k]}))`;
  const components = STYLE.markers.map(
    (_, k) =>
      `.em-explorer .em-k${k + 1}{--fill:${both("fills", k)};--line:${both("lines", k)};` +
      `--outline:${both("outlines", k)};--dash:${STYLE.dashes[k].map((dash) => 1.8 * dash).join(" ") || "none"}}`,
  );
  document.head.append(make("style", { textContent: CSS + components.join("\n") }));
}

/** With a kernel: the choices are traits of a widget. */
function render({ model: widget, el }) {
  style();
  const record = widget.get("_record");
  const names = record.controls.map(({ key }) => `change:${key}`).join(" ");
  const frame = new Frame(el, record, {
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
  return () => frame.remove();
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
  style();
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
  const store = {
    get: (key) => values[key],
    set(key, value) {
      values[key] = value;
      for (const listener of listeners) listener();
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  new Frame(host, record, store, lab ? null : (now) => `#${anchor}:${new URLSearchParams(now)}`);
  addEventListener("hashchange", () => follow() && host.scrollIntoView());
  if (linked) addEventListener("load", () => host.scrollIntoView());
}
