// Opened from disk, a page may not read its neighbours: the search then lists titles without an excerpt of the text.
if (location.protocol === "file:") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}

// As the theme does for code and tables: an equation wider than its place can be scrolled by keyboard.
const widths = new ResizeObserver((equations) => {
  for (const { target } of equations) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
addEventListener("load", async () => {
  await window.MathJax?.startup.promise;
  document.querySelectorAll("mjx-container[display]").forEach((equation) => widths.observe(equation));
});

// The button is called what it says, shortcut included.
document.querySelectorAll(".search-button-field").forEach((button) => button.removeAttribute("aria-label"));
