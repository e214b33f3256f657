"""Formulas as answers: what the language understands, what it refuses, and that the derivations behind it are right."""

import contextlib
import itertools
import time

import numpy as np
import pytest
from scipy.optimize import minimize

from emlib.exercises import EXERCISES, check
from emlib.exercises.compare import slope
from emlib.exercises.formula import LONGEST, FormulaError, evaluate

RNG = np.random.default_rng(0)
X, R, MU, SIGMA = RNG.normal(size=(7, 2)), RNG.random(7), RNG.normal(size=2), np.array([[2.0, 0.3], [0.3, 1.0]])
SYMBOLS = {"x": X, "r": R, "mu1": MU, "Sigma1": SIGMA, "tau": 0.3, "N1": R.sum()}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2*3", 7),
        ("2^3", 8),
        ("τ²", 0.09),
        ("-tau - −tau", 0),
        ("sum(1)", 7),
        ("sum(r_n)/N", R.mean()),
        ("mean(r)", R.mean()),
        ("np.log(tau) + ln(tau)", 2 * np.log(0.3)),
        ("sum(r*x)", R @ X),
        ("r @ x", R @ X),
        ("Sum(r[n]*x[n], (n, 1, N))", R @ X),
        ("Q = sum(r)", R.sum()),
        ("sum(r*outer(x - mu_1, x - μ₁))", (X - MU).T * R @ (X - MU)),
        ("sum((x - mu1)ᵀ @ Σ₁⁻¹ @ (x - mu1))", np.trace(np.linalg.inv(SIGMA) @ (X - MU).T @ (X - MU))),
        ("Sigma1**-1 * mu1", np.linalg.solve(SIGMA, MU)),
        ("np.linalg.det(Sigma1) + trace(inv(Sigma1))", np.linalg.det(SIGMA) + np.trace(np.linalg.inv(SIGMA))),
        ("sum(r*(x - sum(r*x)/sum(r)))", np.zeros(2)),
        ("log_factorial(4) - log(factorial(4))", 0),
        ("sum(r)\n/ N", R.mean()),
    ],
)
def test_the_language(text, value):
    np.testing.assert_allclose(evaluate(text, SYMBOLS), value, atol=1e-12)


def test_commas_make_a_list():
    assert evaluate("(1, tau)", SYMBOLS) == [1, 0.3]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "means nothing"),
        ("sum(r", "cannot be read"),
        ("2tau", "cannot be read: write every multiplication"),
        ("tau r", "cannot be read: write every multiplication"),
        ("log tau", r"what a function is taken of in brackets"),
        ("2(tau + 1)", "means nothing in a formula: write every multiplication"),
        ("tau(1 - tau)", "means nothing in a formula: write every multiplication"),
        ("(tau + 1)(tau + 2)", "means nothing in a formula: write every multiplication"),
        ("sigma", "there is no “sigma” here; there are N, N1, Sigma1, e, mu1, pi, r, tau, x"),
        ("r*x", "write u @ v"),
        ("x + mu1", r"shapes \(7, 2\) and \(2,\) do not fit; are x and r inside sum"),
        ("1/Sigma1", "only a number can be divided by"),
        ("mu1**2", "only a number can be raised"),
        ("sum(x @ tau)", "do not fit around @"),
        ("det(x)", r"det cannot be taken of values of shapes \(7, 2\)"),
        ("normal(x, mu1)", "normal cannot be taken"),
        ("log(r, r)", "log cannot be taken"),
        ("(1, 2) + 1", "pair cannot be calculated with"),
        ("sum((r, r))", "means nothing"),
        ("inv(0*Sigma1)", "inv cannot be taken"),
        ("r.mean()", "“r.mean.*” means nothing in a formula; there are log"),
        ("tau if tau else 1", "means nothing"),
        ("'text'", "means nothing"),
        ("True", "means nothing"),
        ("1j", "means nothing"),
        ("[r for r in x]", "means nothing"),
        ("sum(r, axis=0)", "cannot be read"),
        ("sum(*r)", "means nothing"),
        ("sum(r, 3)", "means nothing"),
        ("(sum)(*x)", "means nothing"),
        ("__import__('os').system('true')", "means nothing"),
        ("tau.__class__.__mro__", "means nothing"),
        ("(lambda: tau)()", "means nothing"),
        ("(tau := 1)", "cannot be read|means nothing"),
        ("eval('1')", "means nothing"),
        ("open('x')", "means nothing"),
        ("f'{tau}'", "means nothing"),
        ("x[0]", "means nothing"),
        ("await tau", "means nothing|cannot be read"),
        ("tau\0", "cannot be read"),
        ("9" * 400, "too large"),
        ("(" * 500 + "1" + ")" * 500, "cannot be read|nested"),
        ("-" * 1900 + "1", "nested"),
        ("1" + "+1" * 10**6, f"{LONGEST} are enough"),
        ("sum(" * 350 + "1" + ")" * 350, "cannot be read|nested"),
    ],
    ids=itertools.count(),
)
def test_what_is_no_formula_is_refused_at_once_in_one_sentence(text, says):
    begin = time.perf_counter()
    with pytest.raises(FormulaError, match=says) as caught:
        evaluate(text, SYMBOLS)
    assert time.perf_counter() - begin < 1
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["9**9**9**9", "10.0**400", "exp(exp(exp(9)))", "factorial(10**300)", "sum(9**9**9)"])
def test_giant_numbers_are_infinite_or_refused_at_once(text):
    begin = time.perf_counter()
    with contextlib.suppress(FormulaError):
        assert evaluate(text, SYMBOLS) == np.inf
    assert time.perf_counter() - begin < 1


def test_sums_within_sums_cost_no_more_than_their_number():
    text = "sum(1 + " * 80 + "r" + ")" * 80
    begin = time.perf_counter()
    assert np.isfinite(evaluate(text, SYMBOLS))
    assert time.perf_counter() - begin < 1


def test_a_formula_leaves_its_symbols_as_they_were():
    before = {name: np.copy(value) for name, value in SYMBOLS.items()}
    evaluate("sum(r*x) + mu1 - mu1", SYMBOLS)
    for name, value in before.items():
        np.testing.assert_array_equal(SYMBOLS[name], value)


class Expression:
    """A sympy expression, as far as a check looks at it: it has free symbols and prints as a formula."""

    free_symbols = ()

    def __init__(self, text):
        self.text = text

    def __str__(self):
        return self.text


def test_sympy_expressions_are_formulas():
    assert check("update_tau", Expression("N1/(N1 + N2)")).passed
    assert check("poissons_update", (Expression("N1/N"), Expression("s1/N1"), "s2/N2")).passed
    assert not check("update_tau", Expression("N1/N2")).passed


def test_a_formula_that_cannot_be_read_is_feedback():
    feedback = check("q", "sum(r*")
    assert not feedback.passed
    assert "cannot be read" in feedback.message
    assert "Expected: Q(θ|θᵗ)" in feedback.message


# ---- the derivations: the references are maxima of Q -----------------------------------------------------------------

UPDATES = [name for name, exercise in EXERCISES.items() if exercise.objective]


@pytest.mark.parametrize("name", UPDATES)
def test_the_reference_update_is_where_the_derivative_is_zero_and_a_numerical_maximiser_ends(name):
    exercise = EXERCISES[name]
    arguments = exercise.inputs(np.random.default_rng(5))
    objective = exercise.objective(*arguments)
    right = exercise.reference(*arguments)
    right = [np.asarray(piece, float) for piece in (right if isinstance(right, tuple) else (right,))]
    best, steepest = slope(objective, right)
    assert abs(steepest) < 1e-4
    # a covariance stays positive definite as L Lᵀ
    free = [np.linalg.cholesky(piece) if piece.ndim == 2 else piece for piece in right]
    sizes = np.cumsum([piece.size for piece in right])[:-1]

    def unpacked(vector):
        parts = [part.reshape(piece.shape) for part, piece in zip(np.split(vector, sizes), right, strict=True)]
        return [part @ part.T if part.ndim == 2 else part for part in parts]

    start = 1.05 * np.concatenate([piece.ravel() for piece in free])

    def loss(vector):
        with np.errstate(invalid="ignore"):  # outside the domain of a logarithm
            return np.nan_to_num(-objective(unpacked(vector)), nan=1e9)

    found = minimize(loss, start, tol=1e-10)
    for piece, reached in zip(right, unpacked(found.x), strict=True):
        np.testing.assert_allclose(reached, piece, rtol=1e-3, atol=1e-4)
    assert -found.fun <= best + 1e-9


@pytest.mark.parametrize("name", UPDATES)
def test_an_unknown_wrong_update_is_told_how_q_still_rises(name):
    def nudged(*arguments):
        right = EXERCISES[name].reference(*arguments)
        parts = right if isinstance(right, tuple) else (right,)
        wrong = tuple(part + 0.01 * (1 + np.arange(np.size(part)).reshape(np.shape(part)) % 2) for part in parts)
        return wrong if isinstance(right, tuple) else wrong[0]

    message = check(name, nudged, seed=1).message
    assert "At your answer Q is" in message
    assert "below its maximum, and its steepest derivative" in message
