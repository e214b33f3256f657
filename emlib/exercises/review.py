"""Compare a learner's function with the reference on fresh inputs and say, specifically, what is wrong.

A review is three steps with plain data between them, so that a grader can take the second in another process, which
runs the learner's code and is never believed: `cases` draws the inputs, `answers` runs the function on them, and
`judge` compares, from the inputs and answers alone.
"""

import copy
import itertools
import textwrap
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emlib.exercises.compare import close, difference, likely_cause, numbers, pieces, slope
from emlib.exercises.formula import FormulaError, evaluate

#: how many varied cases follow each case of an exercise that has them
VARIED = 3


class Answer(NamedTuple):
    """What came of one call, as plain data: it survives JSON.

    Attributes
    ----------
    value : numbers, strings, None, and lists and dicts of those; None if nothing was returned, and the text where a
        formula was given in place of a function: the judge evaluates it
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
    """The arguments of every call, a list of tuples: fresh ones, each with its varied ones behind it, then published.

    Parameters
    ----------
    exercise : Exercise
    seed : int or None
        None draws new inputs every time.
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(exercise.fresh):
        arguments = exercise.inputs(rng)
        drawn.append(arguments)
        if exercise.varied:
            drawn.extend(exercise.varied(rng, arguments) for _ in range(VARIED))
    if exercise.published:
        drawn.append(exercise.published[1]())
    return drawn


# ---- the learner's answers -------------------------------------------------------------------------------------------


def answers(function, cases):
    """Run the learner's function on every case, a list of `Answer`; this alone runs the learner's code.

    It stops early where a call raises or returns nothing: the rest would be the same. A formula, as text or sympy
    expression, or a pair of them, is handed on.
    """
    if function is None or function is ...:
        return [Answer()]
    if not callable(function):
        text = _formula(function)
        found = Answer(text) if text else Answer(raised=f"you gave {function!r:.60}; give the function itself")
        return [found] * len(cases)
    found = []
    for arguments in cases:
        found.append(_answer(function, arguments))
        if found[-1].raised or found[-1].value is None:
            break
    return found


def _answer(function, arguments):
    given = copy.deepcopy(arguments)
    try:
        value = function(*given)
    except Exception as error:
        return Answer(raised=_what_was_raised(error, function))
    try:
        return Answer(plain(value), changed_input=not _same(given, arguments))
    except Exception as error:  # a learner's object may fail in any way when it is asked for its numbers
        return Answer(raised=str(error))


def plain(value):
    """What a function returned as numbers, strings, None, lists and dicts; a ``TypeError`` for anything else."""
    if value is None or value is ...:
        return None
    if isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        # Python has no long double: tolist would hand it back as it came, for ever.
        return plain(array.astype({"f": float, "c": complex}.get(array.dtype.kind, array.dtype)).tolist())
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    raise TypeError(f"it returned a {type(value).__name__}, which is not an array of numbers")


def _formula(value):
    """The text of a formula or of several with commas between, or None for anything else."""
    if isinstance(value, str) or hasattr(value, "free_symbols"):
        return str(value)
    parts = [_formula(item) for item in value] if isinstance(value, (tuple, list)) else [None]
    return ", ".join(f"({part})" for part in parts) if all(parts) else None


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
    if exercise.symbols and isinstance(answers[0].value, str):
        answers = _evaluated(exercise, cases, answers[0].value)
    for answer in answers:
        if answer.raised:
            return _failed(name, exercise, answer.raised)
        if answer.value is None:
            return Feedback(False, f"{name}: not written yet.\nExpected: {exercise.task}.")
        if answer.changed_input:
            return _failed(name, exercise, "your function changed one of its inputs; work on a copy")
    values = [answer.value for answer in answers]
    if exercise.law:
        wrong = next(filter(None, map(exercise.law, cases, values)), "")
        return _failed(name, exercise, wrong) if wrong else _passed(name, exercise)
    return _compared(name, exercise, cases, values)


def _passed(name, exercise):
    published = f", and {exercise.published[0]}" if exercise.published else ""
    return Feedback(True, f"✓ {name}: right on {exercise.fresh} fresh data sets{published}.")


def _failed(name, exercise, what, *more):
    end = "" if what.endswith(("?", ".")) else "."
    lines = (f"✗ {name}: {what}{end}", *more, f"Expected: {exercise.task}.", f"Look again at {exercise.see}.")
    return Feedback(False, "\n".join(lines))


def _evaluated(exercise, cases, formula):
    """The answers that a formula gives."""
    found = []
    for arguments in cases:
        try:
            found.append(Answer(plain(evaluate(formula, exercise.symbols(*arguments)))))
        except FormulaError as error:
            return [Answer(raised=str(error))]
    return found


def _compared(name, exercise, cases, values):
    expected = [exercise.reference(*arguments) for arguments in cases]
    got = list(map(pieces, values, expected))
    want = [pieces(plain(value), value) for value in expected]
    ill_formed = next((found for found in got if isinstance(found, str)), "")
    cause = _cause(exercise, cases, values)
    if ill_formed:
        return _failed(name, exercise, cause, f"Came: {ill_formed}.") if cause else _failed(name, exercise, ill_formed)
    differences = [difference(a, b, exercise.tolerance) for a, b in zip(got, want, strict=True)]
    if not any(differences):
        return _passed(name, exercise)
    if exercise.varied and _are_but_for_constants(exercise, values, expected):
        return Feedback(
            True,
            f"✓ {name}: right up to a constant that does not depend on θ; the argmax is the same, but the value is "
            "not the expected log-likelihood itself.",
        )
    first = next(i for i, text in enumerate(differences) if text)
    cause = cause or _replayed(exercise, cases, got) or likely_cause(got, want, exercise.tolerance)
    more = [f"Came: {differences[first]}."] if cause else []
    if exercise.objective and all(np.isfinite(piece).all() for piece in got[first]):
        objective = exercise.objective(*cases[first])
        with np.errstate(all="ignore"):
            reached, steepest = slope(objective, got[first])
            short = objective(want[first]) - reached
        if np.isfinite(reached):
            more.append(
                f"At your answer Q is {short:.3g} below its maximum, and its steepest derivative {steepest:.3g}."
            )
    return _failed(name, exercise, cause or differences[first], *more)


def _cause(exercise, cases, values):
    """The mistake that gives these values, or else, where a constant is free, these values up to one; or ""."""
    mistaken = {}
    with np.errstate(all="ignore"):
        for says, wrong in exercise.mistakes.items():
            mistaken[says] = [wrong(*copy.deepcopy(arguments)) for arguments in cases]
            if _are(exercise, values, mistaken[says]):
                return says
    if exercise.varied:
        return next((says for says, wrong in mistaken.items() if _are_but_for_constants(exercise, values, wrong)), "")
    return ""


def _are(exercise, values, others):
    """Whether values are these others in all cases, wherever both are finite: mistakes come in pairs."""
    compared = 0
    for value, other in zip(values, others, strict=True):
        got, expected = pieces(value, other), pieces(plain(other), other)
        if isinstance(got, str):
            return False
        for a, b in zip(got, expected, strict=True):
            both = np.isfinite(a) & np.isfinite(b)
            if not close(a[both], b[both], exercise.tolerance).all():
                return False
            compared += both.sum()
    return compared > 0


def _are_but_for_constants(exercise, values, others):
    """Whether value − other is the same number for a case and its varied ones, and the others do vary."""
    if any(
        np.ndim(other) or isinstance(pieces(value, other), str) for value, other in zip(values, others, strict=True)
    ):
        return False
    got, want = (
        np.reshape(side, (exercise.fresh, 1 + VARIED)) for side in ([numbers(v).item() for v in values], others)
    )
    got, want = (side - side[:, :1] for side in (got, want))  # not got − want, in which a vast constant hides the rest
    with np.errstate(invalid="ignore"):
        size = np.abs(want).max(axis=1, keepdims=True)
        return bool((np.abs(got - want) <= exercise.tolerance * size).all() and size.all())


def _replayed(exercise, cases, got):
    """The fewest mistakes in the steps inside the answers that explain them all, or ""."""
    if exercise.replay is None:
        return ""
    explanations = []
    for variants in zip(*map(exercise.replay, cases, got), strict=True):
        causes = list(variants[0][0])
        for steps in zip(*(steps for _, steps in variants), strict=True):
            step = steps[0][0]
            inputs, values = [arguments for _, arguments, _ in steps], [plain(value) for *_, value in steps]
            if not _are(step, values, [step.reference(*arguments) for arguments in inputs]):
                causes.append(_cause(step, inputs, values))
        if all(causes):
            explanations.append(causes)
    return "; and ".join(min(explanations, key=len, default=[]))
