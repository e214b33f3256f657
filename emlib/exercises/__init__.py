"""Checks for the exercises: what a learner's function should return, and what the usual mistakes return instead.

`review` compares answers with the reference; `tasks` says what is right and which wrong answers are known by name.

`formula` evaluates a formula given as text in place of a function, `compare` puts differences into words.

**To add an exercise**: one entry in a file of ``emlib/exercises/tasks/`` (a new file joins in its ``__init__.py``): an
`Exercise` with the task in one sentence, the place in the chapter, inputs at random, the right answer, and the wrong
answers that learners write; ``symbols``, if a formula will do as well. Then a file of its name in ``tests/answers/``:
right answers in four styles, wrong ones in five, each with words of the message that it should get.
"""

import os

from emlib.exercises.exercise import Exercise
from emlib.exercises.review import Answer, Feedback, answers, cases, judge
from emlib.exercises.tasks import EXERCISES
from emlib.exercises.tasks.two_gaussians import TwoGaussians

__all__ = ["EXERCISES", "Answer", "Exercise", "Feedback", "TwoGaussians", "answers", "cases", "check", "judge", "ready"]


def check(name, answer, seed=None):
    """Review ``answer`` as the answer to exercise ``name``; the result prints as a message.

    Parameters
    ----------
    name : one of ``EXERCISES``
    answer : the learner's function; or a formula as text or sympy expression, where the exercise knows its symbols
    seed : int or None
        None draws new inputs every time.

    Returns
    -------
    Feedback

    Raises
    ------
    ValueError
        If there is no such exercise.
    AssertionError
        If the answer does not pass while nbgrader validates or grades the notebook: nbgrader counts what fails.
    """
    feedback = _feedback(name, answer, seed)
    if "NBGRADER_EXECUTION" in os.environ and not feedback.passed:
        raise AssertionError(feedback.message)
    return feedback


def ready(**functions):
    """Whether all of these answers, each under the name of its exercise, pass their checks; if not, print which do not.

    A cell that builds on answers asks first, so that it waits for them and does not fail. It calls them: a formula,
    right as it may be, is no function.
    """
    missing = [
        name for name, function in functions.items() if not (callable(function) and _feedback(name, function).passed)
    ]
    if missing:
        print(f"This cell waits for {' and '.join(missing)}: run it again when the check says that it is right.")
    return not missing


def _feedback(name, answer, seed=None):
    if name not in EXERCISES:
        raise ValueError(f"there is no exercise {name!r}; there are {', '.join(map(repr, EXERCISES))}")
    exercise = EXERCISES[name]
    drawn = cases(exercise, seed)
    return judge(name, exercise, drawn, answers(answer, drawn))
