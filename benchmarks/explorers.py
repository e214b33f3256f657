"""How fast the explorers answer: the kernel's and the script's time for a step of a slider, and a page of ten.

    python benchmarks/explorers.py

In a kernel of its own, each kind of explorer is sent what a page sends when a slider moves; what is timed is all that
the kernel does about it. Then a page is timed in a browser, without a kernel. That needs playwright (the extra "dev")
and a Chromium, which the variable EM_BROWSER may name. There every step is a first visit, over 2,000 points and K = 8;
what the page says at it is compared with emlib's words before anything is printed.
"""

import os
import shutil
import tempfile
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from jupyter_client.manager import start_new_kernel
from matplotlib.figure import Figure
from playwright.sync_api import sync_playwright

import emlib
from emlib import widgets

N, K, STEPS = 2000, 8, 40
#: Moves of a slider of which each kind of explorer is told.
TICKS = 500
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
    _, client = start_new_kernel(kernel_name="python3", cwd=Path(__file__).parent)
    reply = client.execute_interactive("import explorers; explorers.ticks(get_ipython().kernel)")
    client.shutdown()
    if reply["content"]["status"] == "error":
        raise RuntimeError("the kernel failed")
    pages()


def ticks(kernel):
    """Print how long `kernel`, in which this runs, works at each message of a page that a slider has moved."""
    print("per move of a slider, in the kernel, in ms              clock: median    95 %   processor: median  95 %")
    for name, explorer in one_of_each().items():
        key = next(reversed(explorer.choices))
        times = []
        for at in range(1, TICKS + 1):
            value = explorer.choices[key][at % len(explorer.choices[key])]
            content = {"method": "update", "state": {key: value}, "buffer_paths": []}
            sent = kernel.session.serialize(
                kernel.session.msg("comm_msg", {"comm_id": explorer.model_id, "data": content})
            )
            begin = np.array([time.perf_counter(), time.thread_time()])
            _, received = kernel.session.feed_identities(sent)
            kernel.comm_manager.comm_msg(None, None, kernel.session.deserialize(received))
            times.append(1000 * (np.array([time.perf_counter(), time.thread_time()]) - begin))
            assert getattr(explorer, key) == value, "the message did not arrive"
        figures = np.percentile(times, [50, 95], axis=0).T.ravel()
        print(f"{name:<50}" + "{:18.2f}{:8.2f}{:20.2f}{:7.2f}".format(*figures))


def one_of_each():
    """An explorer of each kind, by the name of the function that makes it."""
    faithful = emlib.datasets.faithful().x
    waiting = faithful[:, 1:]
    two = emlib.GaussianMixtureParams(np.full(2, 0.5), np.zeros((2, 1)), np.full(2, 36.0))
    rules = {(rule, 1.0): emlib.SoftAssignment(3, rule) for rule in emlib.models.soft_assignment.RULES}
    animals = np.array([125, 18, 20, 34])  # of Dempster, Laird and Rubin (1977)
    linkage = SimpleNamespace(
        e_step=lambda y, pi: (
            np.array([y[0] * pi / (2 + pi) + y[3], y[1] + y[2]]),
            y @ np.log([2 + pi, 1 - pi, 1 - pi, pi]),
        ),
        m_step=lambda S: S[0] / S.sum(),
        q=lambda pi, S: S @ np.log([pi, 1 - pi]),
    )
    chain = emlib.HiddenMarkov(emlib.PoissonMixture(2))
    quakes = emlib.datasets.earthquakes().x
    theta = chain.start([quakes], np.random.default_rng(0))
    return {
        "explore": widgets.explore(faithful, {k: fitted(emlib.GaussianMixture(k), faithful) for k in (2, 3)}),
        "bound": widgets.bound(linkage, animals, np.linspace(0.05, 0.95, 19).round(2)),
        "shares": widgets.shares(faithful, rules, emlib.KMeans(3).start(faithful, 0)),
        "surface": widgets.surface(waiting, {"two": two}, np.arange(42, 99)),
        "lattice": widgets.lattice(chain, quakes[:12], theta),
        "sliders": figure(),
    }


def figure():
    """Sliders over a figure: the points, and the centres on their way."""
    faithful = emlib.datasets.faithful().x
    trace = fitted(emlib.KMeans(K), faithful)
    fig = Figure()
    ax = fig.add_subplot()
    ax.scatter(*faithful.T)
    centres = ax.scatter(*faithful[:K].T, marker="x")

    def update(iteration):
        centres.set_offsets(trace[iteration].params.means)
        return f"Iteration {iteration}: distortion {-trace[iteration].objective:.2f}."

    return widgets.sliders(fig, update, iteration=range(len(trace)))


def pages():
    """Print how long a page's script works at each step, and when ten explorers are there."""
    rng = np.random.default_rng(0)
    x = 2 * rng.standard_normal((K, 2))[rng.integers(K, size=N)] + rng.standard_normal((N, 2))
    models = {"k-means": emlib.KMeans(K), "soft assignment": emlib.SoftAssignment(K)}
    for family in emlib.models.gaussian_mixture.FAMILIES:
        models[f"mixture, {family}"] = emlib.GaussianMixture(K, family)
    explorers = {name: widgets.explore(x, {K: fitted(model, x)}) for name, model in models.items()}
    explorers["sliders over a figure"] = figure()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        session = page.context.new_cdp_session(page)
        # The time of the processor: that of the clock also counts what other programs do meanwhile.
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        print(f"per step of the slider, {N} points, K = {K}, in ms      script: median    95 %   all: median    95 %")
        for name, explorer in explorers.items():
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
