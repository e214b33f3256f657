"""What the explorers compute in the page is what emlib computes: the same runs, the same refusals in the same words."""

import itertools
import re
import warnings

import numpy as np
import pytest

import emlib
from emlib.models.gaussian_mixture import FAMILIES
from emlib.models.soft_assignment import RULES
from emlib.numerics import squared_distances
from emlib.starts import RECIPES
from emlib.widgets import page as script

MODELS = {
    "k-means": emlib.KMeans,
    **{f"soft assignment, {rule}": lambda K, rule=rule: emlib.SoftAssignment(K, rule, 1.7) for rule in RULES},
    **{f"mixture, {family}": lambda K, family=family: emlib.GaussianMixture(K, family) for family in FAMILIES},
}
every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
NUMBER = re.compile(r"-?\d+(?:\.\d*)?(?:e[+-]\d+)?")
#: Like `run` below, in the page.
STEPS = """
function run(spec, x, params, steps) {
  const snapshots = [];
  try {
    for (const snapshot of iterate(spec, x, params)) {
      snapshots.push({ ...snapshot, responsibilities: model(spec).posterior(x, snapshot.params) });
      if (snapshot.iteration === steps) return [snapshots, null];
    }
  } catch (error) {
    return [snapshots, error.message];
  }
}
const exhausted = (spec, x, params, tol) => [...fitting(spec, x, params, { tol })].at(-1);
function started(spec, x, recipe, uniform) {
  try {
    return start(spec, x, recipe, () => uniform.shift());
  } catch (error) {
    return error.message;
  }
}
"""
X2 = np.array([[0.0, 1.0], [2.0, 5.0]])


@pytest.fixture(scope="module")
def em(browser):
    """A page that knows em.js. Returns a function that calls one of its functions."""
    context = browser.new_context()
    page = context.new_page()
    page.add_script_tag(content=script.joined("em.js") + STEPS)

    def call(name, *arguments):
        return page.evaluate(f"(given) => {name}(...given)", list(arguments))

    yield call
    context.close()


def spec(model):
    return {"kind": type(model).__name__, **vars(model)}


def plain(params):
    return {name: np.asarray(value).tolist() for name, value in params._asdict().items()}


def clouds(rng, n, n_features):
    """A few round clouds."""
    return rng.normal(size=(n, n_features)) * rng.uniform(0.2, 2) + rng.integers(-4, 5, size=(n, 1))


#: Data on which the steps are hard: few points, ties, the same point again and again, far off, in any unit.
DATA = {
    "clouds": clouds,
    "lattice": lambda rng, n, d: rng.integers(0, 4, size=(n, d)).astype(float),
    "repeated": lambda rng, n, d: np.repeat(clouds(rng, -(-n // 3), d), 3, axis=0)[:n],
    "far from the origin": lambda rng, n, d: clouds(rng, n, d) + 1e6,
    "small": lambda rng, n, d: clouds(rng, n, d) * 1e-7,
    "outlier": lambda rng, n, d: np.vstack([clouds(rng, n, d), np.full((1, d), 1e4)]),
    "on a line": lambda rng, n, d: np.outer(clouds(rng, n, 1)[:, 0], [1.0, 2.0][:d]),
    "along an axis": lambda rng, n, d: clouds(rng, n, d) * [0.0, 1.0][-d:] + [3.0, 0.0][-d:],
    "tight and wide": lambda rng, n, d: np.vstack([clouds(rng, n, d), 3 + 1e-6 * clouds(rng, n, d)]),
}


def start(rng, model, x):
    """A start, good or bad: points of the data, which may coincide, anywhere near, or one centre out of reach."""
    K, d = model.n_components, x.shape[1]
    how = rng.integers(4)
    means = x[rng.integers(len(x), size=K)]
    if how == 1:
        means = rng.uniform(x.min(axis=0) - 1, x.max(axis=0) + 1, size=(K, d))
    spread = np.ptp(x, axis=0)
    # From afar a feature that does not vary is refused, or not, by the luck of rounding.
    if how == 2 and spread.min() > 0:
        means[-1] = x.max(axis=0) + spread * 10.0 ** rng.integers(0, 4)
    if not isinstance(model, emlib.GaussianMixture):
        return emlib.CentreParams(means)
    weights = rng.dirichlet(np.ones(K))
    if how == 3 and K > 1:
        weights[0] = 0.0
        weights /= weights.sum()
    root = rng.normal(size=(K, d, d))
    full = (root @ root.swapaxes(1, 2) + 0.05 * np.eye(d)) * max(x.var(), 1e-12) * 10.0 ** rng.uniform(-4, 0)
    diagonal = np.einsum("kdd->kd", full)
    covariances = {"full": full, "tied": full[0], "diag": diagonal, "spherical": diagonal[:, 0]}
    return emlib.GaussianMixtureParams(weights, means, covariances[model.covariance_type])


def run(model, x, params, steps):
    """At most `steps` steps of emlib: the snapshots, the warnings, and the sentence that ended the run early."""
    snapshots, said = [], None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            for snapshot in emlib.iterate(model, x, params):
                snapshots.append(snapshot)
                if snapshot.iteration == steps:
                    break
        except ValueError as error:
            said = str(error)
    return snapshots, [str(one.message) for one in caught], said


def words(sentence):
    """A sentence without its numbers, which numpy pads."""
    return re.sub(r"(?<=\[)[# ]+(?=\])", "#", NUMBER.sub("#", sentence))


def compare(theirs, ours, x, note):
    """`theirs`, computed in the page, are the params `ours` to 1e-9, relative to the spread of the data."""
    size = max(np.ptp(x, axis=0).max(), 1e-6 * np.abs(x).max())
    close = {"rtol": 1e-9, "atol": 1e-9, "err_msg": note}
    np.testing.assert_allclose(np.array(theirs["means"]) / size, ours.means / size, **close)
    if hasattr(ours, "covariances"):
        np.testing.assert_allclose(theirs["weights"], ours.weights, **close)
        np.testing.assert_allclose(np.array(theirs["covariances"]) / size**2, ours.covariances / size**2, **close)


def rounding(model, params):
    """What the last digit of a covariance can do to a log-density, where a component is about to collapse."""
    if not isinstance(model, emlib.GaussianMixture):
        return 0.0
    return np.finfo(float).eps * np.linalg.cond(model.full_covariances(params)).max()


@every_model
def test_a_run_in_the_page_is_the_run_of_emlib(em, make):
    """Over many random cases, the hard ones included, every step of the page is emlib's and so is every refusal."""
    rng = np.random.default_rng(0)
    refused, emptied, steps = set(), 0, 0
    for case in range(90):
        kind = list(DATA)[case % len(DATA)]
        K, d = rng.integers(1, 6), rng.integers(1, 3)
        x = DATA[kind](rng, rng.integers(1, 40), d)
        model = make(int(K))
        params = start(rng, model, x)
        snapshots, warned, said = run(model, x, params, 15)
        theirs, reason = em("run", spec(model), x.tolist(), plain(params), 15)
        note = f"case {case}: {kind}, {model}, {len(x)} points; emlib: {said}; the page: {reason}"
        assert len(theirs) == len(snapshots), note
        for mine, their in zip(snapshots, theirs, strict=True):
            compare(their["params"], mine.params, x, note)
            atol = (1e-9 + rounding(model, mine.params)) * len(x)
            np.testing.assert_allclose(their["objective"], mine.objective, rtol=1e-9, atol=atol, err_msg=note)
            responsibilities = model.posterior(x, mine.params)
            np.testing.assert_allclose(their["responsibilities"], responsibilities, rtol=0, atol=1e-9, err_msg=note)
            steps += 1
        assert (reason is None) == (said is None), note
        if said is not None:
            assert words(reason) == words(said), note
            refused.add(words(said))
        assert [warning for their in theirs for warning in their["warnings"]] == warned, note
        emptied += bool(warned)
    assert steps > 400
    if isinstance(model, emlib.GaussianMixture):
        assert len(refused) >= 3, refused
    if isinstance(model, emlib.KMeans):
        assert emptied >= 3, emptied


def test_kmeans_halfway_is_q_of_emlib(em):
    """After moving the centres the objective is emlib's Q: of the new centres, with the old assignment."""
    rng = np.random.default_rng(1)
    for case in range(60):
        kind = list(DATA)[case % len(DATA)]
        x = DATA[kind](rng, rng.integers(2, 40), rng.integers(1, 3))
        model = emlib.KMeans(int(rng.integers(1, 6)))
        params = start(rng, model, x)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", emlib.EmptyClusterWarning)
            trace = emlib.fit(model, x, params)
            expected = [model.q(b.params, model.e_step(x, a.params)[0]) for a, b in itertools.pairwise(trace)]
        run = em("exhausted", spec(model), x.tolist(), plain(params))
        note = f"case {case}: {kind}, {model}, {len(x)} points"
        assert [moment["iteration"] for moment in run["snapshots"]] == [t / 2 for t in range(2 * len(trace) - 1)], note
        found = np.array([moment["objective"] for moment in run["snapshots"]])
        np.testing.assert_allclose(found[::2], trace.objectives, rtol=1e-9, atol=1e-9 * len(x), err_msg=note)
        np.testing.assert_allclose(found[1::2], expected, rtol=1e-9, atol=1e-9 * len(x), err_msg=note)
        for moment, before in zip(run["snapshots"][1::2], run["snapshots"][::2], strict=False):
            assert moment["assigned"] == before["params"], note


@every_model
def test_a_run_in_the_page_ends_where_emlib_ends_it(em, make):
    rng = np.random.default_rng(2)
    for K in (1, 2, 3):
        x = clouds(rng, 40, 2)
        model = make(K)
        params = model.start(x, rng)
        try:
            trace = emlib.fit(model, x, params, tol=1e-6)
        except (emlib.DegenerateError, emlib.ObjectiveFell):
            trace = None
        run = em("exhausted", spec(model), x.tolist(), plain(params), 1e-6)
        assert run["converged"] == (trace is not None)
        if trace:
            assert run["snapshots"][-1]["iteration"] == trace.iterations
            compare(run["snapshots"][-1]["params"], trace.params, x, f"{model}")


def test_bic_is_emlibs(em):
    x = clouds(np.random.default_rng(3), 50, 2)
    for family in FAMILIES:
        fitted = emlib.Estimator(emlib.GaussianMixture(2, family), n_init=1).fit(x)
        free = len(fitted.model.free(fitted.params_))
        assert em("bic", fitted.trace_.objective, free, len(x)) == pytest.approx(fitted.bic(x), rel=1e-12)


@every_model
def test_a_start_in_the_page_is_made_as_emlib_makes_it(em, make):
    """Centres by each recipe, from the same uniform numbers; weights and covariances are those of all the data."""
    rng = np.random.default_rng(4)
    for recipe in RECIPES:
        for _ in range(8):
            x = np.round(clouds(rng, 12, 2), 1)
            model = make(3)
            uniform = rng.random(10)
            theirs = em("started", spec(model), x.tolist(), recipe, uniform.tolist())
            means = np.array(theirs["means"])
            if recipe == "random":
                low, high = x.min(axis=0), x.max(axis=0)
                np.testing.assert_allclose(means, low + (high - low) * uniform[:6].reshape(3, 2))
            elif recipe == "points":
                assert len(np.unique(means, axis=0)) == 3
                assert all((x == mean).all(axis=1).any() for mean in means)
            else:
                chosen = [x[int(12 * uniform[0])]]
                for u in uniform[1:3]:
                    nearest = squared_distances(x, chosen).min(axis=1)
                    chosen.append(x[np.searchsorted(np.cumsum(nearest), u * nearest.sum(), side="right")])
                np.testing.assert_array_equal(means, chosen)
            if isinstance(model, emlib.GaussianMixture):
                ours = model.start(x, rng)._replace(means=means)
                compare(theirs, ours, x, f"{model} {recipe}")
    for x, sentence in [(X2, "x has only 2 points"), (np.vstack([X2, X2]), "x has only 2 distinct points")]:
        with pytest.raises(ValueError, match=sentence) as ours:
            make(3).start(x, rng)
        assert em("started", spec(make(3)), x.tolist(), "points", [0.5] * 9) == str(ours.value)
