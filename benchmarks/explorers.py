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
#: Move the last slider, which is the iteration's, to one of its stops. Returns what is then said.
STEP = """
(explorer, at) => {
  const slider = [...explorer.querySelectorAll("input[type=range]")].at(-1);
  slider.value = at;
  slider.dispatchEvent(new Event("input"));
  return explorer.querySelector(".em-said").textContent;
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
        session = page.context.new_cdp_session(page)
        # The time of the processor: that of the clock also counts what other programs do meanwhile.
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        print(f"per step of the slider, {N} points, K = {K}, in ms      script: median    95 %   all: median    95 %")
        for name, model in models.items():
            explorer = widgets.explore(x, {K: fitted(model, x)})
            page.goto(stored(folder, [explorer]))
            place = page.locator(".em-explorer")
            place.locator(".em-said").wait_for()
            times = []
            for at, iteration in enumerate(explorer.choices["iteration"]):
                before = seconds(session)
                said = place.evaluate(STEP, at)
                page.evaluate("() => new Promise(requestAnimationFrame)")
                times.append(1000 * (seconds(session) - before))
                expected = explorer.set(iteration=iteration).text.split("\n")[0]
                assert said == expected, f"the page says {said!r}, emlib {expected!r}"
            figures = np.percentile(times, [50, 95], axis=0).T.ravel()
            print(f"{name:<50}" + "{:18.1f}{:8.1f}{:14.1f}{:8.1f}".format(*figures))
        faithful = emlib.datasets.faithful().x
        runs = {k: fitted(emlib.GaussianMixture(k), faithful) for k in range(1, 5)}
        page.set_viewport_size({"width": 1200, "height": 8000})
        page.goto(stored(folder, [widgets.explore(faithful, runs).set(iteration=at) for at in range(10)]))
        print(f"ten explorers on a page, all on the screen, ready after {page.evaluate(READY, 10):.0f} ms")
        browser.close()


def seconds(session):
    """How long the page's thread has worked so far: on scripts, and on everything."""
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return np.array([metrics["ScriptDuration"], metrics["TaskDuration"]])


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
