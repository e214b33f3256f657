"""The instructors' guide, followed to the letter from a fresh copy of the project: every command on the page is run."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from leaks import leaks, secrets

from notebooks import hand_out

ROOT = Path(__file__).parent.parent
CHAPTER = ROOT / "notebooks" / "05_exercises.ipynb"
BLOCKS = re.findall(r"^```console\n(.*?)^```$", (ROOT / "book" / "instructors.md").read_text("utf-8"), re.M | re.S)
COMMANDS = [line.removeprefix("$ ") for block in BLOCKS for line in block.splitlines()]
# course.py with the environment that runs the tests instead of one to be made.
DRIVER = """
import sys
import course

course.is_ready = lambda: True
course.PYTHON = {python!r}
course.LAYOUT = {{"scripts": {scripts!r}}}
sys.exit(course.main(sys.argv[2], sys.argv[3:]))
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the page's commands are for a POSIX shell")


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """A copy of the project in which all commands have been run in turn; what each said."""
    home = tmp_path_factory.mktemp("guide")
    folder = home / "em-course"
    made = ["my-notebooks", "assignments", "instructor", "submissions", "results", "generated", "_build"]
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", *made))
    scripts = str(Path(sys.executable).parent)
    (home / "driver.py").write_text(DRIVER.format(python=sys.executable, scripts=scripts))
    (home / "python3").write_text(f'#!/bin/sh\nexec {sys.executable} {home / "driver.py"} "$@"\n')
    (home / "python3").chmod(0o755)
    environment = os.environ | {
        "PATH": os.pathsep.join([str(home), scripts, os.environ["PATH"]]),
        "PYTHONPATH": str(folder),
    }
    said = {}
    for command in COMMANDS:
        done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        said[command] = done.stdout
    return folder, said


def test_the_page_has_commands():
    jobs = {match for command in COMMANDS for match in re.findall(r"course\.py (\w+)", command)}
    assert {"refresh", "assignment", "instructor", "book", "grade"} <= jobs


def test_refreshing_an_unchanged_chapter_changes_nothing(followed):
    folder, _ = followed
    assert (folder / "notebooks" / CHAPTER.name).read_bytes() == CHAPTER.read_bytes()


def test_who_has_done_everything_has_all_points_and_who_did_nothing_none(followed):
    folder, _ = followed
    with (folder / "results" / "totals.csv").open(encoding="utf-8-sig", newline="") as table:
        totals = {row["learner"]: row for row in csv.DictReader(table)}
    full = sum(hand_out.points(nbformat.read(CHAPTER, 4)).values())
    assert {learner: float(row["points"]) for learner, row in totals.items()} == {"ada": full, "bob": 0}
    for name in ("marks.csv", "index.html", "summary.png", "run.json"):
        assert (folder / "results" / name).stat().st_size > 0
    assert len(list((folder / "results" / "feedback").glob("*.html"))) == 2


def test_the_book_of_that_page_holds_no_solution(followed):
    folder, said = followed
    assert any("Open " in text for text in said.values())
    assert leaks(folder / "book" / "_build" / "html", secrets(CHAPTER), "05_exercises.*") == []


def test_nbgraders_release_is_there(followed):
    folder, _ = followed
    release = nbformat.read(folder / "instructor" / "release" / CHAPTER.stem / CHAPTER.name, 4)
    learners = nbformat.read(folder / "assignments" / CHAPTER.stem / CHAPTER.name, 4)
    assert [cell.source for cell in release.cells] == [cell.source for cell in learners.cells]
