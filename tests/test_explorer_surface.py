"""The explorer of the likelihood surface: its map is emlib's, and so is every way, in Python and in the page."""

import re

import drawn
import numpy as np
import pytest
from playwright.sync_api import expect

import emlib
from emlib import widgets
from emlib.widgets import page as script
from emlib.widgets.surface import LONGEST, STILL, Plane

X = emlib.datasets.faithful().x[:, 1:]
MODEL = emlib.GaussianMixture(2, "spherical")
MINUS = "\N{MINUS SIGN}"


def params(tau, sigma, means=(0.0, 0.0)):
    variances = np.square(np.broadcast_to(sigma, 2)).astype(float)
    return emlib.GaussianMixtureParams(np.array(tau), np.reshape(means, (2, 1)).astype(float), variances)


FIXED = {
    "alike": params((0.5, 0.5), 6.0),
    "unequal": params((0.36, 0.64), 6.0),
    "narrow": params((0.2, 0.8), (1.0, 12.0)),
}


@pytest.fixture(scope="module")
def explorer():
    return widgets.surface(X, FIXED, np.arange(42, 98.5, 0.5))


@pytest.fixture(autouse=True)
def as_it_was(explorer):
    explorer.set(model="alike", mu1=60, mu2=66, eta=0.2, iteration=0, show="ways only")


@pytest.fixture(scope="module")
def plane(browser):
    """A page that knows `plane` of surface.js. Returns a function that lets it look, and walk, from many places."""
    context = browser.new_context()
    page = context.new_page()
    # The kinds of explorers register themselves, and only what computes is wanted here.
    page.add_script_tag(content=f"const explorer = () => {{}};\n{script.joined('em.js', 'surface.js')}")
    yield lambda spec, start, span, eta: page.evaluate(
        "([spec, start, span, eta]) => plane(spec).way(start, span, eta)", [spec, start, span, eta]
    )
    context.close()


def cases(n=120):
    """Data, a model and a start, with few points and many, far off, in any unit, narrow and wide."""
    rng = np.random.default_rng(4)
    for _ in range(n):
        scale, offset = 10.0 ** rng.integers(-4, 5), rng.choice([0.0, 1e3, 1e6])
        x = scale * (np.round(rng.normal(size=rng.integers(2, 60)) * 3 + rng.choice([-4, 4], size=1), 1) + offset)
        variances = scale**2 * 10.0 ** rng.uniform(-2, 2, size=2)
        tau = rng.dirichlet([1, 1])
        mu = rng.uniform(x.min() - 2 * scale, x.max() + 2 * scale, size=2)
        if rng.random() < 0.2:
            mu[1] = mu[0]
        yield x[:, None], emlib.GaussianMixtureParams(tau, mu[:, None], variances), scale


def test_a_look_is_emlibs_e_step_and_its_gradient_that_of_the_likelihood():
    for x, theta, scale in cases():
        values, times = np.unique(x, return_counts=True)
        own = Plane(values, times, theta.weights, theta.covariances)
        ell, counts, means = own.look(theta.means[:, 0])
        statistics, objective = MODEL.e_step(x, theta)
        np.testing.assert_allclose(ell, objective, rtol=1e-9)
        np.testing.assert_allclose(counts, statistics.counts, rtol=1e-9, atol=1e-12)
        seen = counts > 1e-12
        np.testing.assert_allclose(means[seen], statistics.means[seen, 0], rtol=1e-9, atol=1e-9 * scale)
    for name, theta in FIXED.items():
        own = Plane(*np.unique(X, return_counts=True), theta.weights, theta.covariances)
        mu, h = np.array([60.0, 66.0]), 1e-4
        slope = [(own.look(mu + h * e)[0] - own.look(mu - h * e)[0]) / (2 * h) for e in np.eye(2)]
        np.testing.assert_allclose(own.step(mu, eta=0.1) - mu, 0.1 * np.array(slope), rtol=1e-6, err_msg=name)


def test_a_way_in_the_page_is_the_way_of_emlib(plane):
    """EM's ways are those of emlib's own model with weights and variances held, gradient ascent's those of `Plane`."""
    steps = 0
    for i, (x, theta, scale) in enumerate(cases()):
        values, times = np.unique(x, return_counts=True)
        own = Plane(values, times, theta.weights, theta.covariances)
        spec = {"values": values.tolist(), "times": times.tolist(), "still": STILL, "longest": 12}
        spec |= {"weights": theta.weights.tolist(), "variances": theta.covariances.tolist()}
        start, span = theta.means[:, 0].tolist(), 1e-9 * scale
        eta = None if i % 3 else 0.5 * theta.covariances.min() / len(x)
        theirs = plane(spec, start, span, eta)["steps"]
        assert len(theirs) <= 13
        mu = theta.means[:, 0]
        for step in theirs:
            note = f"case {i}: {theta}, {len(x)} points, η {eta}"
            statistics, ell = MODEL.e_step(x, theta._replace(means=mu[:, None]))
            size = np.abs(x).max() * 1e-9
            np.testing.assert_allclose(step["mu"], mu, rtol=1e-9, atol=size, err_msg=note)
            np.testing.assert_allclose(step["ell"], ell, rtol=1e-9, atol=1e-9 * len(x), err_msg=note)
            np.testing.assert_allclose(step["counts"], statistics.counts, rtol=1e-9, atol=1e-9, err_msg=note)
            # from the page's own place, so that nothing adds up over the steps
            mu = own.step(np.array(step["mu"]), eta)
            steps += 1
    assert steps > 600


def test_contours_lie_where_the_likelihood_has_their_height(explorer):
    for told, theta in zip(explorer._record["models"], FIXED.values(), strict=True):
        own = Plane(*np.unique(X, return_counts=True), theta.weights, theta.covariances)
        heights = []
        for d in told["contours"]:
            ring = re.match(r"M(-?\d+) (-?\d+)l([^z]*)z", d)
            numbers = [int(n) for n in re.findall(r"-?\d+", ring[3])]
            points = np.cumsum([[int(ring[1]), int(ring[2])], *np.reshape(numbers, (-1, 2))], axis=0)
            inner = points[((points > 0) & (points < 1000)).all(axis=1)]
            mu = 42 + 56 * inner / 1000
            ell, counts, means = own.look(mu)
            # a thousandth of the axis, in the direction of the steepest slope
            slack = 0.06 * np.abs(counts / own.variances * (means - mu)).sum(axis=1) + 2
            assert np.abs(ell - np.median(ell)).max() <= 2 * slack.max()
            heights.append(np.median(ell))
        assert np.all(np.diff(heights) > 0)


def test_the_map_knows_where_em_leads(explorer):
    rng = np.random.default_rng(0)
    for told, (name, theta) in zip(explorer._record["models"], FIXED.items(), strict=True):
        marks, leads = told["marks"], np.array(list(told["leads"]), int).reshape(len(told["marks"]), -1)
        for j, i in rng.integers(len(marks), size=(12, 2)):
            mu = np.array([marks[i], marks[j]])
            for _ in range(600):
                mu = MODEL.e_step(X, theta._replace(means=mu[:, None]))[0].means[:, 0]
                if i == j and name != "narrow":
                    mu[:] = mu.mean()  # with equal means, rounding alone could part them
            np.testing.assert_allclose(told["places"][leads[j, i]][0], mu, atol=0.3, err_msg=f"{name}, {i}, {j}")
    words = [[place[1] for place in told["places"]] for told in explorer._record["models"]]
    assert words[0] == ["one of 2 highest peaks", "one of 2 highest peaks", "a saddle"]
    assert words[1] == ["the highest peak", "a peak lower by 40.77", "a saddle"]
    assert words[2][0] == "the highest peak"
    assert len(words[2]) == 7


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((np.ones((5, 2)), FIXED, [0, 1]), r"x has 2 features"),
        ((X, FIXED, [60]), r"axis does not increase; give two or more values"),
        ((X, {"three": params((0.5, 0.5), 6.0)._replace(weights=np.ones(3) / 3)}, [0, 1]), r"the weights of 'three'"),
        ((X, {"flat": params((0.5, 0.5), 0.0)}, [0, 1]), r"the covariances of 'flat' are no variances"),
    ],
)
def test_what_is_no_such_mixture_is_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        widgets.surface(*arguments)


# In the page


def headline(explorer):
    return explorer.text.split("\n")[0]


def test_every_moment_is_drawn_and_said_as_python_does(page, show, explorer):
    panel = show(explorer)
    line = panel.locator(".em-said")
    for name, theta in FIXED.items():
        panel.get_by_role("combobox", name="model").select_option(name)
        own = Plane(*np.unique(X, return_counts=True), theta.weights, theta.covariances)
        ways = {"way": own.way([60, 66], 56)[0], "second": own.way([60, 66], 56, 0.2)[0]}
        panel.get_by_role("slider", name="iteration").focus()
        page.keyboard.press("Home")
        for iteration in range(4):
            assert line.inner_text() == headline(explorer.set(model=name, iteration=iteration))
            assert panel.locator(".em-hidden").text_content() == explorer.text.split("\n")[1]
            found = drawn.read(panel)
            np.testing.assert_array_less(np.abs(np.array(found["centres"][0]) - [60, 66]) * found["pixel"], 0.51)
            for key, way in ways.items():
                (outline,) = (line for line in found["lines"][key] if line)
                np.testing.assert_array_less(np.abs(outline - way[: iteration + 1]) * found["pixel"], 0.51)
            page.keyboard.press("ArrowRight")
        page.keyboard.press("End")
        assert line.inner_text() == headline(explorer.set(iteration=LONGEST))
        assert "at rest after" in line.inner_text()


@pytest.mark.parametrize("how", ["mouse", "key", "click", "enter"])
def test_the_start_is_moved(page, show, explorer, how):
    panel = show(explorer.set(iteration=9))
    ring, ground = panel.locator(".em-free"), panel.locator(".em-ground")
    box = ground.bounding_box()
    x, y = box["x"] + box["width"] * (80 - 42) / 56, box["y"] + box["height"] * (98 - 50) / 56
    if how == "mouse":
        grip = ring.locator(".em-grip").bounding_box()
        page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
        page.mouse.down()
        page.mouse.move(x, y, steps=4)
        page.mouse.up()
    elif how == "click":
        page.mouse.click(x, y)
    else:
        (ring if how == "key" else ground).focus()
        for key in ["ArrowRight"] * 5 + ["ArrowDown"] * 2 + (["Enter"] if how == "enter" else []):
            page.keyboard.press(key)
    line = panel.locator(".em-said")
    expect(line).not_to_contain_text("start (60, 66)")
    page.wait_for_timeout(100)  # a drag is followed with the next picture
    mu1, mu2 = map(float, re.search(r"start \(([\d.]+), ([\d.]+)\)", line.inner_text()).groups())
    if how in ("mouse", "click"):
        assert (mu1, mu2) == (80, 50)
    else:
        assert mu1 > 63
        assert mu2 < 66
    assert line.inner_text() == headline(explorer.set(mu1=mu1, mu2=mu2))
    assert panel.get_by_role("slider", name="μ₁").get_attribute("aria-valuetext") == f"{mu1:g}"


def test_the_saddle_the_mirror_and_the_basins(page, show, explorer):
    panel = show(explorer, address="#explorer-1:model=unequal&mu1=60&mu2=60&eta=0.2&iteration=10&show=basins")
    line = panel.locator(".em-said")
    assert "EM at (70.90, 70.90), ℓ = −1432.96, at rest after 2 steps: a saddle; gradient" in line.inner_text()
    assert line.inner_text() == headline(explorer.set(model="unequal", mu1=60, mu2=60, iteration=10, show="basins"))
    found = drawn.read(panel)
    assert set(found["components"]) == {0, 1}
    points, above = found["points"], np.array(found["components"]) == 0
    assert (points[above, 1] > points[above, 0]).all()
    assert (points[~above, 1] < points[~above, 0]).all()
    panel.get_by_role("combobox", name="model").select_option("alike")
    panel.get_by_role("slider", name="μ₂").press("ArrowRight")
    panel.get_by_role("combobox", name="show").select_option("mirrored start")
    found = drawn.read(panel)["lines"]
    np.testing.assert_allclose(np.array(found["mirrored"][0])[:, ::-1], found["way"][0], atol=0.1)
    panel.get_by_role("slider", name="iteration").press("End")
    assert line.inner_text().count("one of 2 highest peaks") == 3


def test_the_numbers_play_and_the_map_itself(page, show, explorer):
    panel = show(explorer.set(model="unequal"))
    rows = drawn.tables(panel)[0]
    theta = FIXED["unequal"]
    mu = np.array([60.0, 66.0])
    for row in rows:
        _, *told = (float(cell.replace(MINUS, "-")) for cell in row)
        statistics, ell = MODEL.e_step(X, theta._replace(means=mu[:, None]))
        np.testing.assert_allclose(told, [*mu, ell], atol=1e-4)
        mu = statistics.means[:, 0]
    panel.locator(".em-ground").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    told = re.fullmatch(r"At \((\S+), (\S+)\): ℓ = (\S+)\.", panel.locator(".em-note-line").inner_text())
    mu1, mu2, ell = (float(number.replace(MINUS, "-")) for number in told.groups())
    there = MODEL.e_step(X, theta._replace(means=np.array([[mu1], [mu2]])))[1]
    assert ell == pytest.approx(there, abs=0.5)
    panel.get_by_role("button", name="Play iteration").click()
    expect(panel.get_by_role("button", name="Pause iteration")).to_be_visible()
    expect(panel.locator(".em-said")).to_contain_text("iteration 3")
