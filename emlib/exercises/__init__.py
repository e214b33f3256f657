"""Checks for the exercises: what a learner's function should return, and what the usual mistakes return instead.

`review` compares an answer with the reference; `tasks` says what is right and which wrong answers are known by name.
"""

from emlib.exercises.review import Exercise, Feedback, Mistake, review
from emlib.exercises.tasks import EXERCISES, TwoGaussians

__all__ = ["EXERCISES", "Exercise", "Feedback", "Mistake", "TwoGaussians", "check", "review"]


def check(name, answer, seed=None):
    """Review the function ``answer`` as the answer to exercise ``name``; the result prints as a message.

    Parameters
    ----------
    name : one of ``EXERCISES``
    answer : the learner's function
    seed : int or None
        None draws new inputs every time.

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
    return review(name, EXERCISES[name], answer, seed)
