"""Questions to test oneself, which answer in JupyterLab and in a page without a kernel, and fold without a script."""

import base64
import html
import json
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Choice", "Question", "Questions", "questions", "script"]

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Choice:
    """One of the answers to choose from, whether it is right, and why."""

    text: str
    right: bool
    why: str


@dataclass(frozen=True)
class Question:
    """A question and the answers to choose from, exactly one of them right."""

    text: str
    choices: tuple[Choice, ...]


class Questions(tuple):
    """Several `Question`; as the last line of a cell they are shown."""

    def __repr__(self):
        return "\n\n".join("\n".join([one.text, *(f"( ) {choice.text}" for choice in one.choices)]) for one in self)

    def _repr_html_(self):
        record = [
            {
                "text": _marked_up(one.text),
                "choices": [[_marked_up(choice.text), choice.right, _marked_up(choice.why)] for choice in one.choices],
            }
            for one in self
        ]
        code = base64.b64encode(json.dumps(record, ensure_ascii=False).encode()).decode()
        folded = "\n".join(_folded(number, one) for number, one in enumerate(self, start=1))
        return (
            f'<div class="em-quiz" data-em-quiz="{code}">\n{folded}\n</div>\n'
            f"<script data-em-quiz-source>{script()}</script>\n"
        )


def questions(text):
    """Read questions, separated by empty lines, from `text`.

    A question's choices begin with ``+`` (right) or ``-`` (wrong); the indented lines below a choice say why::

        Can the likelihood fall in an EM step?
        - Yes, if the step was too long.
          No step size enters: the M-step goes to the maximum of Q.
        + No.
          What Q gains, the likelihood gains at least.

    `` `code` `` and ``*emphasis*`` are known; everything else is shown as it is written.

    Returns
    -------
    Questions

    Raises
    ------
    ValueError
        If a question has not exactly one right choice and one or more wrong ones, or a choice has no reason.
    """
    return Questions(_question(block) for block in re.split(r"\n\s*\n", text.strip()))


def script():
    """The script that brings questions to life: it fits a page and a notebook's output."""
    css = (HERE / "quiz.css").read_text("utf-8")
    return (HERE / "quiz.js").read_text("utf-8").replace("STYLE", json.dumps(css), 1)


def _question(block):
    text, *parts = re.split(r"^([+-]) ", block, flags=re.M)
    said = " ".join(text.split())
    choices = []
    for sign, part in zip(parts[::2], parts[1::2], strict=True):
        lines = part.splitlines()
        # what is indented by two gives the reason; a choice itself goes on with an indent of four
        reasons = [line for line in lines[1:] if not line.startswith("    ")]
        words = [lines[0], *(line for line in lines[1:] if line.startswith("    "))]
        choices.append(Choice(" ".join(" ".join(words).split()), sign == "+", " ".join(" ".join(reasons).split())))
    if sum(choice.right for choice in choices) != 1 or len(choices) < 2:
        raise ValueError(f"the question {said!r} needs one right choice (+) and one or more wrong ones (-)")
    if not all(choice.why for choice in choices):
        raise ValueError(f"the question {said!r} has a choice without a reason: indent the reason below it by two")
    return Question(said, tuple(choices))


def _marked_up(text):
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
    return re.sub(r"\*([^*\s][^*]*)\*", r"<em>\1</em>", text)


def _folded(number, question):
    """The question as it is without a script: its choices, and the reasons folded."""
    choices = "".join(f"<li>{_marked_up(choice.text)}</li>" for choice in question.choices)
    reasons = "".join(
        f"<li>{'✓ Right.' if choice.right else '✗ No.'} {_marked_up(choice.why)}</li>" for choice in question.choices
    )
    return (
        f"<p><strong>{number}.</strong> {_marked_up(question.text)}</p>\n<ol>{choices}</ol>\n"
        f"<details><summary>Answer to question {number}</summary><ol>{reasons}</ol></details>"
    )
