// Turns each list of questions in the page into choices that say, when asked, whether they are right and why.
(() => {
  const css = STYLE;

  function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  function fieldset({ text, choices }, number, name) {
    const said = element("p", { className: "em-quiz-said" });
    said.setAttribute("role", "status");
    const labels = choices.map(([words], i) => {
      const input = element("input", { type: "radio", name, value: i });
      input.addEventListener("change", () => said.replaceChildren());
      return element("label", {}, input, element("span", { innerHTML: words }));
    });
    const button = element("button", { type: "button", textContent: "Check" });
    button.setAttribute("aria-label", `Check question ${number}`);
    const set = element(
      "fieldset",
      {},
      element("legend", { innerHTML: `<strong>${number}.</strong> ${text}` }),
      ...labels,
      button,
      said,
    );
    button.addEventListener("click", () => {
      const chosen = set.querySelector("input:checked");
      if (!chosen) {
        said.textContent = "Choose an answer first.";
        return;
      }
      const [, right, why] = choices[chosen.value];
      said.innerHTML = `<strong>${right ? "✓ Right." : "✗ No."}</strong> ${why}`;
    });
    return set;
  }

  function enliven(host, place) {
    const bytes = Uint8Array.from(atob(host.dataset.emQuiz), (letter) => letter.charCodeAt(0));
    const questions = JSON.parse(new TextDecoder().decode(bytes));
    const name = `em-quiz-${place}-${Math.random().toString(36).slice(2)}`;
    host.removeAttribute("data-em-quiz");
    host.replaceChildren(...questions.map((one, i) => fieldset(one, i + 1, `${name}-${i}`)));
    // JupyterLab would take a key for a shortcut.
    host.dataset.lmSuppressShortcuts = "true";
    host.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey || event.altKey)) event.stopPropagation();
    });
  }

  function start() {
    if (!document.getElementById("em-quiz-style")) {
      document.head.append(element("style", { id: "em-quiz-style", textContent: css }));
    }
    document.querySelectorAll("[data-em-quiz]").forEach(enliven);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
