"""Compare a learner's function with the reference on fresh inputs and say, specifically, what is wrong."""

import copy
import itertools
import textwrap
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

CASES = 5


@dataclass(frozen=True)
class Mistake:
    """A wrong answer known by name: whoever returns what ``answer`` returns is told ``says``."""

    says: str
    answer: Callable


@dataclass(frozen=True)
class Exercise:
    """What one exercise asks for.

    Attributes
    ----------
    task : what the function has to return, with shapes, in one sentence
    see : where the chapter treats it
    reference : the right answer
    inputs : ``inputs(rng) -> tuple of arguments``, fresh for every case; case 0 may be the hard one
    mistakes : the wrong answers known by name
    constant_is_free : accept an answer that differs from the reference by one constant over all cases drawn with
        ``varied(rng, arguments)``, as an additive constant in Q does no harm
    varied : other arguments for which such a constant would have to be the same
    """

    task: str
    see: str
    reference: Callable
    inputs: Callable
    mistakes: tuple[Mistake, ...] = ()
    constant_is_free: bool = False
    varied: Callable | None = None
    tolerance: float = field(default=1e-7)


@dataclass(frozen=True)
class Feedback:
    """What came of a check. It prints as the message to the learner, in lines that fit a page."""

    passed: bool
    message: str

    def __repr__(self):
        wrapped = (textwrap.wrap(line, 80, subsequent_indent="  ") for line in self.message.splitlines())
        return "\n".join(itertools.chain.from_iterable(wrapped))


def review(name, exercise, answer, seed=None):
    """Put ``answer`` to an exercise on `CASES` fresh inputs.

    Parameters
    ----------
    name : what the messages call it
    answer : the learner's function
    seed : int or None
        None draws new inputs every time.

    Returns
    -------
    Feedback
        The first thing found wrong, with its likely cause, or that all is right.
    """
    rng = np.random.default_rng(seed)
    cases = [exercise.inputs(rng) for _ in range(CASES)]
    answers = []
    for arguments in cases:
        given = copy.deepcopy(arguments)
        try:
            value = answer(*given)
        except Exception as error:
            return _failed(name, exercise, _what_was_raised(error))
        if value is ... or value is None:
            return Feedback(False, f"{name}: not written yet.\nExpected: {exercise.task}.")
        if not _same(given, arguments):
            return _failed(name, exercise, "your function changed one of its inputs; work on a copy")
        answers.append(value)
    if all(_difference(exercise, a, exercise.reference(*c)) is None for a, c in zip(answers, cases, strict=True)):
        return Feedback(True, f"✓ {name}: right on {CASES} fresh data sets.")
    if exercise.constant_is_free and _only_a_constant(exercise, answer, cases, rng):
        return Feedback(
            True,
            f"✓ {name}: right up to a constant that does not depend on θ; the argmax is the same, but the value is "
            "not the expected log-likelihood itself.",
        )
    for mistake in exercise.mistakes:
        if _is(mistake, exercise, answers, cases):
            return _failed(name, exercise, mistake.says)
    for value, arguments in zip(answers, cases, strict=True):
        difference = _difference(exercise, value, exercise.reference(*arguments))
        if difference is not None:
            return _failed(name, exercise, difference)
    raise AssertionError("a difference was found before")


def _failed(name, exercise, what):
    return Feedback(False, f"✗ {name}: {what}.\nExpected: {exercise.task}.\nLook again at {exercise.see}.")


def _what_was_raised(error):
    """The learner's own line, without ours."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    where = f" in line {frames[-1].lineno} of {frames[-1].name}: {frames[-1].line}" if frames else ""
    return f"your function raised {type(error).__name__}: {error}{where}"


def _same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(_flat(a), _flat(b), strict=True))


def _flat(value):
    if isinstance(value, (tuple, list)):
        return [leaf for item in value for leaf in _flat(item)]
    return [np.asarray(value)]


def _pieces(value, like):
    """The answer as arrays in the form of the reference: a tuple for a tuple, axes of length 1 forgiven."""
    if isinstance(like, tuple):
        if not hasattr(value, "__len__") or len(value) != len(like):
            return f"it returned {_shape(value)} where {len(like)} values were expected"
        pieces = [_pieces(v, k) for v, k in zip(value, like, strict=True)]
        wrong = next((p for p in pieces if isinstance(p, str)), None)
        return wrong or [array for piece in pieces for array in piece]
    try:
        value = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return f"it returned {type(value).__name__}, which is not an array of numbers"
    like = np.asarray(like, dtype=float)
    if np.squeeze(value).shape != np.squeeze(like).shape:
        return f"the shape is {value.shape} where {like.shape} was expected"
    return [value.reshape(like.shape)]


def _shape(value):
    return f"an array of shape {np.shape(value)}" if isinstance(value, np.ndarray) else f"one {type(value).__name__}"


def _difference(exercise, value, expected):
    """What separates an answer from the reference, or None."""
    pieces = _pieces(value, expected)
    if isinstance(pieces, str):
        return pieces
    for i, (got, want) in enumerate(zip(pieces, _pieces(expected, expected), strict=True)):
        which = f"in value {i + 1}, " if len(pieces) > 1 else ""
        if np.isnan(got).any() and not np.isnan(want).any():
            place = _place(np.argwhere(np.isnan(got))[0])
            return f"{which}nan came out{place}; where does 0/0, log 0 or ∞ − ∞ arise for a far point?"
        # relative to the size of the whole array, so that a true 0 may come out as rounding
        wrong = ~(np.abs(got - want) <= exercise.tolerance * (np.abs(want).max(initial=0) + np.abs(want) + 1e-12))
        if wrong.any():
            position = np.argwhere(wrong)[0]
            index = tuple(position)
            return f"{which}{got[index]:.6g} came out where {want[index]:.6g} was expected{_place(position)}"
    return None


def _place(position):
    return f" at position [{', '.join(map(str, position))}]" if len(position) else ""


def _is(mistake, exercise, answers, cases):
    """Whether the answers are those of the mistake on every case, wherever both are finite: mistakes come in pairs."""
    compared = 0
    with np.errstate(all="ignore"):
        for value, arguments in zip(answers, cases, strict=True):
            wrong = mistake.answer(*copy.deepcopy(arguments))
            got, expected = _pieces(value, wrong), _pieces(wrong, wrong)
            if isinstance(got, str):
                return False
            for a, b in zip(got, expected, strict=True):
                both = np.isfinite(a) & np.isfinite(b)
                size = np.abs(b[both]).max(initial=0)
                if not np.allclose(a[both], b[both], rtol=exercise.tolerance, atol=exercise.tolerance * size):
                    return False
                compared += both.sum()
    return compared > 0


def _only_a_constant(exercise, answer, cases, rng):
    """Whether answer − reference is the same number for varied arguments, within each case."""
    for arguments in cases:
        family = [arguments, *(exercise.varied(rng, arguments) for _ in range(3))]
        try:
            offsets = np.array([float(answer(*copy.deepcopy(a))) - exercise.reference(*a) for a in family])
        except Exception:
            return False
        scale = np.abs(offsets).max() + abs(exercise.reference(*arguments))
        if not np.ptp(offsets) <= exercise.tolerance * scale:
            return False
    return True
