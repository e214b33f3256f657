"""From a chapter come the learner's notebook, the assignment and the instructor's copy; only the last knows answers."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from leaks import leaks, secrets
from nbclient import NotebookClient

from notebooks import hand_out

ROOT = Path(__file__).parent.parent
WITH_EXERCISES = [p for p in hand_out.chapters() if hand_out.has_exercises(nbformat.read(p, 4))]
every_assignment = pytest.mark.parametrize("chapter", WITH_EXERCISES, ids=lambda path: path.stem)


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Folders of this test's own for all that is made."""
    for name, folder in [("OWN", "my-notebooks"), ("ASSIGNMENTS", "assignments"), ("INSTRUCTOR", "instructor")]:
        monkeypatch.setattr(hand_out, name, tmp_path / folder)
    return tmp_path


def digest(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]


def run(notebook, folder):
    """Run the notebook in `folder`, with no other emlib than the one that lies there; return what it printed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}})
    client.execute(env=environment)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(o.get("text", "") + o.get("data", {}).get("text/plain", "") for o in outputs)


def test_some_chapter_has_exercises():
    assert WITH_EXERCISES


@every_assignment
def test_the_chapter_keeps_its_secrets_in_answer_and_check_cells(chapter):
    """What the search below looks for is all there is, and it finds it where it is."""
    lines = secrets(chapter)
    assert len(lines) >= 2 * len(hand_out.points(nbformat.read(chapter, 4)))
    assert leaks(chapter.parent, lines)
    for cell in nbformat.read(chapter, 4).cells:
        if ":class: dropdown solution" in cell.source or "### BEGIN SOLUTION" in cell.source:
            assert hand_out.marked(cell)["solution"], cell.source
        if "### BEGIN HIDDEN" in cell.source:
            assert hand_out.marked(cell)["grade"], cell.source


@every_assignment
def test_no_solution_and_no_hidden_check_reaches_what_is_handed_out(places, chapter):
    hand_out.assignment(chapter)
    hand_out.own_copies()
    lines = secrets(chapter)
    assert leaks(places / "assignments", lines) == []
    assert leaks(places / "my-notebooks", lines, chapter.name) == []  # other chapters may teach the same line
    notebook = nbformat.read(places / "assignments" / chapter.stem / chapter.name, 4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    assert not {"BEGIN", "END"} & {word for cell in notebook.cells for word in cell.source.split()}


@every_assignment
def test_what_is_handed_out_is_the_same_bytes_every_time(places, chapter):
    made = []
    for _ in range(2):
        hand_out.assignment(chapter)
        hand_out.instructor(chapter)
        made.append(digest(places))
    assert made[0] == made[1]
    assert not any(str(ROOT).encode() in path.read_bytes() for path in places.rglob("*") if path.is_file())


@every_assignment
def test_an_assignment_runs_before_and_after_it_is_answered(places, chapter):
    hand_out.assignment(chapter)
    folder = places / "assignments" / chapter.stem
    notebook = nbformat.read(folder / chapter.name, 4)
    said = run(notebook, folder)
    for name in hand_out.points(notebook):
        assert f"{name}: not written yet" in said
    assert ("This cell waits for" in said) == any("if ready(" in cell.source for cell in notebook.cells)
    assert "✓" not in said
    said = run(answered(chapter, folder / chapter.name), folder)
    for name in hand_out.points(notebook):
        assert f"✓ {name}" in said
    assert "waits for" not in said


def answered(chapter, learners):
    """The learner's notebook with the right answers written in."""
    right = {hand_out.marked(c)["grade_id"]: c.source for c in nbformat.read(chapter, 4).cells if hand_out.marked(c)}
    notebook = nbformat.read(learners, 4)
    for cell in notebook.cells:
        if hand_out.marked(cell).get("solution"):
            cell.source = hand_out.unmarked(right[cell.metadata.nbgrader.grade_id], "SOLUTION")
    return notebook


@every_assignment
def test_an_assignment_says_what_it_asks_and_needs(places, chapter):
    hand_out.assignment(chapter)
    folder = places / "assignments" / chapter.stem
    readme = (folder / "README.md").read_text("utf-8")
    worth = hand_out.points(nbformat.read(chapter, 4))
    assert all(f"| `{name}` | {number} |" in readme for name, number in worth.items())
    assert f"| together | {sum(worth.values())} |" in readme
    needs = (folder / "requirements.txt").read_text("utf-8")
    assert {"numpy", "matplotlib", "jupyterlab"} <= set(re.findall(r"^[\w-]+(?===)", needs, re.M))
    assert not (folder / "emlib" / "grading").exists()


def test_own_copies_are_made_where_missing_and_never_overwritten(places):
    hand_out.own_copies()
    own = sorted((places / "my-notebooks").iterdir())
    assert [path.name for path in own] == [path.name for path in hand_out.chapters()]
    own[0].write_text("my work")
    own[1].unlink()
    hand_out.own_copies()
    assert own[0].read_text() == "my work"
    assert own[1].exists()


def test_a_chapter_without_exercises_keeps_its_outputs():
    chapter = next(path for path in hand_out.chapters() if path not in WITH_EXERCISES)
    assert hand_out.for_learners(nbformat.read(chapter, 4)) == nbformat.read(chapter, 4)


@pytest.mark.parametrize("source", ["### BEGIN X\n1", "### END X", "### BEGIN X\n### BEGIN X\n### END X"])
def test_a_region_that_is_not_closed_is_refused(source):
    with pytest.raises(ValueError, match="### BEGIN X"):
        hand_out.without(source, "X")


@pytest.mark.parametrize("names", [[], ["01"], ["77"]])
def test_a_chapter_has_to_be_named(names):
    with pytest.raises(SystemExit, match=r"name a chapter with exercises, for example 'course\.py assignment 05'"):
        hand_out.main("assignment", *names)


def test_a_job_has_to_be_one_of_three():
    with pytest.raises(SystemExit, match="there is no job '--help'; say lab, assignment 05 or instructor 05"):
        hand_out.main("--help")


# With nbgrader


def nbgrader(course, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


# nbgrader runs a notebook four times: the chapter of exercises, and a short one with some at its end, say what there is
# to say
@pytest.mark.parametrize(
    "chapter", [path for path in WITH_EXERCISES if path.stem in ("05_exercises", "10_relatives")], ids=lambda p: p.stem
)
def test_the_round_trip_through_nbgrader(places, chapter):
    """It makes the same notebook from the instructor's copy, validates it, and marks right answers full, none zero."""
    hand_out.instructor(chapter)
    course, name = places / "instructor", chapter.stem
    nbgrader(course, "generate_assignment", name)
    release = course / "release" / name / chapter.name
    theirs, ours = nbformat.read(release, 4), hand_out.for_learners(nbformat.read(chapter, 4))

    def said(notebook):
        cells = []
        for cell in notebook.cells:
            mark = {key: value for key, value in hand_out.marked(cell).items() if key not in ("checksum", "cell_type")}
            cells.append((cell.cell_type, cell.source, {**cell.metadata, "nbgrader": mark}))
        return cells

    assert said(theirs) == said(ours)
    solved = answered(chapter, release)
    for learner, notebook in [("ada", solved), ("bob", theirs)]:
        hand_out.write(notebook, course / "submitted" / learner / name / chapter.name)
    works = [course / "submitted" / learner / name / chapter.name for learner in ("ada", "bob")]
    assert "Success! Your notebook passes all the tests." in nbgrader(course, "validate", str(works[0]))
    failed = nbgrader(course, "validate", str(works[1]))
    worth = hand_out.points(ours)
    assert f"VALIDATION FAILED ON {len(worth)} CELL(S)" in failed
    assert "not written yet" in failed
    nbgrader(course, "autograde", name, "--create")
    nbgrader(course, "export", "--to", "grades.csv")
    rows = (course / "grades.csv").read_text("utf-8").splitlines()
    column = rows[0].split(",").index("score")
    learner = rows[0].split(",").index("student_id")
    scores = {row.split(",")[learner]: float(row.split(",")[column]) for row in rows[1:]}
    assert scores == {"ada": sum(worth.values()), "bob": 0}
