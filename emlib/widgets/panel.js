// The page's side of emlib.widgets.Sliders: it shows the frame that Python drew and sends the values that are chosen.

// Milliseconds between two steps of the play button.
const PACE = 400;

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

function choose(model, key, place) {
  model.set("values", { ...model.get("values"), [key]: place });
  model.save_changes();
}

function control({ key, name, options, slider }, model) {
  const input = slider
    ? make("input", { type: "range", min: 0, max: options.length - 1, step: 1 })
    : make("select", {}, ...options.map((option, place) => make("option", { value: place }, option)));
  // A long slider has room for many values. What it stands at is said with the slider itself, and here for the eye.
  input.style.width = slider ? `${Math.min(360, 90 + 12 * options.length)}px` : "auto";
  const readout = make("span", { ariaHidden: "true", hidden: !slider });
  const follow = () => {
    const place = model.get("values")[key];
    input.value = place;
    if (slider) input.ariaValueText = options[place];
    readout.textContent = options[place];
  };
  input.addEventListener("input", () => choose(model, key, Number(input.value)));
  model.on("change:values", follow);
  follow();
  const row = make("div", { className: "em-control" }, make("label", {}, name, input), readout);
  return [row, () => model.off("change:values", follow)];
}

// Step one choice to its end, each step as soon as the one before is drawn and `PACE` has passed. A step that shows
// nothing new means that a run is over: stop there, or, if that was the first step, begin at the beginning.
function player({ key, name, options }, model) {
  const button = make("button", { type: "button" });
  const last = options.length - 1;
  let timer = null;
  let text = "";
  let first = true;
  const label = (icon, verb) => {
    button.textContent = `${icon} ${verb} ${name}`;
    button.ariaLabel = `${verb} ${name}`;
  };
  const stop = () => {
    clearTimeout(timer);
    timer = null;
    label("▶", "Play");
  };
  const drawn = () => {
    if (timer === null) return;
    const place = model.get("values")[key];
    const over = model.get("_frame").text === text;
    if (over ? !first : place === last) return stop();
    text = model.get("_frame").text;
    first = false;
    clearTimeout(timer);
    timer = setTimeout(choose, PACE, model, key, over ? 0 : place + 1);
  };
  button.addEventListener("click", () => {
    if (timer !== null) return stop();
    const place = model.get("values")[key];
    text = model.get("_frame").text;
    first = true;
    label("❚❚", "Pause");
    timer = setTimeout(choose, 0, model, key, place === last ? 0 : place + 1);
  });
  model.on("change:_frame", drawn);
  stop();
  return [button, () => (stop(), model.off("change:_frame", drawn))];
}

function render({ model, el }) {
  const controls = model.get("_controls").filter(({ options }) => options.length > 1);
  const parts = controls.map((one) => control(one, model));
  const played = controls.find(({ key }) => key === model.get("_play"));
  if (played) parts.push(player(played, model));

  const picture = make("img", { decoding: "sync", width: model.get("_width") });
  const sentence = make("p", { ariaLive: "polite" });
  const show = () => {
    const { text, image } = model.get("_frame");
    const address = URL.createObjectURL(new Blob([image], { type: "image/png" }));
    picture.onload = () => URL.revokeObjectURL(address);
    // The browser keeps the old picture until the new one is complete, so nothing flickers.
    picture.src = address;
    picture.alt = text;
    sentence.textContent = text.split("\n", 1)[0];
  };
  model.on("change:_frame", show);
  show();

  const bar = make("div", { className: "em-controls" }, ...parts.map(([element]) => element));
  // JupyterLab would take the keys that move a slider for its own shortcuts.
  bar.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)) event.stopPropagation();
  });
  el.classList.add("em-panel");
  el.append(bar, picture, sentence);
  return () => {
    model.off("change:_frame", show);
    for (const [, forget] of parts) forget();
  };
}

export default { render };
