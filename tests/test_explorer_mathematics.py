"""What the explorers compute in the page is what emlib computes: the same runs, the same refusals in the same words."""

import re
import warnings

import numpy as np
import pytest

import emlib
from emlib.models.gaussian_mixture import FAMILIES
from emlib.models.soft_assignment import RULES
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
"""


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
            np.testing.assert_allclose(their["objective"], mine.objective, rtol=1e-9, atol=1e-9 * len(x), err_msg=note)
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
