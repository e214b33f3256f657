"""The explorer of the bound: what is recorded is the model's own, and the page draws and says what is recorded."""

import re
from types import SimpleNamespace

import drawn
import numpy as np
import pytest
from playwright.sync_api import expect

import emlib
from emlib import widgets

WAITS = emlib.datasets.faithful().x[:, 1]
MINUS = "\N{MINUS SIGN}"


def one_mean(x, tau=(0.36, 0.64), other=80.0, sigma=6.0, given=None):
    """Two normal distributions, of which one mean is free; `given` weights, if any, stand wrongly in Bayes' law."""

    def log_joint(x, mu, tau):
        squares = (x[:, None] - np.array([mu, other])) ** 2
        return np.log(tau) - np.log(2 * np.pi * sigma**2) / 2 - squares / (2 * sigma**2)

    def e_step(x, mu):
        joint = log_joint(x, mu, tau if given is None else given)
        r = np.exp(joint[:, 0] - emlib.log_sum_exp(joint))
        return np.array([r.sum(), r @ x]), emlib.log_sum_exp(log_joint(x, mu, tau)).sum()

    return SimpleNamespace(
        e_step=e_step, m_step=lambda S: S[1] / S[0], q=lambda mu, S: (S[1] * mu - S[0] * mu**2 / 2) / sigma**2
    )


@pytest.fixture(scope="module")
def models():
    wrong = one_mean(WAITS, given=(0.5, 0.5))
    return {"right": one_mean(WAITS), "two tops": one_mean(WAITS, other=71.0, sigma=3.0), "τ forgotten": wrong}


@pytest.fixture
def explorer(models):
    return widgets.bound(models, WAITS, range(42, 107, 2), name="μ₁")


def test_the_bound_is_the_models_own(explorer, models):
    """The curves of the record make up Q + H, which touches ℓ and, where the model is right, is nowhere above it."""
    record = explorer._record
    grid = np.linspace(*record["ends"], len(record["models"][0]["ell"]))
    for told, (name, model) in zip(record["models"], models.items(), strict=True):
        ell = np.array([model.e_step(WAITS, mu)[1] for mu in grid])
        np.testing.assert_allclose(told["ell"], ell, rtol=1e-9)
        for run in told["runs"]:
            theta = run["moments"][0][0]
            for at, here, top, lift, S in run["moments"]:
                assert at == pytest.approx(theta, rel=1e-8), "the run is not EM's"
                statistics, objective = model.e_step(WAITS, theta)
                theta = model.m_step(statistics)
                entropy = objective - model.q(at, statistics)
                bound = np.array([model.q(mu, statistics) for mu in grid]) + entropy
                assert here == pytest.approx(objective, rel=1e-9)
                np.testing.assert_allclose(lift + np.array(told["curves"]).T @ S, bound, atol=1e-4)
                assert top == pytest.approx(model.q(theta, statistics) + entropy, abs=1e-4)
                assert top >= bound.max() - 1e-4
                if name != "τ forgotten":
                    assert (bound <= ell + 1e-6).all()


def test_a_wrong_e_step_is_told_by_its_bound(explorer):
    assert "lies below it everywhere else" in explorer.set(model="right", start=66).text
    assert re.search(
        r"no bound: it is \d+\.\d\d above ℓ at μ₁ = .*, so e_step and q do not", explorer.set(model="τ forgotten").text
    )


def linkage():
    """125 of the 197 animals of 1977 are of two classes that cannot be told apart."""
    classes = [lambda pi: 1 / 2 + pi / 4, lambda pi: (1 - pi) / 4, lambda pi: (1 - pi) / 4, lambda pi: pi / 4]

    def e_step(y, pi):
        hidden = y[0] * (pi / 4) / classes[0](pi)
        return np.array([hidden + y[3], y[1] + y[2]]), y @ np.log([share(pi) for share in classes])

    return SimpleNamespace(e_step=e_step, m_step=lambda S: S[0] / S.sum(), q=lambda pi, S: S @ np.log([pi, 1 - pi]))


def test_the_paper_of_1977():
    """The linkage example from 0.5, as Dempster, Laird and Rubin print it."""
    y = np.array([125, 18, 20, 34])
    ours = widgets.bound(linkage(), y, np.arange(0.05, 0.96, 0.05).round(2), name="π").set(start=0.5)
    printed = [0.5, 0.608247423, 0.624321051, 0.626488879]
    moments = ours._record["models"][0]["runs"][9]["moments"]
    np.testing.assert_allclose([moment[0] for moment in moments[:4]], printed, atol=1.5e-9)
    assert ours.set(iteration=2).text.startswith("start 0.5, iteration 2 of 5: π = 0.6243, log-likelihood ")


@pytest.mark.parametrize(
    ("model", "starts", "error", "sentence"),
    [
        (one_mean(WAITS), [60], ValueError, r"starts do not increase; give two or more values of θ in order"),
        (one_mean(WAITS), [60, 50], ValueError, r"starts do not increase"),
        (SimpleNamespace(e_step=None, m_step=None), [50, 60], TypeError, r"it needs a function q\(theta, S\)"),
        (
            SimpleNamespace(**{**vars(one_mean(WAITS)), "q": lambda mu, S: -((mu - S[1]) ** 2)}),
            [50, 60],
            ValueError,
            r"q is not linear in the statistics",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(model, starts, error, sentence):
    with pytest.raises(error, match=sentence):
        widgets.bound(model, WAITS, starts)


# In the page


def at(explorer):
    """θᵗ, ℓ and the height of one pixel, as drawn."""
    found = drawn.read(explorer)
    return found, np.array(found["centres"][0]), 1 / np.array(found["pixel"])


def test_every_moment_is_drawn_and_said_as_python_does(page, show, explorer, models):
    panel = show(explorer.set(model="right", start=42))
    model = models["right"]
    panel.get_by_role("slider", name="start", exact=True).focus()
    page.keyboard.press("End")
    explorer.set(start=106)
    panel.get_by_role("slider", name="iteration", exact=True).focus()
    theta = 106.0
    for iteration in range(5):
        assert panel.locator(".em-said").inner_text() == explorer.set(iteration=iteration).text.split("\n")[0]
        assert panel.locator(".em-hidden").text_content() == explorer.text.split("\n")[1]
        found, place, pixel = at(panel)
        S, ell = model.e_step(WAITS, theta)
        np.testing.assert_array_less(np.abs(place - [theta, ell]), pixel)
        drawn_at, heights = np.array(found["lines"]["lower"][0]).T
        bound = np.array([model.q(mu, S) for mu in drawn_at]) + ell - model.q(theta, S)
        in_sight = bound > ell - 300
        # where the curve is steep, half a pixel across is more than half a pixel up
        tolerance = 2 * (pixel[1] + np.abs(np.gradient(bound, drawn_at)) * pixel[0])
        assert (np.abs(heights - bound) < tolerance)[in_sight].all()
        theta = model.m_step(S)
        (low, high) = found["lines"]["besides"][0]
        assert low[0] == pytest.approx(theta, abs=pixel[0])
        assert high[1] == pytest.approx(model.e_step(WAITS, theta)[1], abs=pixel[1])
        page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    assert panel.locator(".em-said").inner_text().endswith(", converged.")


@pytest.mark.parametrize("how", ["mouse", "key", "click"])
def test_theta_is_moved(page, show, explorer, how):
    panel = show(explorer.set(model="two tops", start=60, iteration=2))
    handle = panel.locator(".em-free")
    box = panel.locator(".em-ground").bounding_box()
    x = box["x"] + box["width"] * (80.4 - 42) / (106 - 42)
    if how == "mouse":
        grip = handle.locator(".em-grip").bounding_box()
        page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
        page.mouse.down()
        page.mouse.move(x, box["y"] + 60, steps=4)
        page.mouse.up()
        page.wait_for_timeout(100)  # what is left of the drag comes with the next picture
    elif how == "click":
        page.mouse.click(x, box["y"] + 20)
    else:
        handle.focus()
        for _ in range(12):
            page.keyboard.press("ArrowRight")
        expect(handle).to_be_focused()
    line = panel.locator(".em-said")
    expect(line).to_contain_text("iteration 0 of")
    start = int(re.search(r"start (\d+),", line.inner_text())[1])
    assert start == 80 if how != "key" else start > 70
    assert line.inner_text() == explorer.set(start=start, iteration=0).text.split("\n")[0]
    _, place, pixel = at(panel)
    assert place[0] == pytest.approx(start, abs=pixel[0])


def test_the_gap_is_told_at_every_theta(page, show, explorer, models):
    panel = show(explorer.set(model="right", start=70))
    panel.locator(".em-ground").focus()
    for key in ["ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft"]:
        page.keyboard.press(key)
    text = panel.locator(".em-note-line").inner_text()
    told = re.fullmatch(r"At μ₁ = (\S+): ℓ = (\S+), Q \+ H = (\S+); the gap is KL = (\S+)\.", text)
    mu, ell, bound, gap = (float(number.replace(MINUS, "-")) for number in told.groups())
    model = models["right"]
    S, here = model.e_step(WAITS, 70.0)
    joint = [model.e_step(WAITS, m)[1] for m in (mu - 0.005, mu + 0.005)]
    assert min(joint) - 0.01 < ell < max(joint) + 0.01
    assert bound == pytest.approx(model.q(mu, S) + here - model.q(70.0, S), abs=0.2)
    assert gap == pytest.approx(ell - bound, abs=0.011)


def test_the_numbers_and_the_link(page, show, explorer, models):
    panel = show(explorer.set(model="two tops", start=60), address="#explorer-1:model=right&start=100&iteration=3")
    assert (
        panel.locator(".em-said").inner_text()
        == explorer.set(model="right", start=100, iteration=3).text.split("\n")[0]
    )
    rows = drawn.tables(panel)[0]
    theta = 100.0
    for t, (iteration, mu, ell, *_) in enumerate(rows):
        assert int(iteration) == t
        S, objective = models["right"].e_step(WAITS, theta)
        assert float(mu) == pytest.approx(theta, rel=1e-7)
        assert float(ell.replace(MINUS, "-")) == pytest.approx(objective, abs=1e-4)
        theta = models["right"].m_step(S)
    panel.get_by_role("button", name="Play iteration").click()
    expect(panel.locator(".em-said")).to_contain_text("converged", timeout=10000)
    panel.get_by_role("link", name="Link to this view").click()
    assert "start=100&iteration=" in page.url
