// Opened from disk, a page may not read its neighbours: the search then lists titles without an excerpt of the text.
if (location.protocol === "file:") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}

// As the theme does for code and tables: a formula wider than its place can be scrolled by keyboard.
const widths = new ResizeObserver((formulas) => {
  for (const { target } of formulas) {
    const wide = target.querySelector("svg").getBoundingClientRect().width > target.clientWidth + 1;
    if (wide) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
addEventListener("load", async () => {
  await window.MathJax?.startup.promise;
  document.querySelectorAll(".math > mjx-container").forEach((formula) => widths.observe(formula));
});

// The button is called what it says, shortcut included.
document.querySelectorAll(".search-button-field").forEach((button) => button.removeAttribute("aria-label"));

// The theme takes the focus from a button that was pressed; whoever works by keyboard must keep it.
for (const button of document.querySelectorAll(".theme-switch-button, .sidebar-toggle")) {
  button.addEventListener("click", () => button.focus());
}

// One button opens what is folded, for instance before printing.
if (document.querySelector("article details.hint, article details.solution")) {
  const button = document.createElement("button");
  const folded = document.querySelectorAll("article details");
  const say = (open) => (button.textContent = open ? "Close all hints and solutions" : "Open all hints and solutions");
  button.className = "em-open-all";
  button.type = "button";
  say(false);
  button.addEventListener("click", () => {
    const open = button.textContent.startsWith("Open");
    folded.forEach((details) => (details.open = open));
    say(open);
  });
  document.querySelector("article h1").after(button);
}

// Paper is white, whatever the screen is.
const root = document.documentElement.dataset;
let theme;
addEventListener("beforeprint", () => ([theme, root.theme] = [root.theme, "light"]));
addEventListener("afterprint", () => (root.theme = theme));
