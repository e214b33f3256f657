"""course.py in a project of its own, whose lock names a stand-in for uv, so that setting up needs no network."""

import hashlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

UV = """
import os, pathlib, sys, time
if "uv_waits" in os.environ:
    pathlib.Path(os.environ["uv_waits"]).touch()
    time.sleep(60)
if "uv_fails" in os.environ:
    sys.exit("error: Failed to fetch six\\n  cause: the cable is cut")
"""

# Stands for pytest, sphinx and JupyterLab: says what it was asked, and ends as the environment says.
JOB = """
import json, os, pathlib, sys, time
try:
    print(json.dumps(sys.argv[1:]), flush=True)
    time.sleep(float(os.environ.get("job_lasts", 0)))
except KeyboardInterrupt:
    sys.exit(3)
sys.exit(int(os.environ.get("job_code", 0)))
"""

posix = pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C in another way")


class Project:
    """A folder with course.py, a lock, stand-ins for the jobs and one chapter."""

    def __init__(self, folder):
        self.folder = folder / "a project"
        shutil.copytree(ROOT / ".jupyter", self.folder / ".jupyter")
        shutil.copy(ROOT / "course.py", self.folder)
        for job in ("pytest", "sphinx", "jupyterlab"):
            (self.folder / f"{job}.py").write_text(JOB)
        (self.folder / "notebooks").mkdir()
        (self.folder / "my-notebooks").mkdir()
        (self.folder / "notebooks" / "01_first.ipynb").touch()
        (self.folder / "notebooks" / "hand_out.py").write_text(JOB)

        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        wheel = self.wheels / "uv-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("uv/__init__.py", "")
            archive.writestr("uv/__main__.py", UV)
            archive.writestr("uv-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: uv\nVersion: 1.0\n")
            archive.writestr("uv-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr("uv-1.0.dist-info/RECORD", "")
        pin = f"uv==1.0 \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n    # via x\n"
        (self.folder / "requirements.lock").write_text("six==1.17.0 \\\n    --hash=sha256:0\n" + pin + "zipp==4.1.2\n")

    def start(self, *arguments, **environment):
        offline = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        return subprocess.Popen(
            [sys.executable, str(self.folder / "course.py"), *arguments],
            env=os.environ | offline | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=os.name != "nt",
        )

    def run(self, *arguments, **environment):
        """The exit code, the lines on stdout and the text on stderr."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=120)
        return process.returncode, out.splitlines(), err


def only_sentence(code, out, err):
    """The one line that a failed run leaves on stderr."""
    assert code != 0
    assert err.startswith("course.py: "), err
    assert err.count("\n") == 1, err
    return err


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """A project whose environment stands."""
    project = Project(tmp_path_factory.mktemp("ready"))
    code, out, err = project.run("test")
    assert (code, out[1:], err) == (0, ["[]"], "")
    return project


def test_a_second_run_goes_straight_to_its_job(ready):
    assert ready.run("test", "-k", "gmm and not slow", "--co") == (0, ['["-k", "gmm and not slow", "--co"]'], "")


def test_the_exit_code_is_the_jobs(ready):
    assert ready.run("test", job_code="7")[0] == 7


def test_it_runs_from_anywhere(ready, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ready.run("test")[0] == 0


def test_lab_opens_the_first_chapter(ready):
    _, out, _ = ready.run("lab", "--no-browser")
    assert json.loads(out[0]) == ["lab"], "the learner's own copies are made first"
    assert json.loads(out[1]) == ["--LabApp.default_url=/lab/tree/01_first.ipynb", "--no-browser"]


@pytest.mark.parametrize("job", ["assignment", "instructor"])
def test_what_is_to_be_handed_out_is_passed_on(ready, job):
    assert ready.run(job, "05") == (0, [json.dumps([job, "05"])], "")


def test_book_says_where_it_is(ready):
    code, out, _ = ready.run("book", "-q")
    assert code == 0
    assert json.loads(out[0]) == ["-W", "--keep-going", "-b", "html", "-q", "book", "book/_build/html"]
    assert str(Path("book", "_build", "html", "index.html")) in out[1]


def test_book_says_nothing_of_a_page_that_was_not_built(ready):
    code, out, _ = ready.run("book", job_code="2")
    assert (code, len(out)) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "retries"),
    [
        (["--port", "9999"], ["--ServerApp.port_retries=0"]),
        (["--port=9999"], ["--ServerApp.port_retries=0"]),
        (["--ServerApp.port=9999"], ["--ServerApp.port_retries=0"]),
        (["--port-retries=3"], []),
    ],
)
def test_a_port_that_was_asked_for_is_used_or_refused(ready, arguments, retries):
    _, out, _ = ready.run("lab", *arguments)
    assert json.loads(out[-1])[1:] == retries + arguments


def test_a_busy_port(ready):
    lab = ready.folder / "jupyterlab.py"
    # JupyterLab itself, from the environment that runs the tests.
    real = f"[{sys.executable!r}, '-P', '-m', 'jupyterlab', *sys.argv[1:]]"
    lab.write_text(f"import subprocess, sys\nsys.exit(subprocess.call({real}))")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code, _, err = ready.run("lab", "--no-browser", f"--port={port}")
    lab.write_text(JOB)
    assert code == 1
    assert f"port {port} is not available" in err
    assert "Traceback" not in err


def test_an_unknown_command(ready):
    assert (
        "no command 'labb'; the commands are lab, test, book, refresh, assignment, instructor, grade"
        in only_sentence(*ready.run("labb"))
    )


@pytest.mark.parametrize("arguments", [[], ["help"], ["--help"]])
def test_help(ready, arguments):
    code, out, err = ready.run(*arguments)
    assert (code, err) == (0, "")
    assert any("course.py lab" in line for line in out)


@posix
def test_ctrl_c_is_the_jobs_to_answer(ready):
    process = ready.start("test", job_lasts="60")
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    assert (process.communicate(timeout=20)[1], process.returncode) == ("", 3)


@posix
def test_ending_the_launcher_ends_the_job(ready):
    process = ready.start("test", job_lasts="60")
    process.stdout.readline()
    process.terminate()
    assert (process.communicate(timeout=20)[1], process.returncode) == ("", 128 + signal.SIGTERM)


def loaded(folder):
    """The course.py of that folder, as a module."""
    spec = importlib.util.spec_from_file_location("course_of_a_project", folder / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DAMAGES = {
    "python gone": lambda course, patch: course.PYTHON.unlink(),
    "python of another environment": lambda course, patch: (course.VENV / "pyvenv.cfg").unlink(),
    "package gone": lambda course, patch: shutil.rmtree(course.PACKAGES / "pip"),
    "never finished": lambda course, patch: course.STAMP.unlink(),
    "finished by another Python": lambda course, patch: patch.setattr("sys.version", "3.99.0 (another)"),
    "lock changed": lambda course, patch: course.LOCK.write_text("six==1.16.0\n"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_environment_is_seen(ready, tmp_path, monkeypatch, damage):
    course = loaded(shutil.copytree(ready.folder, tmp_path / "copy", symlinks=True))
    (course.PACKAGES / "added by the learner").mkdir()
    assert course.is_ready()
    DAMAGES[damage](course, monkeypatch)
    assert not course.is_ready()


def test_a_damaged_environment_is_made_anew(ready):
    loaded(ready.folder).PYTHON.unlink()
    code, out, _ = ready.run("test")
    assert code == 0
    assert out[0].startswith("Making the course's environment")
    assert ready.run("test")[1] == ["[]"]


def test_without_a_network_and_then_with_one(project):
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0", "PIP_FIND_LINKS": "", "PIP_NO_INDEX": "0"}
    sentence = only_sentence(*project.run("test", **nowhere))
    assert "uv==1.0); check the network" in sentence
    assert "the cable is cut); check the network" in only_sentence(*project.run("test", uv_fails="yes"))
    assert project.run("test")[0] == 0


@posix
def test_a_set_up_that_was_stopped(project, tmp_path):
    waiting = tmp_path / "waiting"
    process = project.start("test", uv_waits=str(waiting))
    while not waiting.exists():
        assert process.poll() is None
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert "stopped" in only_sentence(process.returncode, out, err)
    assert process.returncode == 130
    assert not loaded(project.folder).is_ready()


def test_a_folder_where_nothing_can_be_made(project):
    (project.folder / ".venv").write_text("a file where the environment should stand")
    assert ".venv could not be made" in only_sentence(*project.run("test"))


@pytest.mark.parametrize(
    ("lack", "said"),
    [
        (
            "sys.version_info, sys.version = (3, 10, 4), '3.10.4 (main)'",
            "this is Python 3.10.4 and the course needs 3.11",
        ),
        ("sys.version_info, sys.version = (2, 7, 18), '2.7.18 (default)'", "this is Python 2.7.18"),
        ("sys.modules['venv'] = None", "apt install python3-venv"),
        ("sys.modules['ensurepip'] = None", "apt install python3-venv"),
    ],
)
def test_a_python_that_lacks_something(project, lack, said):
    start = f"import runpy, sys; {lack}; sys.argv[1:] = ['lab']; runpy.run_path('course.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", start], cwd=project.folder, capture_output=True, text=True)
    assert said in only_sentence(done.returncode, done.stdout, done.stderr)
