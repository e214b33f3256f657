"""The checks of the exercises: right answers in any style pass, every known mistake is refused and named."""

import json
import re

import numpy as np
import pytest

from emlib import GaussianMixture, GaussianMixtureParams
from emlib.exercises import EXERCISES, Answer, TwoGaussians, answers, cases, check, judge

weighted_means = EXERCISES["update_means"].reference

SEEDS = range(3)
MISTAKES = [(name, says) for name, exercise in EXERCISES.items() for says in exercise.mistakes]
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # wrong answers overflow on purpose


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_passes_whatever_the_seed(name):
    for seed in range(8):
        feedback = check(name, EXERCISES[name].reference, seed=seed)
        assert feedback.passed, (seed, feedback)


@pytest.mark.parametrize(("name", "says"), MISTAKES)
def test_a_known_mistake_is_refused_and_named(name, says):
    for seed in SEEDS:
        feedback = check(name, EXERCISES[name].mistakes[says], seed=seed)
        assert not feedback.passed, (seed, says)
        assert says in feedback.message, (seed, says, feedback)


def test_the_exam_question_is_that_of_the_library():
    for seed in range(5):
        x, theta = EXERCISES["em_step"].inputs(np.random.default_rng(seed))
        model = GaussianMixture(2)
        weights = np.array([theta.tau, 1 - theta.tau])
        params = GaussianMixtureParams(weights, np.array(theta[1:3]), np.array(theta[3:5]))
        statistics, log_likelihood = model.e_step(x, params)
        new = model.m_step(statistics)
        step = EXERCISES["em_step"].reference(x, theta)
        np.testing.assert_allclose(step.tau, new.weights[0])
        np.testing.assert_allclose(step[1:3], new.means)
        np.testing.assert_allclose(step[3:5], new.covariances)
        np.testing.assert_allclose(EXERCISES["fit"].reference(x, theta, most=0)[1], log_likelihood)
        tau, mu1, mu2 = step[:3]
        again = TwoGaussians(tau, mu1, mu2, *params.covariances)
        q = EXERCISES["q"].reference(again, theta, x)
        np.testing.assert_allclose(q, model.q(GaussianMixtureParams(new.weights, new.means, params[2]), statistics))


def test_published_numbers_are_reached():
    assert EXERCISES["fit"].reference(*EXERCISES["fit"].published[1]())[1][-1] == pytest.approx(
        -1130.26396018, abs=1e-6
    )
    hasselblad = EXERCISES["poissons_fit"].reference(*EXERCISES["poissons_fit"].published[1]())
    np.testing.assert_allclose(hasselblad, [0.35988539698, 1.25609510122, 2.66340435663], rtol=2e-3)


# ---- what a right answer may look like (many more stand in tests/answers) --------------------------------------------


def test_a_constant_in_q_is_forgiven_and_said():
    feedback = check("q", lambda theta, theta_t, x: EXERCISES["q"].reference(theta, theta_t, x) + theta_t.tau)
    assert feedback.passed
    assert "up to a constant" in feedback.message
    assert not check("q", lambda theta, theta_t, x: EXERCISES["q"].reference(theta, theta_t, x) + theta.tau).passed


@pytest.mark.parametrize(
    "form",
    [
        list,
        iter,
        np.array,
        np.ma.array,
        lambda means: dict(zip(("mu1", "mu2"), means, strict=True)),
        lambda means: dict(zip(("mu1", "mu2"), means, strict=True)).values(),
        lambda means: [mean[:, None] for mean in means],
        lambda means: map(list, means),
    ],
)
def test_two_means_may_come_in_any_form(form):
    assert check("update_means", lambda x, r: form(EXERCISES["update_means"].reference(x, r))).passed


# ---- what else can go wrong ------------------------------------------------------------------------------------------


def changes_its_input(x, r):
    x *= r[:, None]
    return x.sum(axis=0) / r.sum(), x.sum(axis=0) / (1 - r).sum()


def divides_by_zero(r):
    return 1 / 0


def inverts_nothing(r):
    return np.linalg.inv(np.zeros((2, 2)))


class Sulking:
    def __array__(self, *args, **kwargs):
        raise ValueError("not today")


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        ("update_tau", lambda r: None, "not written yet"),
        ("update_tau", lambda r: ..., "not written yet"),
        (
            "update_tau",
            divides_by_zero,
            r"raised ZeroDivisionError: division by zero in line \d+ of divides_by_zero: return 1 / 0",
        ),
        ("update_tau", inverts_nothing, r"raised LinAlgError: .* in line \d+ of inverts_nothing: return np.linalg.inv"),
        ("update_tau", lambda: 0.5, "raised TypeError"),
        ("update_tau", lambda r: object(), "it returned a object, which is not an array of numbers"),
        ("update_tau", lambda r: Sulking(), "not today"),
        ("update_tau", lambda r: 1j, "it returned a complex"),
        ("update_means", lambda x, r: -np.array(weighted_means(x, r)), "the sign is wrong"),
        ("update_covariances", lambda x, r, m, n: np.ones((2, 2, 2, 2)), "the shape is"),
        ("soft_assign", lambda x, m, b: np.ones((len(m), len(x))), "it is transposed"),
        ("update_tau", lambda r: "half", "there is no “half” here; there are N, N1, N2, e, pi, r"),
        ("assign", lambda x, means: "near", "it returned one str, which is not an array of numbers"),
        ("assign", "argmin(x)", "it returned one str"),
        ("update_tau", lambda r: r, r"the shape is \(\d+,\) where \(\) was expected"),
        ("update_tau", lambda r: np.nan, "nan came out"),
        ("update_tau", lambda r: r.mean() + 1e-3, r"came out where 0\.\d+ was expected"),
        ("update_tau", lambda r: r.mean() + 3e-7, r"(0\.\d+) came out where (?!\1 )0\.\d+ was expected"),
        ("update_means", lambda x, r: 1.0000004 * np.array(weighted_means(x, r)), "✗ update_means: in value 1, "),
        ("soft_assign", lambda x, m, b: 2 * EXERCISES["soft_assign"].reference(x, m, b), "every value is 2 times"),
        ("soft_assign", lambda x, m, b: EXERCISES["soft_assign"].reference(x, m, b) / len(x), "off by one factor"),
        ("update_means", lambda x, r: 3, "it returned one int where 2 values were expected"),
        ("update_means", lambda x, r: (x.mean(axis=0), 1.0), "the shape is"),
        ("update_means", changes_its_input, "changed one of its inputs"),
    ],
)
def test_what_else_is_wrong_is_said(name, answer, says):
    feedback = check(name, answer, seed=0)
    assert not feedback.passed
    assert "Traceback" not in feedback.message
    assert not re.search(r"[?.]\.$", feedback.message, flags=re.MULTILINE)
    assert re.search(says, feedback.message), feedback
    assert repr(feedback).split() == feedback.message.split()
    assert max(map(len, repr(feedback).splitlines())) <= 80


def test_the_call_itself_is_checked():
    with pytest.raises(ValueError, match="there is no exercise 'tau'; there are 'assign'"):
        check("tau", lambda r: 0.5)
    assert "you gave 0.5; give the function itself" in check("update_tau", 0.5).message
    assert "not written yet" in check("update_tau", ...).message


def test_fresh_data_every_time():
    seen = []
    for _ in range(2):
        check("update_tau", lambda r: seen.append(r[0]) or r.mean())
    assert len(set(seen)) == len(seen) == 10


# ---- a judge in another process --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXERCISES)
def test_answers_that_went_through_json_are_judged_alike(name):
    exercise = EXERCISES[name]
    drawn = cases(exercise, seed=4)
    for function in (exercise.reference, lambda *arguments: arguments[0]):
        found = answers(function, drawn)
        sent = [Answer(*item) for item in json.loads(json.dumps(found))]
        assert judge(name, exercise, drawn, sent) == judge(name, exercise, drawn, found)


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize(
    "value",
    [
        "__import__('os')",
        [],
        {},
        {"tau": {}},
        [[], [1]],
        [None, None],
        [["a", 1.0]] * 2,
        10**400,
        [np.inf, -np.inf],
        [[np.nan] * 3] * 3,
        True,
        [[[[0.0]]]],
        1e20,
        1e308,
        [1e308, [1.0, -1e308]],
    ],
    ids=str,
)
def test_no_plain_value_passes_or_stops_the_judge(name, value):
    exercise = EXERCISES[name]
    drawn = cases(exercise, seed=4)
    with np.errstate(all="ignore"):
        feedback = judge(name, exercise, drawn, [Answer(value)] * len(drawn))
    assert not feedback.passed
    assert len(feedback.message) < 1000
