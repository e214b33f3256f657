"""The checks of the exercises: right answers in any style pass, every known mistake is refused and named."""

import re

import numpy as np
import pytest
from scipy import stats

from emlib.exercises import EXERCISES, TwoGaussians, check

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


# ---- right answers as different learners write them ------------------------------------------------------------------


def log_normal(x, mu, Sigma):
    return stats.multivariate_normal(mu, Sigma).logpdf(x)


def by_loops_responsibility(x, theta):
    r = []
    for row in x:
        one = np.log(theta.tau) + log_normal(row, theta.mu1, theta.Sigma1)
        two = np.log(1 - theta.tau) + log_normal(row, theta.mu2, theta.Sigma2)
        r.append(1 / (1 + np.exp(min(two - one, 700))))
    return r


def by_loops_q(theta, theta_t, x):
    total = 0.0
    for row, r in zip(x, by_loops_responsibility(x, theta_t), strict=True):
        total += r * (np.log(theta.tau) + log_normal(row, theta.mu1, theta.Sigma1))
        total += (1 - r) * (np.log(1 - theta.tau) + log_normal(row, theta.mu2, theta.Sigma2))
    return total


def by_einsum_covariances(x, r, mu1, mu2):
    weights = np.stack([r / r.sum(), (1 - r) / (1 - r).sum()])
    d = x - np.stack([mu1, mu2])[:, None]
    return np.einsum("kn,kni,knj->kij", weights, d, d)


def em_step_as_list(x, theta):
    r = np.array(by_loops_responsibility(x, theta))
    mu1, mu2 = np.average(x, axis=0, weights=r), np.average(x, axis=0, weights=1 - r)
    return [
        r.mean(),
        mu1,
        mu2,
        np.cov(x.T, aweights=r, ddof=0),
        np.cov(x.T, aweights=1 - r, ddof=0),
    ]


RIGHT = {
    "assign": [
        lambda x, means: [min(range(len(means)), key=lambda k: np.linalg.norm(row - means[k])) for row in x],
        lambda x, means: (np.square(means).sum(axis=1) - 2 * x @ means.T).argmin(axis=1)[:, None],
    ],
    "log_sum_exp": [
        lambda a: np.logaddexp.reduce(a, axis=1),
        lambda a: [row.max() + np.log(sum(np.exp(v - row.max()) for v in row)) for row in a],
    ],
    "soft_assign": [
        lambda x, m, b: (lambda a: np.exp(a - np.logaddexp.reduce(a, axis=1)[:, None]))(
            b * (x @ m.T - np.square(m).sum(axis=1) / 2)
        )
    ],
    "complete_log_likelihood": [
        lambda theta, x, z: np.array(
            [
                sum(
                    np.log((theta.tau, 1 - theta.tau)[k - 1])
                    + log_normal(row, *((theta[1], theta[3]), (theta[2], theta[4]))[k - 1])
                    for row, k in zip(x, z, strict=True)
                )
            ]
        )
    ],
    "responsibility": [by_loops_responsibility, lambda x, theta: np.array(by_loops_responsibility(x, theta))[:, None]],
    "q": [by_loops_q, lambda theta, theta_t, x: by_loops_q(theta, theta_t, x) + x.size * np.log(2 * np.pi) / 2],
    "update_tau": [lambda r: sum(r) / len(r), lambda r: np.array([[np.average(r)]])],
    "update_means": [
        lambda x, r: np.stack([np.average(x, axis=0, weights=r), np.average(x, axis=0, weights=1 - r)]),
        lambda x, r: [[sum(w * v) / sum(w) for v in x.T] for w in (r, 1 - r)],
    ],
    "update_covariances": [by_einsum_covariances],
    "em_step": [em_step_as_list, lambda x, theta: TwoGaussians(*em_step_as_list(x, theta))],
    "update_tied_covariance": [
        lambda x, r, m1, m2: (
            sum(
                p * np.outer(row - m1, row - m1) + (1 - p) * np.outer(row - m2, row - m2)
                for row, p in zip(x, r, strict=True)
            )
            / len(x)
        )
    ],
    "partly_known": [
        lambda x, theta, z: [{0: p, 1: 1, 2: 0}[k] for p, k in zip(by_loops_responsibility(x, theta), z, strict=True)]
    ],
}


@pytest.mark.parametrize(("name", "i"), [(name, i) for name in RIGHT for i in range(len(RIGHT[name]))])
def test_a_right_answer_passes_in_any_style(name, i):
    for seed in SEEDS:
        feedback = check(name, RIGHT[name][i], seed=seed)
        assert feedback.passed, (seed, feedback)


def test_a_constant_in_q_is_forgiven_and_said():
    assert "up to a constant" in check("q", RIGHT["q"][1]).message


# ---- what else can go wrong ------------------------------------------------------------------------------------------


def changes_its_input(x, r):
    x *= r[:, None]
    return x.sum(axis=0) / r.sum(), x.sum(axis=0) / (1 - r).sum()


def divides_by_zero(r):
    return 1 / 0


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
        ("update_tau", lambda: 0.5, "raised TypeError"),
        ("update_tau", lambda r: "half", "there is no “half” here; there are N, N1, N2, e, pi, r"),
        ("assign", lambda x, means: "near", "it returned one str, which is not an array of numbers"),
        ("assign", "argmin(x)", "it returned one str"),
        ("update_tau", lambda r: r, r"the shape is \(\d+,\) where \(\) was expected"),
        ("update_tau", lambda r: np.nan, "nan came out"),
        ("update_tau", lambda r: r.mean() + 1e-3, r"came out where 0\.\d+ was expected"),
        ("update_means", lambda x, r: 3, "it returned one int where 2 values were expected"),
        ("update_means", lambda x, r: (x.mean(axis=0), 1.0), "the shape is"),
        ("update_means", changes_its_input, "changed one of its inputs"),
    ],
)
def test_what_else_is_wrong_is_said(name, answer, says):
    feedback = check(name, answer, seed=0)
    assert not feedback.passed
    assert "Traceback" not in feedback.message
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
