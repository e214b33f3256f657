"""Grading: what is read, which cell counts, what a run leaves behind, and that a second run goes on from there."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path

import nbformat
import pytest
from classroom import HONEST, assignment, hand_in, notebook

from emlib.grading import Limits, NoIsolation, grade, sandbox, submissions
from emlib.grading.__main__ import main
from emlib.grading.results import page_of
from emlib.grading.submissions import read
from emlib.grading.worker import needed, statements
from notebooks.hand_out import for_learners, points

ROOT = Path(__file__).parent.parent
CHAPTER = ROOT / "notebooks" / "05_exercises.ipynb"
TAU = "def update_tau(r):\n    return r.mean()\n"
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files or signals")


def packed(path, members):
    """A zip archive with these members, name → bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def bytes_of(*cells, **metadata):
    return json.dumps(notebook(*cells, **metadata)).encode()


def the_problem(learners):
    [[one]] = learners.values()
    assert one.cells == ()
    return one.problem


# ---- what is read ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "learners"),
    [
        (["ada.ipynb", "bob.ipynb"], ["ada", "bob"]),
        (["ada/05.ipynb", "bob/05.ipynb"], ["ada", "bob"]),
        (["ada/05_exercises/05.ipynb", "bob/05_exercises/05.ipynb"], ["ada", "bob"]),
        (["class/ada/05.ipynb", "class/bob/05.ipynb", "class/bob/.ipynb_checkpoints/05.ipynb"], ["ada", "bob"]),
        (["all/class/ada/05.ipynb", "all/class/bob/05.ipynb", "all/class/bob/data/x/y.ipynb"], ["ada", "bob"]),
        (["ada/05.ipynb", "__MACOSX/ada/05.ipynb", "ada/notes.txt", ".DS_Store", "ada/data/a.csv"], ["ada"]),
        (["Ada Lovelace_123_file/Copy of 05 (1).IPYNB", "zoë.ipynb"], ["Ada Lovelace_123_file", "zoë"]),
    ],
)
def test_a_learner_is_the_folder_or_the_file(tmp_path, files, learners):
    for file in files:
        hand_in(tmp_path / "handed in" / file, TAU)
    archive = packed(tmp_path / "class.zip", dict.fromkeys(files, bytes_of(TAU)))
    for path in (tmp_path / "handed in", archive):
        found, skipped = read([path])
        assert (list(found), skipped) == (learners, [])
        assert all([cell.source for cell in one.cells] == [TAU] for some in found.values() for one in some)


def test_a_folder_with_several_notebooks_is_a_learner_beside_others_and_alone_a_class_which_is_said(tmp_path):
    files = ["class/ada.ipynb", "class/bob.ipynb"]
    for file in files:
        hand_in(tmp_path / "handed in" / file, TAU)
    for path in (tmp_path / "handed in", packed(tmp_path / "class.zip", dict.fromkeys(files, bytes_of(TAU)))):
        learners, [said] = read([path])
        assert list(learners) == ["ada", "bob"]
        assert said.startswith("class was taken for the class")
    assert read([tmp_path / "handed in" / "class"])[1] == []
    assert list(read([tmp_path / "handed in" / file for file in files])[0]) == ["ada", "bob"]
    hand_in(tmp_path / "handed in" / "carol" / "05.ipynb", TAU)
    learners, skipped = read([tmp_path / "handed in"])
    assert {name: len(some) for name, some in learners.items()} == {"carol": 1, "class": 2}
    assert skipped == []


def test_what_lies_beside_the_class_keeps_its_folder(tmp_path):
    """Also if it is called like a folder that all the notebooks share."""
    files = ["all/class/ada/05.ipynb", "all/class/bob/05.ipynb"]
    path = packed(tmp_path / "class.zip", dict.fromkeys(files, bytes_of(TAU)) | {"class/x.pdf": b""})
    learners, skipped = read([path])
    assert (list(learners), skipped) == (["ada", "bob", "class"], [])
    assert learners["class"][0].problem == "no notebook was found in it (only x.pdf)"


def test_who_handed_in_something_else_is_not_forgotten(tmp_path):
    handed_in = {
        "ada/05.ipynb": bytes_of(TAU),
        "ada/sketch.pdf": b"",
        "bob/x.pdf": b"",
        "carol/05_exercises.ipynb.txt": b"",
        "dan/.ipynb_checkpoints/05.ipynb": bytes_of(TAU),
        "eve/answers/a.py": b"",
        "eve/answers/b.json": b"",
        "gil/.DS_Store": b"",
        "r.rar": b"",
    }
    folder, archive = tmp_path / "class", packed(tmp_path / "class.zip", handed_in)
    for name, content in handed_in.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    for path in (folder, archive):
        learners, skipped = read([path])
        assert learners.pop("ada")[0].cells
        assert {name: one.problem for name, [one] in learners.items()} == {
            "bob": "no notebook was found in it (only x.pdf)",
            "carol": "no notebook was found in it (only 05_exercises.ipynb.txt)",
            "dan": "no notebook was found in it",
            "eve": "no notebook was found in it (only a.py, b.json)",
            "gil": "no notebook was found in it",
        }
        assert skipped == ["r.rar: not a notebook (.ipynb)"]
    packed(folder / "fay.zip", {"f.rar": b""})
    (folder / "gus" / "late").mkdir(parents=True)
    (folder / "gus" / "g.zip").write_bytes(b"no archive")
    learners, _ = read([folder])
    assert learners["fay"][0].problem == "no notebook was found in it (only f.rar)"
    assert learners["gus"][0].problem == "no notebook was found in it"
    (folder / "ada" / "05.ipynb").unlink()
    assert read([folder])[0] == {}, "nobody handed in a notebook: this is no class"


def test_learners_whose_names_look_alike_are_two(tmp_path):
    names = ["x" * 120 + "a", "x" * 120 + "b", "Ada  Lovelace", "Ada Lovelace", "Ada Lovelace (2)"]
    path = packed(tmp_path / "class.zip", dict.fromkeys([f"{name}/05.ipynb" for name in names], bytes_of(TAU)))
    learners, _ = read([path])
    assert [len(some) for some in learners.values()] == [1] * 5
    assert list(learners)[:3] == ["Ada Lovelace", "Ada Lovelace (2)", "Ada Lovelace (2) (2)"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_in_another_encoding_is_told(tmp_path):
    for name in (b"M\xfcller", b"M\xf6ller"):
        hand_in(tmp_path / os.fsdecode(name) / "05.ipynb", TAU)
    assert list(read([tmp_path])[0]) == [r"M\udcf6ller", r"M\udcfcller"]


def test_notebooks_one_by_one_and_archives_of_single_learners(tmp_path):
    files = [hand_in(tmp_path / name / "05.ipynb", TAU) for name in ("ada", "bob")]
    assert list(read(files)[0]) == ["ada", "bob"]
    assert list(read(files[:1])[0]) == ["05"]
    packed(tmp_path / "ada" / "late.zip", {"05.ipynb": bytes_of(TAU)})
    packed(tmp_path / "zoe.zip", {"05.ipynb": bytes_of(TAU)})
    assert {name: len(some) for name, some in read([tmp_path])[0].items()} == {"ada": 2, "bob": 1, "zoe": 1}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"{", "JSON is broken"),
        (b"[]", "not a notebook of format 4"),
        (b'{"worksheets": []}', "not a notebook of format 4"),
        (b'{"cells": {"a": 1}}', "not a notebook of format 4"),
        (b"\xff\xfe" + '{"cells": []}'.encode("utf-16-le"), "not UTF-8"),
        (bytes_of("π = 3").replace(b"\\u03c0", b"\xf0"), "not UTF-8"),
        (b"[" * 100_000, "too many parts"),
        (b'{"cells": [' + b"[]," * 6_000_000 + b"[]]}", "too many parts"),
        (b'{"cells": [' + b"9" * 10_000 + b"]}", "JSON is broken"),
        (b'{"cells": ["' + b"x" * 5_000_000 + b'"]}', "text is too large"),
        (bytes_of("1", kernelspec={"name": "ir", "language": "R"}), "its language is R; the course is in Python"),
        (bytes_of("1", language_info={"name": "julia"}), "its language is julia"),
        (bytes_of("1", language_info={"name": ["python"]}), "its language is"),
    ],
)
def test_what_is_no_notebook_is_said(tmp_path, content, says):
    path = tmp_path / "ada.ipynb"
    path.write_bytes(content)
    assert says in the_problem(read([path])[0])


@pytest.mark.parametrize(
    "content",
    [b"{" + b'"a' * 40_000, bytes_of(TAU).split(b"[]")[0] + b'[{"image/png": "' + b"iVBOR/+A\\n" * 20_000],
    ids=["quotes", "image"],
)
def test_a_notebook_that_breaks_off_is_read_in_one_pass(tmp_path, content):
    """A search that begins again at every byte takes a minute for these."""
    path = tmp_path / "ada.ipynb"
    path.write_bytes(content)
    begun = time.process_time()
    assert "JSON is broken" in the_problem(read([path])[0])
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    "cell",
    [
        {"cell_type": "code", "source": 3},
        {"cell_type": "code", "source": ["a = 1\n", 3, "b = 2"], "metadata": {"nbgrader": []}},
        {"cell_type": "code"},
        {"cell_type": "code", "source": "\ud800 \x00", "metadata": None},
        {"cell_type": ["code"]},
        7,
    ],
)
def test_a_malformed_cell_spoils_no_other(tmp_path, cell):
    document = notebook(TAU)
    document["cells"].insert(0, cell)
    path = tmp_path / "ada.ipynb"
    path.write_text(json.dumps(document))
    assert read([path])[0]["ada"][0].cells[-1].source == TAU


def test_huge_outputs_are_passed_over(tmp_path):
    """200 MB that the learner printed cost no mark, and no memory."""
    before, after = bytes_of(TAU).split(b'"outputs": []')
    path = tmp_path / "ada.ipynb"
    with path.open("wb") as file:
        file.write(before + b'"attachments": {"a": "}\\\\\\"["}, "outputs": [{"text": ["')
        for _ in range(200):
            file.write((rb"]}\" \\" + b"flood " * 20) * 8000)
        file.write(b'"]}]' + after)
    assert path.stat().st_size > 195e6
    tracemalloc.start()
    [one] = read([path])[0]["ada"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [cell.source for cell in one.cells] == [TAU]
    assert peak < 10e6


def test_what_is_too_large_even_to_look_at(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "LARGEST_FILE", 1000)
    path = hand_in(tmp_path / "ada.ipynb", "#" * 2000)
    assert "too large" in the_problem(read([path])[0])
    bomb = packed(tmp_path / "class.zip", {"ada.ipynb": b"0" * 10_000_000, "bob.ipynb": bytes_of(TAU)})
    learners, _ = read([bomb])
    assert "too large" in learners["ada"][0].problem
    assert learners["bob"][0].cells


def test_no_more_than_some_notebooks_of_one_learner(tmp_path):
    for number in range(50):
        hand_in(tmp_path / "ada" / f"{number}.ipynb", TAU)
    hand_in(tmp_path / "bob.ipynb", TAU)
    assert len(read([tmp_path])[0]["ada"]) == submissions.MOST_NOTEBOOKS


def test_names_that_lead_out_of_an_archive(tmp_path):
    slips = ["../evil.ipynb", "/tmp/evil.ipynb", "a/../../evil.ipynb", "..\\evil.ipynb", "C:\\evil.ipynb"]
    archive = packed(tmp_path / "class.zip", dict.fromkeys([*slips, "ada.ipynb", "more.zip"], bytes_of(TAU)))
    learners, skipped = read([archive])
    assert list(learners) == ["ada"]
    assert sum("leads out of the archive" in line for line in skipped) == len(slips)
    assert sum("archive inside an archive" in line for line in skipped) == 1
    assert [path.name for path in tmp_path.rglob("*")] == ["class.zip"]


@posix
def test_links_and_pipes_are_not_followed(tmp_path):
    secret = hand_in(tmp_path / "secret" / "solution.ipynb", TAU)
    folder = tmp_path / "class"
    hand_in(folder / "ada.ipynb", TAU)
    (folder / "bob.ipynb").symlink_to(secret)
    (folder / "eve").symlink_to(secret.parent)
    os.mkfifo(folder / "pipe.ipynb")
    link = zipfile.ZipInfo("bob.ipynb")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr(link, str(secret))
    learners, skipped = read([folder])
    assert {name for name, [one] in learners.items() if one.cells} == {"ada"}
    assert "a link, not a file" in learners["bob"][0].problem
    assert "eve: a link to a folder" in skipped[0]
    assert "a link, not a file" in the_problem(read([tmp_path / "class.zip"])[0])


def test_archives_that_are_none(tmp_path):
    whole = packed(tmp_path / "whole.zip", {f"{name}.ipynb": bytes_of(TAU) for name in "ab"}).read_bytes()
    longest = (10_000_000).to_bytes(4, "little")
    damaged = {
        "text": b"no archive",
        "cut": whole[:-30],
        "many": whole[:-10] + longest + whole[-6:],
        "empty": b"",
    }
    for name, content in damaged.items():
        path = tmp_path / f"{name}.zip"
        path.write_bytes(content)
        learners, skipped = read([path])
        assert (learners, len(skipped)) == ({}, 1), name
        assert "not a zip archive that can be read" in skipped[0]
    content = whole.replace(whole[60:70], b"\0" * 10, 1)
    (tmp_path / "inside.zip").write_bytes(content)
    assert "could not be opened" in read([tmp_path / "inside.zip"])[0]["a"][0].problem


def test_the_paths_themselves_are_checked(tmp_path):
    (tmp_path / "notes.txt").touch()
    for name in ("missing", "missing.ipynb", "missing.zip", "notes.txt"):
        with pytest.raises(ValueError, match=r"is not a notebook \(\.ipynb\), a folder or a \.zip"):
            read([tmp_path / name])


# ---- which cell counts, and what it needs ----------------------------------------------------------------------------

ASSIGN = {"grade_id": "update_tau", "solution": True, "grade": False}
RIGHT, WRONG = "def update_tau(r):\n    return r.mean()", "def update_tau(r):\n    return r.sum()"
HAND_INS = {
    "plain": ([(RIGHT, ASSIGN)], "right", ""),
    "unnamed": ([RIGHT], "right", ""),
    "indented": ([("if True:\n    def update_tau(r):\n        return r.mean()", ASSIGN)], "right", ""),
    "indented elsewhere": (
        ["def f():\n    def update_tau(r):\n        return 0", RIGHT, "class A:\n    def update_tau(r): 0"],
        "right",
        "",
    ),
    "renamed cell": ([(RIGHT, {"grade_id": "tau"})], "right", ""),
    "copied": ([(WRONG, ASSIGN), (RIGHT, ASSIGN)], "right", "2 cells define it"),
    "tried elsewhere": ([(RIGHT, ASSIGN), WRONG], "right", ""),
    "renamed function": ([("def tau(r):\n    return r.mean()", ASSIGN)], "not found", "keep the name"),
    "deleted": (["x = 1"], "not found", "no cell defines update_tau"),
    "unwritten": ([("def update_tau(r):\n    ...", ASSIGN)], "not written", "not written yet"),
    "checks rewritten": ([RIGHT, ("check = print", {"grade_id": "check_update_tau", "points": 99})], "right", ""),
    "check in the cell": ([f"{RIGHT}\n\ncheck('update_tau', update_tau)"], "right", ""),
    "lambda": (["update_tau = lambda r: r.mean()"], "right", ""),
    "numpy not imported": (["def update_tau(r):\n    return np.mean(r)"], "wrong", "name 'np' is not defined"),
    "imported above": (["import numpy as np, os", "def update_tau(r):\n    return np.mean(r)"], "right", ""),
    "imported with a star": (["from numpy import *", "def update_tau(r):\n    return mean(r)"], "right", ""),
    "imported inside": (["def update_tau(r):\n    from scipy import stats\n    return stats.tmean(r)"], "right", ""),
    "missing package": (
        ["import nothing as np", "def update_tau(r):\n    return np.mean(r)"],
        "wrong",
        "ModuleNotFound",
    ),
    "helper": (
        ["n = len", "def total(r):\n    return sum(r)", "def update_tau(r):\n    return total(r) / n(r)"],
        "right",
        "",
    ),
    "helper below": (["def update_tau(r):\n    return mean(r)", "def mean(r):\n    return r.mean()"], "right", ""),
    "helper rewritten below": (
        ["def h(r):\n    return r.mean()", "def update_tau(r):\n    return h(r)", "def h(r):\n    return 0"],
        "right",
        "",
    ),
    "table": (["t = {}", "t['n'] = len", "def update_tau(r):\n    return r.sum() / t['n'](r)"], "right", ""),
    "list": (["t = []", "t.append(len)", "def update_tau(r):\n    return r.sum() / t[0](r)"], "right", ""),
    "class": (["class A:\n    def f(self, r):\n        return r.mean()", "update_tau = A().f"], "right", ""),
    "magics": (
        ["%matplotlib inline\n!pip install x\nimport numpy as np\nnp?", "def update_tau(r):\n    return np.mean(r)"],
        "right",
        "",
    ),
    "timed": ([f"%%time\n{RIGHT}"], "right", ""),
    "broken elsewhere": (["def (", "1 / 0", RIGHT, "while True: pass", "import sys; sys.exit()"], "right", ""),
    "broken itself": (["def update_tau(r):\n    return (r.mean("], "no answer", "SyntaxError"),
    "no function": (["update_tau = 3"], "wrong", "give the function itself"),
    "changes its input": (
        ["def update_tau(r):\n    r[0] = 0\n    return r.mean()"],
        "wrong",
        "changed one of its inputs",
    ),
    "own module": (
        ["import helper", "def update_tau(r):\n    return helper.f(r)"],
        "wrong",
        "No module named 'helper'",
    ),
    "forever elsewhere": (["def spin():\n    while True: pass", "y = spin()", RIGHT], "right", ""),
}


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """Every hand-in of the table, graded together."""
    folder = tmp_path_factory.mktemp("class")
    for name, (cells, _, _) in HAND_INS.items():
        hand_in(folder / "class" / f"{name}.ipynb", *cells)
    hand_in(folder / "class" / "two" / "a.ipynb", "x = 1")
    hand_in(folder / "class" / "two" / "b.ipynb", RIGHT)
    (folder / "class" / "broken.ipynb").write_text("{")
    results = grade([folder / "class"], folder / "out", assignment(folder, update_tau=2), seed=5)
    return {result.learner: result for result in results}


@pytest.mark.parametrize("name", HAND_INS)
def test_the_answer_is_found_and_gets_what_it_needs(marked, name):
    _, verdict, says = HAND_INS[name]
    [mark] = marked[name].marks
    assert (mark.verdict, mark.points) == (verdict, 2 if verdict == "right" else 0), mark
    assert says in mark.message + " ".join(marked[name].notes)
    assert "Traceback" not in mark.message


def test_of_several_notebooks_the_one_with_answers_counts(marked):
    assert (marked["two"].points, marked["two"].notes) == (2, ["2 notebooks were handed in; two/b.ipynb counts."])


def test_a_file_that_is_no_notebook_earns_nothing_and_says_why(marked):
    assert marked["broken"].points == 0
    assert "JSON is broken" in marked["broken"].notes[0] + marked["broken"].marks[0].message


def test_only_what_an_answer_needs_is_run():
    cells = [
        "import a, z\nb = a.x",
        "b.c = a.d\na.plot(z)\nplot(b)",
        "def f():\n    return b.x + g",
        "g = f()\nf = 1",
        "b = 2",
    ]
    found = needed("f", list(statements(cells, failures := [])), cell=2)
    assert [(s.cell, sorted(s.binds)) for s in found] == [
        (0, ["a", "z"]),
        (0, ["b"]),
        (1, ["b"]),
        (2, ["f"]),
        (3, ["g"]),
    ]
    assert failures == []


# ---- the course's own notebooks --------------------------------------------------------------------------------------


def test_the_solved_chapter_earns_everything_and_the_unfilled_one_nothing(tmp_path):
    chapter = nbformat.read(CHAPTER, 4)
    folder = tmp_path / "class"
    folder.mkdir()
    nbformat.write(chapter, folder / "solved.ipynb")
    nbformat.write(for_learners(chapter), folder / "unfilled.ipynb")
    solved, unfilled = grade([folder], tmp_path / "out", CHAPTER)
    assert {mark.exercise: mark.out_of for mark in solved.marks} == points(chapter)
    assert {mark.verdict for mark in solved.marks} == {"right"}
    assert {mark.verdict for mark in unfilled.marks} <= {"not written", "no answer"}, unfilled.marks
    assert (solved.points, unfilled.points) == (sum(points(chapter).values()), 0)


def test_the_wrong_assignment_is_noticed(class_of_three):
    tau, other = class_of_three / "assignment.ipynb", class_of_three / "other.ipynb"
    assignment(class_of_three, log_sum_exp=1).rename(other)
    with pytest.raises(ValueError, match="no notebook answers an exercise of other, but some answer others"):
        grade([class_of_three / "class"], class_of_three / "out", other)
    assert not (class_of_three / "out").exists()
    assignment(class_of_three, update_tau=1)
    grade([class_of_three / "class"], class_of_three / "out", tau)
    before = contents(class_of_three / "out")
    assignment(class_of_three, update_means=1).rename(other)
    with pytest.raises(ValueError, match="out holds the results of assignment; give other a folder of its own"):
        grade([class_of_three / "class"], class_of_three / "out", other)
    assert contents(class_of_three / "out") == before


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["x = 1"], "has no cells that give points"),
        ([("", {"grade": True, "solution": False, "grade_id": "check_tau", "points": 1})], "gives points for tau"),
    ],
)
def test_an_assignment_that_is_none_is_refused(tmp_path, cells, says):
    hand_in(tmp_path / "class" / "ada.ipynb", TAU)
    with pytest.raises(ValueError, match=says):
        grade([tmp_path / "class"], tmp_path / "out", hand_in(tmp_path / "a.ipynb", *cells))


# ---- what a run leaves behind ----------------------------------------------------------------------------------------


@pytest.fixture
def class_of_three(tmp_path):
    """A folder with three hand-ins and the assignment beside it."""
    hand_in(tmp_path / "class" / "ada.ipynb", TAU, HONEST)
    hand_in(tmp_path / "class" / "=bob().ipynb", "def update_tau(r):\n    raise ValueError('=1+1\\n<b>')")
    hand_in(tmp_path / "class" / "..%2f zoë.ipynb", "def update_tau(r):\n    return r.sum()")
    assignment(tmp_path, update_tau=1, update_means=2.5)
    return tmp_path


def graded(folder, **options):
    """Grade the class; return the results and who was not merely found unchanged."""
    anew = []
    results = grade(
        [folder / "class"],
        folder / "out",
        folder / "assignment.ipynb",
        progress=lambda done, of, learner, was_graded: anew.append(learner) if was_graded else None,
        **options,
    )
    return results, sorted(anew)


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_tables_are_safe_to_open(class_of_three):
    graded(class_of_three)
    rows = list(csv.DictReader(io.StringIO((class_of_three / "out" / "marks.csv").read_text("utf-8-sig"))))
    assert list(rows[0]) == ["learner", "exercise", "points", "out of", "verdict", "message"]
    assert [(r["learner"], r["points"]) for r in rows if r["verdict"] == "right"] == [("ada", "1"), ("ada", "2.5")]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    totals = list(csv.DictReader(io.StringIO((class_of_three / "out" / "totals.csv").read_text("utf-8-sig"))))
    assert [(row["learner"], row["points"], row["out of"]) for row in totals] == [
        ("..%2f zoë", "0", "3.5"),
        ("'=bob()", "0", "3.5"),
        ("ada", "3.5", "3.5"),
    ]


def test_pages_lie_in_their_folder_and_say_everything(class_of_three):
    results, _ = graded(class_of_three)
    out = class_of_three / "out"
    assert sorted(path.name[:3] for path in (out / "feedback").iterdir()) == ["2f-", "ada", "bob"]
    overview = (out / "index.html").read_text("utf-8")
    for result in results:
        page = page_of(out, result.learner).read_text("utf-8")
        assert "&lt;b&gt;" in page or "<b>" not in page
        assert f"{result.points:g} of 3.5 points" in page
        assert page_of(out, result.learner).name in overview
    assert 'alt="Bars: how the exercises went for 3 learners. update_tau 1 right, 2 wrong;' in overview
    assert "bubblewrap (" in overview or "limited processes (" in overview
    assert (out / "summary.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_gives_the_same_bytes(class_of_three):
    graded(class_of_three, seed=11, jobs=2)
    first = contents(class_of_three / "out")
    (class_of_three / "out").rename(class_of_three / "before")
    graded(class_of_three, seed=11, jobs=1)
    assert contents(class_of_three / "out") == first


def test_only_what_changed_is_graded_again(class_of_three):
    everybody = ["..%2f zoë", "=bob()", "ada"]
    first, anew = graded(class_of_three)
    assert anew == everybody
    assert graded(class_of_three) == (first, [])
    hand_in(class_of_three / "class" / "ada.ipynb", TAU)
    results, anew = graded(class_of_three)
    assert (anew, results[2].points) == (["ada"], 1)
    next((class_of_three / "out" / "records").glob("bob-*")).write_text("{")
    assert graded(class_of_three)[1] == ["=bob()"]
    assert graded(class_of_three, limits=Limits(cpu=9))[1] == everybody
    assert graded(class_of_three, seed=12, limits=Limits(cpu=9))[1] == everybody
    assignment(class_of_three, update_tau=3)
    assert graded(class_of_three, limits=Limits(cpu=9))[1] == everybody


def test_an_interruption_loses_nothing(class_of_three):
    def interrupted(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade(
            [class_of_three / "class"],
            class_of_three / "out",
            class_of_three / "assignment.ipynb",
            jobs=1,
            progress=interrupted,
        )
    kept = len(list((class_of_three / "out" / "records").iterdir()))
    assert 1 <= kept < 3
    totals = (class_of_three / "out" / "totals.csv").read_text("utf-8-sig")
    assert len(totals.splitlines()) == 2
    results, anew = graded(class_of_three)
    assert (len(results), len(anew)) == (3, 3 - kept)


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_was_stopped_goes_on(tmp_path, number):
    for name in ("a", "b"):
        hand_in(tmp_path / "class" / f"{name}.ipynb", TAU)
    hand_in(
        tmp_path / "class" / "c.ipynb", "import time\ndef update_tau(r):\n    time.sleep(12.5)\n    return r.mean()"
    )
    task = assignment(tmp_path, update_tau=1)
    command = [sys.executable, "-m", "emlib.grading", tmp_path / "class", "--out", tmp_path / "out"]
    command += ["--assignment", task, "--jobs", "1", "--seconds", "30", "--isolation", "processes"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr.readline() == "1/3 a\n"
        assert running.stderr.readline() == "2/3 b\n"
        time.sleep(0.5)
        running.send_signal(number)
        stopped = time.monotonic()
        said = running.stderr.read()
    assert running.returncode == (130 if number == signal.SIGINT else -number)
    assert time.monotonic() - stopped < 10, "the worker was waited for"
    assert number == signal.SIGKILL or "the same command goes on" in said
    hand_in(tmp_path / "class" / "c.ipynb", TAU)
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert again.stderr == "1/3 a (unchanged)\n2/3 b (unchanged)\n3/3 c\n"
    assert again.stdout.startswith("3 learners graded in limited processes (")
    assert again.stdout.endswith(f"; open {tmp_path / 'out' / 'index.html'}\n")


# ---- isolation, and the command --------------------------------------------------------------------------------------


def test_isolation_that_is_demanded_and_missing_is_refused(class_of_three, monkeypatch, capsys):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    with pytest.raises(NoIsolation, match=r"required and bubblewrap does not provide it here: it is not installed"):
        graded(class_of_three, isolation="require")
    arguments = [str(class_of_three / "class"), "--out", str(class_of_three / "out"), "--isolation", "require"]
    assert main([*arguments, "--assignment", str(class_of_three / "assignment.ipynb")]) == 2
    assert capsys.readouterr().err.startswith("grade: isolation is required and bubblewrap does not provide it here")
    assert not (class_of_three / "out").exists()


@posix
def test_a_bubblewrap_that_does_not_work_is_refused_in_its_own_words(class_of_three, monkeypatch):
    broken = class_of_three / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: str(broken))
    with pytest.raises(NoIsolation, match="No permissions to create a new namespace"):
        graded(class_of_three, isolation="require")


@posix
def test_a_bubblewrap_that_isolates_nothing_is_refused(class_of_three, monkeypatch):
    hollow = class_of_three / "bwrap"
    hollow.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift\nexec "$@"\n')
    hollow.chmod(0o755)
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: str(hollow))
    monkeypatch.setattr(sandbox, "NOBODY", None)
    with pytest.raises(NoIsolation, match="it leaves open to learners' code: network, files"):
        graded(class_of_three, isolation="require")


def test_the_isolation_in_force_is_recorded(class_of_three):
    graded(class_of_three, isolation="processes")
    recorded = json.loads((class_of_three / "out" / "run.json").read_text("utf-8"))["isolation"]
    assert recorded.startswith("limited processes (")
    assert "open to learners' code: network, files" in recorded
    assert recorded.replace("'", "&#x27;") in (class_of_three / "out" / "index.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing", "--out", "out"], "missing is not a notebook (.ipynb), a folder or a .zip of a class"),
        (["class", "--out", "out", "--assignment", "99"], "--assignment is 99; give the number of a chapter"),
        (["class", "--out", "out", "--assignment", "missing.ipynb"], "missing.ipynb"),
        (["empty", "--out", "out"], "there is no notebook (.ipynb) in what is to be graded; r.rar: not a notebook"),
        (["class", "--out", "assignment.ipynb"], "out is assignment.ipynb, a file; give a folder"),
        (["class", "--out", "class/out"], f"out is {Path('class/out')}, which lies among the submissions; give"),
    ],
)
def test_a_wrong_call_gets_a_sentence(class_of_three, monkeypatch, capsys, arguments, says):
    monkeypatch.chdir(class_of_three)
    Path("empty").mkdir()
    Path("empty", "r.rar").touch()
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("grade: ")
    assert says in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("option", ["--jobs", "--seconds"])
@pytest.mark.parametrize("value", ["0", "-2", "two"])
def test_a_number_that_is_none_is_refused(capsys, option, value):
    with pytest.raises(SystemExit):
        main(["class", "--out", "out", f"{option}={value}"])
    assert f"{value} is not a whole number of at least 1" in capsys.readouterr().err
