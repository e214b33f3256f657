"""Answers as learners write them, in ``tests/answers/``: one file per exercise, written without looking at its table.

There ``right_…`` is a right answer in one of many styles, ``wrong_…`` a wrong one with, as its docstring, words of the
sentence that a learner should read. A formula stands as text, a wrong one in a pair with those words.
"""

import functools
import importlib
import sys
from pathlib import Path

import pytest

from emlib.exercises import EXERCISES, check

FOLDER = Path(__file__).parent / "answers"
EXAM = {
    "complete_log_likelihood",
    "responsibility",
    "q",
    "update_tau",
    "update_means",
    "update_covariances",
    "em_step",
    "fit",
}
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # wrong answers overflow on purpose


def answers(name, kind):
    """The answers of a kind to an exercise, by name."""
    sys.path.insert(0, str(FOLDER))
    try:
        module = vars(importlib.import_module(name))
    finally:
        sys.path.remove(str(FOLDER))
    return {key: value for key, value in module.items() if key.startswith(kind)}


def every(kind):
    return [pytest.param(name, key, id=f"{name}-{key}") for name in EXERCISES for key in answers(name, kind)]


def wrong(name, key):
    """A wrong answer and the words that should name it."""
    answer = answers(name, "wrong")[key]
    return answer if isinstance(answer, tuple) else (answer, answer.__doc__)


@functools.cache
def feedback_to_wrong(name, key, seed):
    return check(name, wrong(name, key)[0], seed=seed)


@pytest.mark.parametrize(("name", "key"), every("right"))
def test_a_right_answer_passes_in_any_style(name, key):
    for seed in range(2):
        feedback = check(name, answers(name, "right")[key], seed=seed)
        assert feedback.passed, (seed, feedback)


@pytest.mark.parametrize(("name", "key"), every("wrong"))
def test_a_wrong_answer_is_refused_whatever_the_data(name, key):
    for seed in range(2):
        feedback = feedback_to_wrong(name, key, seed)
        assert not feedback.passed, seed
        assert "Expected: " in feedback.message
        assert "Look again at chapter" in feedback.message


@pytest.mark.parametrize("name", EXERCISES)
def test_nine_of_ten_wrong_answers_are_named(name):
    unnamed = {}
    for key in answers(name, "wrong"):
        message = feedback_to_wrong(name, key, 1).message
        if wrong(name, key)[1] not in message:
            unnamed[key] = message
    assert len(unnamed) <= len(answers(name, "wrong")) / 10, unnamed


@pytest.mark.parametrize("name", EXERCISES)
def test_every_exercise_has_its_answers(name):
    assert len(answers(name, "right")) >= 4
    assert len(answers(name, "wrong")) >= (10 if name in EXAM else 5)
