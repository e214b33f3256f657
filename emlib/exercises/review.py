"""Compare a learner's function with the reference on fresh inputs and say, specifically, what is wrong.

A review is three steps with plain data between them, so that a grader can take the second in another process, which
runs the learner's code and is never believed: `cases` draws the inputs, `answers` runs the function on them, and
`judge` compares, from the inputs and answers alone.
"""

import copy
import itertools
import textwrap
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

CASES = 5
#: how many varied cases follow each case of an exercise that has them
VARIED = 3


class Answer(NamedTuple):
    """What came of one call, as plain data: it survives JSON.

    Attributes
    ----------
    value : numbers, strings, None, and lists and dicts of those; None if nothing was returned
    raised : what the function raised and in which of its lines, or ""
    changed_input : whether the function changed an argument in place
    """

    value: object = None
    raised: str = ""
    changed_input: bool = False


@dataclass(frozen=True)
class Feedback:
    """What came of a check. It prints as the message to the learner, in lines that fit a page."""

    passed: bool
    message: str

    def __repr__(self):
        wrapped = (textwrap.wrap(line, 80, subsequent_indent="  ") for line in self.message.splitlines())
        return "\n".join(itertools.chain.from_iterable(wrapped))


# ---- the inputs ------------------------------------------------------------------------------------------------------


def cases(exercise, seed=None):
    """The arguments of every call, a list of tuples: `CASES` fresh ones, each with its varied ones behind it.

    Parameters
    ----------
    exercise : Exercise
    seed : int or None
        None draws new inputs every time.
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(CASES):
        arguments = exercise.inputs(rng)
        drawn.append(arguments)
        if exercise.varied:
            drawn.extend(exercise.varied(rng, arguments) for _ in range(VARIED))
    return drawn


# ---- the learner's answers -------------------------------------------------------------------------------------------


def answers(function, cases):
    """Run the learner's function on every case, a list of `Answer`; this alone runs the learner's code.

    It stops early where a call raises or returns nothing: the rest would be the same.
    """
    found = []
    for arguments in cases:
        given = copy.deepcopy(arguments)
        try:
            found.append(Answer(plain(function(*given)), changed_input=not _same(given, arguments)))
        except Exception as error:
            found.append(Answer(raised=_what_was_raised(error, function)))
        if found[-1].raised or found[-1].value is None:
            break
    return found


def plain(value):
    """What a function returned as numbers, strings, None, lists and dicts; of anything else the name of its type."""
    if value is None or value is ...:
        return None
    if isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "__array__"):
        return plain(np.asarray(value).tolist())
    return f"a {type(value).__name__}"


def _what_was_raised(error, function):
    """The last of the learner's own lines, without ours and without those of a library that they called."""
    frames = list(traceback.walk_tb(error.__traceback__))[1:]
    own = [(frame, line) for frame, line in frames if frame.f_globals is getattr(function, "__globals__", None)]
    lines = traceback.StackSummary.extract(iter(own or frames))
    where = f" in line {lines[-1].lineno} of {lines[-1].name}: {lines[-1].line}" if lines else ""
    return f"your function raised {type(error).__name__}: {error}{where}"


def _same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(_flat(a), _flat(b), strict=True))


def _flat(value):
    if isinstance(value, (tuple, list)):
        return [leaf for item in value for leaf in _flat(item)]
    return [np.asarray(value)]


# ---- the verdict -----------------------------------------------------------------------------------------------------


def judge(name, exercise, cases, answers):
    """Say of answers to an exercise whether they are right, and if not, the first thing wrong and its likely cause.

    Parameters
    ----------
    name : what the messages call the exercise
    exercise : Exercise
    cases : what `cases` drew
    answers : what `answers` found for them

    Returns
    -------
    Feedback
    """
    for answer in answers:
        if answer.raised:
            return _failed(name, exercise, answer.raised)
        if answer.value is None:
            return Feedback(False, f"{name}: not written yet.\nExpected: {exercise.task}.")
        if answer.changed_input:
            return _failed(name, exercise, "your function changed one of its inputs; work on a copy")
    values = [answer.value for answer in answers]
    expected = [exercise.reference(*arguments) for arguments in cases]
    differences = [_difference(exercise, *pair) for pair in zip(values, expected, strict=True)]
    if not any(differences):
        return Feedback(True, f"✓ {name}: right on {CASES} fresh data sets.")
    if exercise.varied and _only_a_constant(exercise, values, expected):
        return Feedback(
            True,
            f"✓ {name}: right up to a constant that does not depend on θ; the argmax is the same, but the value is "
            "not the expected log-likelihood itself.",
        )
    for says, mistaken in exercise.mistakes.items():
        if _is(mistaken, exercise, values, cases):
            return _failed(name, exercise, says)
    return _failed(name, exercise, next(filter(None, differences)))


def _failed(name, exercise, what):
    return Feedback(False, f"✗ {name}: {what}.\nExpected: {exercise.task}.\nLook again at {exercise.see}.")


def _pieces(value, like):
    """The answer as arrays in the form of the reference: a tuple for a tuple, axes of length 1 forgiven."""
    if isinstance(like, tuple):
        if isinstance(value, dict):
            fields = getattr(like, "_fields", ())
            value = [value[field] for field in fields] if set(value) == set(fields) else list(value.values())
        if not isinstance(value, list) or len(value) != len(like):
            return f"it returned {_described(value)} where {len(like)} values were expected"
        pieces = [_pieces(v, k) for v, k in zip(value, like, strict=True)]
        wrong = next((p for p in pieces if isinstance(p, str)), None)
        return wrong or [array for piece in pieces for array in piece]
    array = _numbers(value)
    if array is None:
        return f"it returned {_described(value)}, which is not an array of numbers"
    like = np.asarray(like, dtype=float)
    if np.squeeze(array).shape != np.squeeze(like).shape:
        return f"the shape is {array.shape} where {like.shape} was expected"
    return [array.reshape(like.shape)]


def _numbers(value):
    """Plain data as an array of floats, or None if it is none."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return None
    return array.astype(float) if array.dtype.kind in "biuf" else None


def _described(value):
    array = _numbers(value)
    if array is not None and array.ndim:
        return f"an array of shape {array.shape}"
    return f"{len(value)} values" if isinstance(value, (list, dict)) else f"one {type(value).__name__}"


def _difference(exercise, value, expected):
    """What separates an answer from the reference, or None."""
    pieces = _pieces(value, expected)
    if isinstance(pieces, str):
        return pieces
    for i, (got, want) in enumerate(zip(pieces, _pieces(plain(expected), expected), strict=True)):
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


def _is(mistaken, exercise, values, cases):
    """Whether the answers are those of the mistake on every case, wherever both are finite: mistakes come in pairs."""
    compared = 0
    with np.errstate(all="ignore"):
        for value, arguments in zip(values, cases, strict=True):
            wrong = mistaken(*copy.deepcopy(arguments))
            got, expected = _pieces(value, wrong), _pieces(plain(wrong), wrong)
            if isinstance(got, str):
                return False
            for a, b in zip(got, expected, strict=True):
                both = np.isfinite(a) & np.isfinite(b)
                size = np.abs(b[both]).max(initial=0)
                if not np.allclose(a[both], b[both], rtol=exercise.tolerance, atol=exercise.tolerance * size):
                    return False
                compared += both.sum()
    return compared > 0


def _only_a_constant(exercise, values, expected):
    """Whether answer − reference is the same number for a case and its varied ones."""
    if any(isinstance(_pieces(*pair), str) for pair in zip(values, expected, strict=True)):
        return False
    got = np.array([_numbers(value).item() for value in values]).reshape(CASES, 1 + VARIED)
    want = np.reshape(expected, got.shape)
    scale = np.abs(got - want).max(axis=1) + np.abs(want[:, 0])
    return bool((np.ptp(got - want, axis=1) <= exercise.tolerance * scale).all())
