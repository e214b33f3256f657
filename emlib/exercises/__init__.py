"""Checks for the exercises: what a learner's function should return, and what the usual mistakes return instead.

`review` compares answers with the reference; `tasks` says what is right and which wrong answers are known by name.

**To add an exercise**: one entry in a file of ``emlib/exercises/tasks/`` (a new file joins in its ``__init__.py``): an
`Exercise` with the task in one sentence, the place in the chapter, inputs at random, the right answer, and the wrong
answers that learners write. Then rows for it in the tables of right and wrong answers in ``tests/``.
"""

from emlib.exercises.exercise import Exercise
from emlib.exercises.review import Answer, Feedback, answers, cases, judge
from emlib.exercises.tasks import EXERCISES
from emlib.exercises.tasks.two_gaussians import TwoGaussians

__all__ = ["EXERCISES", "Answer", "Exercise", "Feedback", "TwoGaussians", "answers", "cases", "check", "judge"]


def check(name, answer, seed=None):
    """Review the function ``answer`` as the answer to exercise ``name``; the result prints as a message.

    Parameters
    ----------
    name : one of ``EXERCISES``
    answer : the learner's function
    seed : int or None
        None draws new inputs every time.

    Returns
    -------
    Feedback

    Raises
    ------
    ValueError
        If there is no such exercise.
    TypeError
        If ``answer`` is not a function.
    """
    if name not in EXERCISES:
        raise ValueError(f"there is no exercise {name!r}; there are {', '.join(map(repr, EXERCISES))}")
    if not callable(answer):
        raise TypeError(f"answer is {answer!r}; give the function itself, without calling it")
    exercise = EXERCISES[name]
    drawn = cases(exercise, seed)
    return judge(name, exercise, drawn, answers(answer, drawn))
