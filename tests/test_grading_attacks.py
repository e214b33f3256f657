"""Submissions that attack the grader: each earns nothing for what it did not solve, and harms nothing.

An attack is a cell in tests/attacks. It stands in a notebook beside an honest answer to another exercise, which counts.
All of them are graded in bubblewrap, and those that limited processes must withstand a second time in these.
"""

import os
import re
import socket
import sys
from pathlib import Path

import pytest
from classroom import HONEST, assignment, hand_in

from emlib.exercises import EXERCISES
from emlib.grading import Limits, NoIsolation, grade
from emlib.grading.sandbox import PACKAGE

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no limits that could withstand an attack")

ATTACKS = {path.stem: path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("attacks/*.py"))}
#: Files, the network and the grader's own process are out of reach in bubblewrap only.
ONLY_WRAPPED = {
    "disk_flood",
    "environment",
    "forged_files",
    "kills_its_parents",
    "reads_others",
    "socket_opened",
    "solution_read",
    "writes_outside",
}
LIMITS = Limits(cpu=3, wall=12, memory=1_500_000_000, file=1_000_000)


def attacked(source):
    """The exercise that an attack is after."""
    return next(name for name in EXERCISES if re.search(rf"^(def {name}\(|{name} =)", source, re.MULTILINE))


class Aftermath:
    """Results of the attackers by name, and what is left of things that they should not touch."""

    def __init__(self, folder, isolation, names):
        victim = folder / "victim"
        victim.mkdir()
        victim.chmod(0o777)
        (victim / "marks of others").write_text("17")
        for name in names:
            with_targets = ATTACKS[name].replace("VICTIM", str(victim)).replace("PACKAGE", str(PACKAGE.parent))
            hand_in(folder / "class" / f"{name}.ipynb", HONEST, with_targets)
        exercises = dict.fromkeys({attacked(ATTACKS[name]) for name in names}, 1)
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.setblocking(False)
            for path in (folder / "class").iterdir():
                path.write_text(path.read_text("utf-8").replace("PORT", str(server.getsockname()[1])), "utf-8")
            task = assignment(folder, update_means=2, **exercises)
            results = grade([folder / "class"], folder / "out", task, seed=1, isolation=isolation, limits=LIMITS)
            with pytest.raises(BlockingIOError):
                server.accept()
        self.results = {result.learner: {mark.exercise: mark for mark in result.marks} for result in results}
        self.victim = {path.name: path.read_text("utf-8") for path in victim.iterdir()}
        self.page = {
            name: next((folder / "out" / "feedback").glob(f"{name.replace('_', '-')}-*.html")) for name in names
        }


def workers_alive():
    """The processes that carry the environment of a worker of ours: other tests may be grading at the same time."""
    ours = f"EM_WORKER={os.getpid()}-".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if ours in (process / "environ").read_bytes():
                found.append(process.name)
        except OSError:
            continue  # it has ended, or belongs to somebody else
    return found


@pytest.fixture(scope="module")
def wrapped(tmp_path_factory):
    """The aftermath of all attacks in bubblewrap.

    Where there is none, or the system does not let it work, they are skipped, and fail if ``CI`` is ``true``.
    """
    os.environ["A_SECRET_OF_THE_GRADER"] = "yes"
    try:
        yield Aftermath(tmp_path_factory.mktemp("wrapped"), "require", ATTACKS)
    except NoIsolation as error:
        missing = "not installed" in str(error) or "bwrap:" in str(error)
        if not missing or (os.environ.get("CI") == "true" and sys.platform == "linux"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
    finally:
        del os.environ["A_SECRET_OF_THE_GRADER"]


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The aftermath in limited processes of the attacks that these withstand."""
    return Aftermath(tmp_path_factory.mktemp("bare"), "processes", sorted(set(ATTACKS) - ONLY_WRAPPED))


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_in_bubblewrap_earns_nothing_and_harms_nothing(wrapped, name):
    assert_repelled(wrapped, name)


@pytest.mark.parametrize("name", sorted(set(ATTACKS) - ONLY_WRAPPED))
def test_an_attack_in_limited_processes_earns_nothing_and_harms_nothing(bare, name):
    assert_repelled(bare, name)


def assert_repelled(aftermath, name):
    marks = aftermath.results[name]
    tried = marks[attacked(ATTACKS[name])]
    assert (tried.points, tried.verdict in {"wrong", "no answer"}) == (0, True), tried
    assert marks["update_means"].points == 2, "the honest answer beside it"
    assert aftermath.victim == {"marks of others": "17"}
    assert not workers_alive()


@pytest.mark.parametrize("name", ["wrapped", "bare"])
def test_pages_show_what_an_attack_wrote_as_text(request, name):
    page = request.getfixturevalue(name).page["markup"].read_text("utf-8")
    assert "&lt;script&gt;alert(1)" in page
    assert not re.search("<script|<img|\x00|\u202e", page)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("infinite_loop", "before it had answered|no answer came within"),
        ("sleep", "no answer came within 12 seconds"),
        ("solution_imported", "solves this exercise; write the step yourself"),
        ("not_a_number", "nan came out"),
        ("crash", "before it had answered"),
        ("evil_formula", "means nothing in a formula|cannot be read|characters"),
    ],
)
def test_the_learner_is_told_what_happened(bare, name, says):
    assert re.search(says, bare.results[name][attacked(ATTACKS[name])].message)


def test_every_attack_is_python_and_explains_itself():
    """An attack that does not compile would prove nothing."""
    for name, source in ATTACKS.items():
        assert source.startswith("# "), name
        compile(source, name, "exec")
