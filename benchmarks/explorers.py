"""How fast the explorers answer: the script's time for a step of the slider, and how soon a page of ten is there.

    python benchmarks/explorers.py

It needs playwright (the extra "dev") and a Chromium, which the variable EM_BROWSER may name. Every step is a first
visit, over 2,000 points and K = 8; what the page says at it is compared with emlib's words before anything is printed.
"""

import os
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

import emlib
from emlib import widgets

N, K, STEPS = 2000, 8, 40
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
#: Move the slider through all its stops. Returns the milliseconds of script for each, and what is said at each.
WALK = """
async (explorer) => {
  const slider = [...explorer.querySelectorAll("input[type=range]")].at(-1);
  const [times, said] = [[], []];
  for (let at = 0; at <= Number(slider.max); at++) {
    await new Promise((seen) => requestAnimationFrame(() => setTimeout(seen)));
    const begin = performance.now();
    slider.value = at;
    slider.dispatchEvent(new Event("input"));
    times.push(performance.now() - begin);
    said.push(explorer.querySelector(".em-said").textContent);
  }
  return [times, said];
}
"""
#: Milliseconds from the beginning of the navigation until the last explorer has drawn, all of them on the screen.
READY = """
async (count) => {
  while (document.querySelectorAll(".em-said:not(:empty)").length < count) await new Promise(requestAnimationFrame);
  return performance.now();
}
"""


def main():
    rng = np.random.default_rng(0)
    x = 2 * rng.standard_normal((K, 2))[rng.integers(K, size=N)] + rng.standard_normal((N, 2))
    models = {"k-means": emlib.KMeans(K), "soft assignment": emlib.SoftAssignment(K)}
    for family in emlib.models.gaussian_mixture.FAMILIES:
        models[f"mixture, {family}"] = emlib.GaussianMixture(K, family)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        print(f"script per step of the slider, {N} points, K = {K}, in ms    median    95 %")
        for name, model in models.items():
            explorer = widgets.explore(x, {K: fitted(model, x)})
            page.goto(stored(folder, [explorer]))
            place = page.locator(".em-explorer")
            place.locator(".em-said").wait_for()
            times, said = place.evaluate(WALK)
            expected = [explorer.set(iteration=at).text.split("\n")[0] for at in explorer.choices["iteration"]]
            assert said == expected, "the page says something else than emlib"
            print(f"{name:<60}{np.median(times):6.1f}  {np.percentile(times, 95):6.1f}")
        faithful = emlib.datasets.faithful().x
        runs = {k: fitted(emlib.GaussianMixture(k), faithful) for k in range(1, 5)}
        page.set_viewport_size({"width": 1200, "height": 8000})
        page.goto(stored(folder, [widgets.explore(faithful, runs).set(iteration=at) for at in range(10)]))
        print(f"ten explorers on a page, all on the screen, ready after {page.evaluate(READY, 10):.0f} ms")
        browser.close()


def executable():
    return os.environ.get("EM_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)))


def fitted(model, x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", emlib.ConvergenceWarning)
        return emlib.fit(model, x, model.start(x, 1), max_iter=STEPS)


def stored(folder, explorers):
    """The address of a page with the stored outputs of `explorers`, which carry the script once, as in the book."""
    outputs = [explorer._repr_mimebundle_()[0]["text/html"] for explorer in explorers]
    first, *others = [output.partition("<script data-em-source>") for output in outputs]
    rest = "".join(before + after.partition("</script>\n")[2] for before, _, after in others)
    path = Path(folder, "page.html")
    path.write_text(f"<!doctype html><meta charset=utf-8><body>{''.join(first)}{rest}</body>", encoding="utf-8")
    return path.as_uri()


if __name__ == "__main__":
    main()
