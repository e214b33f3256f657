// Any figure, drawn beforehand for every combination of values: the page puts a picture together from its parts.

import { explorer, make, said } from "./frame.js";

/** What was packed in Python: JSON in a zlib stream in base 64. */
async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
}

explorer("sliders", (frame) => {
  const { controls, moments, words, play } = frame.record;
  const pictures = unpacked(frame.record.pictures);

  // Which picture and which words belong to the values that `value(key)` tells.
  const moment = (value) =>
    moments[controls.reduce((at, { key, options }) => at * options.length + options.indexOf(value(key)), 0)];
  const present = () => moment((key) => frame.value(key));
  const headline = (text) => text.split("\n", 1)[0];

  const [width, height] = frame.record.size;
  // The browser keeps the old picture until the new one is complete, so nothing flickers.
  const image = make("img", { decoding: "sync", width, height });
  frame.pictures.className = "em-drawn";
  frame.pictures.append(image);

  return {
    played: play,

    // Where all that follows is alike, a run is over.
    isOver() {
      const options = frame.options(play);
      const rest = options.slice(options.indexOf(frame.value(play)));
      return rest.every((option) => moment((key) => (key === play ? option : frame.value(key))) === present());
    },

    layout() {},

    draw() {
      const at = present();
      image.alt = words[at];
      pictures.then(([parts, all]) => {
        const svg = all[at].map((part) => parts[part]).join("");
        image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
      });
      return { headline: headline(words[at]), description: "" };
    },

    tables() {
      const values = controls.reduce(
        (rows, { options }) => rows.flatMap((row) => options.map((option) => [...row, said(option)])), [[]],
      );
      const rows = values.map((row, i) => [...row, headline(words[moments[i]])]);
      return [["What is shown at each value", [...controls.map(({ name }) => name), "shown"], rows]];
    },
  };
});
