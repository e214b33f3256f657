"""Explorers in a page without a kernel: what is drawn and said at every moment is the record's, by key and by mouse."""

import re
from pathlib import Path

import drawn
import nbformat
import numpy as np
import pytest
from playwright.sync_api import expect

import emlib
from emlib import widgets
from emlib.widgets import page as script

X = emlib.datasets.faithful().x
Z = (X - X.mean(axis=0)) / X.std(axis=0)
AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
MINUS = "\N{MINUS SIGN}"
NUMBER = re.compile(rf"{MINUS}?\d+(?:\.\d+)?")


def fitted(model, x=X):
    return emlib.fit(model, x, model.start(x, np.random.default_rng(0)), tol=1e-4)


@pytest.fixture(scope="module")
def mixtures():
    return {(K, family): fitted(emlib.GaussianMixture(K, family)) for K in (2, 3) for family in ("full", "diag")}


def said(explorer):
    return explorer.locator(".em-said").inner_text()


def numbers(text):
    return [float(number.replace(MINUS, "-")) for number in NUMBER.findall(text)]


def shows(explorer, model, snapshot, x, assigned=None):
    """The page shows `snapshot` of a run of `model` on `x`: points, centres, ellipses or borders, to half a pixel.

    The points have the looks that the parameters `assigned` give them, if they are not those of the snapshot.
    """
    found = drawn.read(explorer)
    pixel = np.array(found["pixel"])
    np.testing.assert_array_less(np.abs(found["points"] - x) / pixel, 0.51)
    np.testing.assert_array_less(np.abs(np.array(found["centres"]) - snapshot.params.means) / pixel, 0.51)
    responsibilities = model.posterior(x, assigned or snapshot.params)
    shown = responsibilities[np.arange(len(x)), found["components"]]
    np.testing.assert_allclose(shown, responsibilities.max(axis=1), atol=1e-5)
    if isinstance(model, emlib.GaussianMixture):
        covariances = model.full_covariances(snapshot.params)
        assert len(found["ellipses"]) == 2 * len(covariances)
        for i, outline in enumerate(found["ellipses"]):
            d = np.array(outline) - snapshot.params.means[i // 2]
            distance = np.sqrt(np.einsum("ni,ij,nj->n", d, np.linalg.inv(covariances[i // 2]), d))
            np.testing.assert_allclose(distance, 1 + i % 2, rtol=0.03)
    elif isinstance(model, emlib.KMeans):
        assert len(found["regions"]) == model.n_components
        for k, outline in enumerate(found["regions"]):
            to_all = np.linalg.norm(np.array(outline)[:, None] - snapshot.params.means, axis=2)
            np.testing.assert_allclose(to_all[:, k], to_all.min(axis=1), atol=0.05)


def test_every_moment_is_the_records(page, show, mixtures):
    ours = widgets.explore(X, mixtures, ("K", "family"), feature_names=["duration", "waiting"])
    explorer = show(ours)
    for (K, family), trace in mixtures.items():
        explorer.get_by_role("slider", name="K", exact=True).fill(str([2, 3].index(K)))
        explorer.get_by_role("combobox", name="family").select_option(family)
        explorer.get_by_role("slider", name="iteration", exact=True).focus()
        page.keyboard.press("Home")
        for at in range(4):
            ours.set(K=K, family=family, iteration=at)
            assert said(explorer) == ours.text.split("\n")[0]
            theirs = explorer.locator(".em-hidden").text_content()
            np.testing.assert_allclose(numbers(theirs), numbers(ours.text.split("\n")[1]), rtol=0.011, atol=1)
            assert NUMBER.sub("#", theirs) == NUMBER.sub("#", ours.text.split("\n")[1])
            shows(explorer, trace.model, trace[at], X)
            page.keyboard.press("ArrowRight")
        page.keyboard.press("End")
        assert said(explorer) == ours.set(iteration=ours.choices["iteration"][-1]).text.split("\n")[0]
        assert "converged" in said(explorer)
        shows(explorer, trace.model, trace[-1], X)


@pytest.fixture(scope="module")
def partitions():
    return {K: fitted(emlib.KMeans(K), Z) for K in (1, 2, 8)}


def test_kmeans_goes_by_half_steps(page, show, partitions):
    """Borders belong to the centres shown, colours to the assignment in force, the curve has every half-step."""
    ours = widgets.explore(Z, partitions).set(K=8)
    explorer = show(ours)
    trace = partitions[8]
    explorer.get_by_role("slider", name="iteration").focus()
    for half in range(7):
        before, after = trace[half // 2], trace[(half + 1) // 2]
        assert said(explorer) == ours.set(iteration=half / 2).text.split("\n")[0]
        assert ("after moving the centres" if half % 2 else "after assigning") in said(explorer)
        shows(explorer, trace.model, after, Z, before.params)
        page.keyboard.press("ArrowRight")
    cells = drawn.tables(explorer)[1]
    assert len(cells) == 2 * trace.iterations + 1
    assert [label for label, _ in cells[:4]] == ["0", "½", "1", "1½"]
    found = [float(value.replace(MINUS, "-")) for _, value in cells]
    np.testing.assert_allclose(found[::2], trace.objectives, atol=1e-4)
    assert (np.diff(found) >= 0).all()


def test_kmeans_moves_by_mouse(page, show, partitions):
    ours = widgets.explore(Z, partitions).set(K=8)
    explorer = show(ours)
    slider = explorer.get_by_role("slider", name="iteration")
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    at = ours.choices["iteration"][int(slider.input_value())]
    assert 0 < at < partitions[8].iterations
    assert said(explorer) == ours.set(iteration=at).text.split("\n")[0]
    curve = explorer.locator(".em-curve").bounding_box()
    page.mouse.click(curve["x"] + curve["width"] - 3, curve["y"] + 20)
    assert said(explorer) == ours.set(iteration=ours.choices["iteration"][-1]).text.split("\n")[0]


def test_densities_stand_at_the_margins(show, mixtures):
    """Along each axis the mixture's marginal density and its components, all to one scale."""
    params = mixtures[3, "full"][2].params
    explorer = show(widgets.explore(X, mixtures, ("K", "family")).set(K=3, iteration=2))
    found = drawn.read(explorer)
    for d, margin in enumerate(found["margins"]):
        assert len(margin) == 4
        total = np.array(margin[-1])
        grid, heights = total[:, 0], total[:, 1]
        marginal = emlib.GaussianMixtureParams(
            params.weights, params.means[:, [d]], params.covariances[:, [d]][:, :, [d]]
        )
        expected = np.exp(emlib.GaussianMixture(3).score_samples(grid[:, None], marginal))
        scale = heights.max() / expected.max()
        np.testing.assert_allclose(heights, scale * expected, atol=0.1)  # of a pixel
        assert 10 < heights.max() < 60
        for k, component in enumerate(np.array(margin[:-1])):
            alone = marginal._replace(means=marginal.means[[k]], covariances=marginal.covariances[[k]], weights=[1.0])
            own = params.weights[k] * np.exp(emlib.GaussianMixture(1).score_samples(component[:, :1], alone))
            np.testing.assert_allclose(component[:, 1], scale * own, atol=0.1)


def test_bic_over_k_is_emlibs(show, mixtures):
    explorer = show(widgets.explore(X, mixtures, ("K", "family")).set(family="diag"))
    rows = drawn.tables(explorer)[-1]
    for row, K in zip(rows, (2, 3), strict=True):
        trace = mixtures[K, "diag"]
        expected = -2 * trace.objective + len(trace.model.free(trace.params)) * np.log(len(X))
        assert [float(cell) for cell in row] == pytest.approx([K, expected], abs=1e-4)
    assert explorer.locator(".em-note").nth(1).text_content() == f"K = 2:  {float(rows[0][1]):.2f}"
    explorer.locator(".em-curve").nth(1).click(position={"x": 200, "y": 20})
    assert said(explorer).startswith("K = 3, family diag")


def test_a_long_run_leaves_the_page_free(page, show):
    """A long run goes on between the pictures, and ends as emlib's does; a later one takes its place."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400, 2))
    model = emlib.GaussianMixture(4)
    trace = emlib.Trace(model, (next(emlib.iterate(model, x, model.start(x, rng))),), False, "the start only")
    explorer = show(widgets.explore(x, {4: trace}))
    centre = explorer.locator(".em-free").first
    centre.press("ArrowUp")
    assert "(it is still running)" in said(explorer)
    centre.press("ArrowDown")
    # Steps of a fiftieth up and down lead back to the start.
    expected = emlib.fit(model, x, trace[0].params)
    expect(explorer.locator(".em-said")).not_to_contain_text("still running", timeout=60_000)
    iterations, objective = own_run(explorer)
    assert iterations == pytest.approx(expected.iterations, abs=2)
    assert objective == pytest.approx(expected.objective, abs=0.01)


def test_a_hidden_explorer_does_nothing(page, show, mixtures, tmp_path):
    """In a closed fold it is not made, nor drawn again once it is made; when it is seen, it is up to date."""
    show()
    output = widgets.explore(X, mixtures, ("K", "family"))._repr_mimebundle_()[0]["text/html"]
    fold = f"<!doctype html><meta charset=utf-8><details><summary>Fold</summary>{output}</details>"
    (tmp_path / "page.html").write_text(fold, encoding="utf-8")
    page.reload()
    explorer = page.locator(".em-explorer")
    expect(explorer).to_have_count(1)
    assert explorer.locator("canvas").count() == 0
    page.locator("summary").first.click()
    expect(explorer.locator(".em-said")).to_contain_text("iteration 0 of")
    page.locator("summary").first.click()
    page.wait_for_timeout(100)
    page.evaluate("location.hash = '#explorer-1:K=3&family=full&iteration=2'")
    page.wait_for_timeout(100)
    assert "iteration 0 of" in explorer.locator(".em-said").text_content()
    page.locator("summary").first.click()
    expect(explorer.locator(".em-said")).to_contain_text("K = 3, family full, iteration 2 of")


def sketched(page, explorer, rng):
    """Three clouds of points are clicked into an empty field."""
    explorer.get_by_role("button", name="Draw your own data").click()
    box = explorer.locator(".em-ground").bounding_box()
    corner, size = np.array([box["x"], box["y"]]), np.array([box["width"], box["height"]])
    for cloud in ([0.2, 0.3], [0.7, 0.7], [0.5, 0.2]):
        for point in np.clip(cloud + 0.06 * rng.standard_normal((6, 2)), 0.02, 0.98):
            page.mouse.click(*(corner + point * size))


def test_kmeans_runs_on_data_of_the_readers_own(page, show, partitions):
    ours = widgets.explore(Z, partitions).set(K=2)
    explorer = show(ours)
    sketched(page, explorer, np.random.default_rng(0))
    ground = explorer.locator(".em-ground")
    ground.focus()
    for key in ["ArrowLeft", "ArrowUp", "Enter"]:
        page.keyboard.press(key)
    assert said(explorer) == "Your own data: 19 points. Add as many as you like, then press “New start”."
    expect(explorer.get_by_role("button", name="Play iteration")).to_be_disabled()
    found = drawn.read(explorer)
    assert len(set(found["colours"])) == 1
    explorer.get_by_role("button", name="New start").click()
    x, means = drawn.read(explorer)["points"], np.array(drawn.read(explorer)["centres"])
    assert len(x) == 19
    assert np.abs(means[:, None] - x).max(axis=2).min(axis=1).max() < 0.02  # k-means++ takes points of the data
    trace = emlib.fit(emlib.KMeans(2), x, emlib.CentreParams(means))
    explorer.get_by_role("slider", name="iteration").press("End")
    assert said(explorer).startswith(f"K = 2, your own data, iteration {trace.iterations} of {trace.iterations}, after")
    assert float(said(explorer).split()[-2][:-1].replace(MINUS, "-")) == pytest.approx(trace.objective, abs=0.05)
    explorer.get_by_role("slider", name="K").press("End")
    assert said(explorer).startswith("K = 8, your own data, iteration 0 of")
    assert len(drawn.read(explorer)["centres"]) == 8
    explorer.get_by_role("button", name="Clear").click()
    explorer.get_by_role("button", name="New start").click()
    assert said(explorer).startswith("n_components is 8; x has only 0 points. Your own data: 0 points.")
    explorer.get_by_role("button", name="Back to the recorded run").click()
    assert said(explorer) == ours.set(K=2, iteration=0).text.split("\n")[0]


def test_a_mixture_runs_on_data_of_the_readers_own(page, show, mixtures):
    page.add_init_script("let seed = 1; Math.random = () => (seed = (seed * 48271) % 2147483647) / 2147483647")
    explorer = show(widgets.explore(X, mixtures, ("K", "family")).set(K=3, family="diag"))
    sketched(page, explorer, np.random.default_rng(3))
    explorer.get_by_role("button", name="New start").click()
    x, means = drawn.read(explorer)["points"], np.array(drawn.read(explorer)["centres"])
    model = emlib.GaussianMixture(3, "diag")
    trace = emlib.fit(model, x, model.start(x, 0)._replace(means=means))
    expect(explorer.locator(".em-said")).not_to_contain_text("still running")
    explorer.get_by_role("slider", name="iteration").press("End")
    found = re.search(r"your own data, iteration (\d+) of \1: log-likelihood (\S+), converged", said(explorer))
    assert float(found[2].replace(MINUS, "-")) == pytest.approx(trace.objective, abs=0.05)
    expected = -2 * trace.objective + len(model.free(trace.params)) * np.log(len(x))
    note = explorer.locator(".em-note").nth(1).text_content()
    assert numbers(note) == pytest.approx([3, expected], abs=0.1)


def test_one_feature_and_a_model_that_the_page_does_not_know(show):
    class Mine:
        """Responsibilities that no formula of the page gives."""

        def posterior(self, x, params):
            return np.tile([0.25, 0.75], (len(x), 1))

        def e_step(self, x, params):
            return None, -1.5

    trace = emlib.Trace(Mine(), (emlib.Snapshot(0, emlib.CentreParams(X[:2]), -1.5),), False, "")
    waiting = {K: fitted(emlib.GaussianMixture(K), X[:, 1:]) for K in (1, 2)}
    explorers = show(widgets.explore(X[:, 1:], waiting).set(K=2), widgets.explore(X, {"mine": trace}))
    expect(explorers).to_have_count(2)
    np.testing.assert_allclose(
        [centre[0] for centre in drawn.read(explorers.first)["centres"]], waiting[2][0].params.means[:, 0], atol=0.1
    )
    assert set(drawn.read(explorers.last)["components"]) == {1}
    assert explorers.last.locator(".em-free").count() == 0


def own_run(explorer):
    """The last iteration and the objective of a run of the reader's own, once the page is at its end."""
    expect(explorer.locator(".em-said")).not_to_contain_text("still running")
    slider = explorer.get_by_role("slider", name="iteration")
    slider.focus()
    slider.press("End")
    found = re.search(r"your own start, iteration (\d+) of \1: log-likelihood (\S+?), converged", said(explorer))
    assert found, said(explorer)
    return int(found[1]), float(found[2].replace(MINUS, "-"))


@pytest.mark.parametrize("how", ["key", "mouse"])
def test_a_centre_that_is_moved_starts_a_run_that_is_emlibs(page, show, mixtures, how):
    explorer = show(widgets.explore(X, mixtures, ("K", "family")))
    centre = explorer.locator(".em-free").first
    if how == "key":
        centre.focus()
        for key in ["ArrowRight", "ArrowRight", "ArrowUp"]:
            page.keyboard.press(key)
        expect(centre).to_be_focused()
    else:
        box = centre.locator(".em-grip").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 40, y - 30, steps=5)
        page.mouse.up()
        page.wait_for_timeout(200)
    start = mixtures[2, "full"][0].params
    means = np.array(drawn.read(explorer)["centres"])
    assert np.abs(means - start.means)[0].min() > 0.01
    np.testing.assert_allclose(means[1], start.means[1], atol=0.1)
    trace = emlib.fit(emlib.GaussianMixture(2), X, start._replace(means=means))
    iterations, objective = own_run(explorer)
    assert abs(iterations - trace.iterations) <= 1  # the drawing is rounded to a hundredth of a pixel
    assert objective == pytest.approx(trace.objective, abs=0.01)
    explorer.get_by_role("button", name="Back to the recorded run").click()
    assert said(explorer).startswith("K = 2, family full, iteration 0 of")


@pytest.mark.parametrize("how", ["key", "mouse"])
def test_a_point_that_is_added_takes_part(page, show, mixtures, how):
    explorer = show(widgets.explore(X, mixtures, ("K", "family")))
    ground = explorer.locator(".em-ground")
    if how == "key":
        ground.focus()
        for key in ["ArrowRight", "ArrowDown", "Enter"]:
            page.keyboard.press(key)
    else:
        box = ground.bounding_box()
        page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 0.8 * box["height"])
    points = np.array(drawn.read(explorer)["points"])
    assert len(points) == len(X) + 1
    x = np.vstack([X, points[-1]])
    trace = emlib.fit(emlib.GaussianMixture(2), x, mixtures[2, "full"][0].params)
    assert own_run(explorer)[1] == pytest.approx(trace.objective, abs=0.02)


def test_a_start_that_collapses_is_refused_in_words(page, show):
    """Two points on one spot: the component that sits there takes them alone and its variance goes to zero."""
    x = np.vstack([X[:30], [[6.0, 60.0]] * 2])
    model = emlib.GaussianMixture(2, "spherical")
    params = emlib.GaussianMixtureParams(np.array([0.9, 0.1]), np.array([x[:30].mean(axis=0), x[-1]]), [100.0, 0.01])
    trace = emlib.Trace(model, (next(emlib.iterate(model, x, params)),), False, "the start only")
    explorer = show(widgets.explore(x, {2: trace}))
    centre = explorer.locator(".em-free").first
    centre.focus()
    page.keyboard.press("ArrowUp")
    explorer.get_by_role("button", name="Play iteration").click()
    expect(explorer.locator(".em-said")).to_contain_text("The run ends here: component 1, around")
    assert "has collapsed: the likelihood is unbounded there; use another start" in said(explorer)


def test_a_recorded_start_that_collapses_shows_where(show):
    """The sentence of emlib's refusal stands beside the component that collapsed, in a ring, at the end of the run."""
    model = emlib.GaussianMixture(2, "diag")
    start = model.start(X, 0, how="points")
    start = start._replace(means=np.array([start.means[0], X[2]]), covariances=start.covariances * [[1.0], [0.005]])
    snapshots = []
    with pytest.raises(emlib.DegenerateError) as error:
        snapshots.extend(emlib.iterate(model, X, start))
    ours = widgets.explore(X, {2: emlib.Trace(model, tuple(snapshots), False, str(error.value))})
    explorer = show(ours)
    ring = explorer.locator(".em-refusal circle")
    assert len(snapshots) > 1
    assert not explorer.locator(".em-refused").is_visible()
    explorer.get_by_role("slider", name="iteration").press("End")
    ours.set(iteration=ours.choices["iteration"][-1])
    assert explorer.locator(".em-said").text_content() == ours.text.split("\n")[0]
    assert explorer.locator(".em-refused").text_content() == f"Centre 2: {error.value}"
    grip = explorer.locator(".em-grip").nth(1).bounding_box()
    box = ring.bounding_box()
    for side, length in (("x", "width"), ("y", "height")):
        assert box[side] + box[length] / 2 == pytest.approx(grip[side] + grip[length] / 2, abs=1)


def test_responsibilities_of_the_point_asked_about(page, show, mixtures):
    explorer = show(widgets.explore(X, mixtures, ("K", "family")).set(K=3, iteration=2))
    explorer.locator(".em-ground").focus()
    page.keyboard.press("ArrowLeft")
    text = explorer.locator(".em-note-line").inner_text()
    n = int(re.search(r"Point (\d+)", text)[1]) - 1
    trace = mixtures[3, "full"]
    shares = trace.model.posterior(X[[n]], trace[2].params)[0]
    shown = explorer.locator(".em-share i").evaluate_all(
        "(bars) => bars.map((bar) => parseFloat(bar.style.getPropertyValue('--share')))"
    )
    np.testing.assert_allclose(shown, 100 * shares, atol=1e-3)


def test_the_numbers_are_to_be_had_as_tables(show, mixtures):
    explorer = show(widgets.explore(X, mixtures, ("K", "family")).set(K=3, iteration=2))
    rows = drawn.tables(explorer)[0]
    means = [[float(cell.replace(MINUS, "-")) for cell in row[2:4]] for row in rows]
    np.testing.assert_allclose(means, mixtures[3, "full"][2].params.means, rtol=1e-4)


def test_the_address_tells_what_is_shown(page, show, mixtures):
    explorers = [widgets.explore(X, mixtures, ("K", "family")), widgets.explore(X, mixtures, ("K", "family")).set(K=3)]
    second = show(*explorers, address="#explorer-2:K=3&family=diag&iteration=4").nth(1)
    assert said(second).startswith("K = 3, family diag, iteration 4 of")
    second.get_by_role("slider", name="iteration").press("ArrowLeft")
    second.get_by_role("link", name="Link to this view").click()
    assert page.url.endswith("#explorer-2:K=3&family=diag&iteration=3")
    page.reload()
    assert said(page.locator(".em-explorer").nth(1)).startswith("K = 3, family diag, iteration 3 of")
    page.evaluate("location.hash = '#explorer-1:K=2&family=full&iteration=1'")
    expect(page.locator(".em-explorer .em-said").first).to_contain_text("K = 2, family full, iteration 1 of")


def test_play_stops_at_the_end(show, mixtures):
    explorer = show(widgets.explore(X, mixtures, ("K", "family")).set(iteration=mixtures[2, "full"].iterations - 2))
    button = explorer.get_by_role("button", name="Play iteration")
    button.click()
    expect(explorer.get_by_role("button", name="Pause iteration")).to_be_visible()
    expect(button).to_be_visible(timeout=5000)
    assert "converged" in said(explorer)


def test_colours_follow_the_theme(page, show, mixtures):
    explorer = show(widgets.explore(X, mixtures, ("K", "family")))
    ground = "(one) => getComputedStyle(one).backgroundColor"
    paper = {"light": "rgb(253, 252, 249)", "dark": "rgb(27, 31, 38)"}
    for theme, colour in paper.items():
        page.emulate_media(color_scheme=theme)
        assert explorer.evaluate(ground) == colour
    for theme, colour in paper.items():
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        assert explorer.evaluate(ground) == colour
    page.emulate_media(media="print")
    assert explorer.evaluate(ground) == paper["light"]


def test_points_have_the_colours_of_the_theme(page, show, mixtures):
    """The canvas has its colour at the middle of the last point, above all others; on paper that of the light page."""
    explorer = show(widgets.explore(X, mixtures, ("K", "family")).set(iteration=9))
    seen = {}
    for look in [{"color_scheme": "dark"}, {"media": "print"}, {"media": "screen", "color_scheme": "light"}]:
        page.emulate_media(**look)
        # what listens to the change is told when the page is next drawn
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found = drawn.read(explorer)
        pixel = explorer.locator("canvas").evaluate(
            "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data]", found["pixels"][-1]
        )
        assert "#" + bytes(pixel[:3]).hex() == found["colours"][-1]
        seen[*look.values()] = found["colours"]
    assert seen["print",] == seen["screen", "light"]
    assert seen["dark",] != seen["screen", "light"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_explorers_are_accessible(page, show, mixtures, partitions, theme):
    """The WCAG 2.2 rules, level AA, that axe-core can check, with tables open and on data of the reader's own."""
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    first, second = show(widgets.explore(X, mixtures, ("K", "family")), widgets.explore(Z, partitions)).all()
    drawn.tables(first)
    sketched(page, second, np.random.default_rng(1))
    page.evaluate(AXE.read_text("utf-8"))
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    for press in ("New start", "Clear"):
        found = page.evaluate("(rules) => axe.run('.em-explorer', { runOnly: rules })", rules)
        assert found["passes"], "axe looked at nothing"
        assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found["violations"]] == []
        second.get_by_role("button", name=press).click()


def test_without_scripts_a_picture_with_words_is_left(browser, tmp_path, mixtures):
    ours = widgets.explore(X, mixtures, ("K", "family")).set(K=3, iteration=2)
    (tmp_path / "page.html").write_text(ours._repr_mimebundle_()[0]["text/html"], encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    assert page.get_by_role("img").get_attribute("alt") == ours.text
    assert page.get_by_role("img").bounding_box()["width"] > 500
    context.close()


def test_stored_explorers_carry_todays_script(request):
    stored = 0
    for path in (request.config.rootpath / "notebooks").glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                html = output.get("data", {}).get("text/html", "")
                for found in re.findall(r"<script data-em-source>\n(.*?)</script>", html, re.DOTALL):
                    stored += 1
                    current = found == script.script().replace("</", r"<\/")
                    assert current, f"{path.name} holds an older script: run course.py refresh"
    assert stored
