"""The course's one command. It needs Python 3.11 or newer with pip and venv, and nothing else.

    python3 course.py lab [...]          work through your own copies of the chapters in JupyterLab
    python3 course.py test [...]         run the tests, every notebook among them
    python3 course.py book [...]         build the book into book/_build/html
    python3 course.py refresh [...]      run the text notebooks (all, or those named) and store their outputs
    python3 course.py assignment 05      make an assignment to hand out from a chapter, in assignments/
    python3 course.py instructor 05      the same chapter with solutions and hidden checks, as an nbgrader course
    python3 course.py grade [...]        grade what was handed in; --help says more

What follows the command is passed on: to JupyterLab, pytest, sphinx-build or the script that does the job.
The first run makes an environment in .venv from requirements.lock. A later run goes straight to its job,
unless the lock, the Python or the environment has changed: then it makes the environment anew.
"""

import sys

# This file keeps to what Python 2.7 can parse, so that an old Python gets this far and says its sentence.
if sys.version_info < (3, 11):
    sys.exit(
        "course.py: this is Python " + sys.version.split()[0] + " and the course needs 3.11 or newer;"
        " start it with a newer one, for example: python3.13 course.py lab"
    )

import hashlib
import importlib.util
import os
import re
import signal
import subprocess
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
STAMP = VENV / "course.stamp"
LOG = VENV / "install.log"
LAYOUT = sysconfig.get_paths("venv", vars={"base": str(VENV), "platbase": str(VENV)})
PACKAGES = Path(LAYOUT["purelib"])
PYTHON = Path(LAYOUT["scripts"], "python.exe" if os.name == "nt" else "python")


def lab(arguments):
    if any(re.match(r"--(ServerApp\.)?port(=|$)", argument) for argument in arguments):
        # A port that was asked for is used or refused. Without one, JupyterLab looks for a free port.
        arguments = ["--ServerApp.port_retries=0"] + arguments
    first_chapter = min(ROOT.glob("notebooks/*.ipynb")).name
    # A learner works on copies, which nothing overwrites, and whose exercises are still to be done.
    code = run(["notebooks/hand_out.py", "lab"])
    return code or run(["-m", "jupyterlab", "--LabApp.default_url=/lab/tree/" + first_chapter] + arguments)


def test(arguments):
    return run(["-m", "pytest"] + arguments)


def book(arguments):
    code = run(["-m", "sphinx", "-W", "--keep-going", "-b", "html"] + arguments + ["book", "book/_build/html"])
    if code == 0:
        print("Open " + str(ROOT / "book/_build/html/index.html") + " in a browser.")
    return code


def refresh(arguments):
    return run(["notebooks/refresh.py"] + arguments)


def assignment(arguments):
    return run(["notebooks/hand_out.py", "assignment"] + arguments)


def instructor(arguments):
    return run(["notebooks/hand_out.py", "instructor"] + arguments)


def grade(arguments):
    # Files are named from where the caller stands, which may be among submissions: nothing there (-P) is imported.
    return run(["-P", "-m", "emlib.grading"] + arguments, folder=None)


JOBS = {
    "lab": lab,
    "test": test,
    "book": book,
    "refresh": refresh,
    "assignment": assignment,
    "instructor": instructor,
    "grade": grade,
}


def run(arguments, folder=ROOT):
    """Run the environment's Python in the project's folder, or where the caller stands (None); return its exit code."""
    environment = dict(os.environ)
    for name, ours in [("PATH", LAYOUT["scripts"]), ("JUPYTER_CONFIG_PATH", str(ROOT / ".jupyter"))]:
        environment[name] = os.pathsep.join(filter(None, [ours, os.environ.get(name)]))
    job = subprocess.Popen([str(PYTHON)] + arguments, cwd=folder, env=environment)
    # Ctrl-C reaches the job too, and the job ends in its own way: JupyterLab asks first, pytest sums up.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: job.terminate())
    code = job.wait()
    return code if code >= 0 else 128 - code  # a shell's code for a job that a signal ended


def fingerprint():
    """What an environment depends on: the lock and the Python that makes it."""
    return hashlib.sha256(LOCK.read_bytes() + (sys.version + sys.base_prefix).encode()).hexdigest()


def is_ready():
    """Whether .venv was finished by this Python from this lock, still has every package, and starts."""
    try:
        stamp = STAMP.read_text("utf-8").splitlines()
        return (
            stamp[:1] == [fingerprint()]
            and set(stamp[1:]) <= set(os.listdir(PACKAGES))
            and subprocess.run([str(PYTHON), "-I", "-c", "import uv"], capture_output=True).returncode == 0
        )
    except (OSError, ValueError):
        return False


def make_environment():
    # Debian's Python comes without these two, and the second is missed only half-way through making a .venv.
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        sys.exit(
            "course.py: this Python has no venv module; install it (on Debian and Ubuntu:"
            " apt install python3-venv), then run the same command again"
        )
    import venv

    print("Making the course's environment in .venv: a download of about 260 MB, once.")
    sys.stdout.flush()
    venv.create(VENV, clear=True, symlinks=os.name != "nt")
    install(["ensurepip"])
    # uv installs the lock many times faster than pip; its own version and hashes stand in the lock too.
    uv_lock = VENV / "uv.lock"
    pinned_uv = re.search(r"^uv==.*?(?=^\S|\Z)", LOCK.read_text("utf-8"), re.M | re.S)
    uv_lock.write_text(pinned_uv.group(), "utf-8")
    checked = ["--require-hashes", "--only-binary", ":all:"]
    install(["pip", "install", "-r", str(uv_lock)] + checked)
    install(["uv", "pip", "sync", str(LOCK), "--python", str(PYTHON)] + checked)
    # emlib is imported from where it stands, by one relative line: nothing to build, and the folder may move.
    (PACKAGES / "emlib.pth").write_text(os.path.relpath(ROOT, PACKAGES) + "\n", "utf-8")
    STAMP.write_text("\n".join([fingerprint()] + sorted(set(os.listdir(PACKAGES)) - {"__pycache__"})), "utf-8")


def install(arguments):
    with LOG.open("ab") as log:
        code = subprocess.run([str(PYTHON), "-m"] + arguments, stdout=log, stderr=log).returncode
    if code != 0:
        reasons = re.findall(r"(?im)^ *(?:error|cause): (.*)$", LOG.read_text("utf-8", "replace"))
        sys.exit(
            "course.py: the packages could not be installed (" + "".join(reasons[-1:]) + "); check the network"
            " and the free disk space, then run the same command again; the whole record is " + str(LOG)
        )


def main(command, arguments):
    if command in ("help", "-h", "--help"):
        print(__doc__.strip())
        return 0
    if command not in JOBS:
        sys.exit("course.py: there is no command '" + command + "'; the commands are " + ", ".join(JOBS))
    try:
        if not is_ready():
            make_environment()
        return JOBS[command](arguments)
    except OSError as error:
        sys.exit(
            "course.py: the environment .venv could not be made or started (" + str(error) + ");"
            " put that right, then run the same command again"
        )
    except KeyboardInterrupt:
        sys.stderr.write("course.py: stopped; the same command starts again\n")
        return 130


if __name__ == "__main__":
    sys.exit(main((sys.argv + ["help"])[1], sys.argv[2:]))
