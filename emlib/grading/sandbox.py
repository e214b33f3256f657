"""Run learners' code where it can do no harm, and say truthfully how far that goes on this machine.

Two kinds of isolation, both with a process of its own for every exercise, killed with all that it left behind:

``bubblewrap``
    a process that sees Python, its packages and an empty folder, read-only but for that folder; no network, no other
    process, no file of the grader, of the user or of another learner.
``processes``
    limits only: time, memory, sizes of files, no further processes. Files and network stay open to it.
"""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np

from emlib import exercises
from emlib.grading.submissions import printable

ISOLATIONS = ("auto", "require", "processes")
PACKAGE = Path(__file__).resolve().parent.parent
#: Where NumPy lies: in the environment, or among a user's own packages.
PACKAGES = Path(np.__file__).resolve().parent.parent
NOBODY = 65534

#: Bytes of a reply that are read: many times what an answer takes, and little for whoever takes it apart.
LARGEST_REPLY = 2_000_000
#: What `emlib.exercises` is inside a worker: the names that a notebook imports, and no answers.
EXERCISES = """
from collections import namedtuple

def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *arguments, **named: None

"""
#: What a module of emlib is inside a worker if it solves the exercise.
REFUSED = """
def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)

    def refused(*arguments, **named):
        raise ImportError(f"emlib's {name} solves this exercise; write the step yourself")

    return refused
"""
#: A submission that tries what isolation should prevent, and returns what it could do.
PROBE = """
import os, socket

def probe(port, file, beside):
    possible = []
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
        possible.append("network")
    except OSError:
        pass
    for path, mode in ((file, "r"), (beside, "w")):
        try:
            open(path, mode).close()
            possible.append("files")
        except OSError:
            pass
    try:
        if os.fork() == 0:
            os._exit(0)
        os.wait()
        possible.append("processes")
    except OSError:
        pass
    except AttributeError:  # Windows: there is no fork, and no limit either
        possible.append("processes")
    return [possible, []]
"""


class NoIsolation(RuntimeError):
    """The isolation that was asked for is not to be had; the sentence says why and what to do."""


class Limits(NamedTuple):
    """What one exercise of one learner may use.

    Attributes
    ----------
    cpu, wall : seconds of computing, and by the clock
    memory : bytes of address space
    file : bytes of any one file; where bubblewrap holds the folder, four times as much together
    """

    cpu: int = 10
    wall: int = 20
    memory: int = 2_000_000_000
    file: int = 16_000_000


@dataclass(frozen=True)
class Sandbox:
    """A way to run code, found by `isolated`. Nothing in it is specific to a learner."""

    folder: Path
    limits: Limits
    bubblewrap: str | None
    user: int | None
    possible: tuple[str, ...] | None = None
    running: set = field(default_factory=set)
    building: Lock = field(default_factory=Lock)

    def __str__(self):
        closed = [name for name in ("network", "files", "processes") if name not in self.possible]
        parts = [f"no access to {name}" if name != "processes" else "no further processes" for name in closed]
        if self.possible:
            parts.append(f"open to learners' code: {', '.join(self.possible)}")
        return f"{'bubblewrap' if self.bubblewrap else 'limited processes'} ({'; '.join(parts)})"

    def run(self, cells, cell, name, cases, forbidden=()):
        """Let the function ``name`` of a notebook answer ``cases``.

        Parameters
        ----------
        cells : list of str
            The code cells.
        cell : int
            The one that defines the function.
        cases : list of tuple
            Arguments.
        forbidden : sequence of str
            Modules of emlib that are not there for it.

        Returns
        -------
        reply : bytes
            What it wrote, cut at `LARGEST_REPLY`, to be believed by nobody.
        ended : str
            How the process ended, as the rest of a sentence.
        """
        limits = self.limits
        request = {
            "cells": cells,
            "cell": cell,
            "name": name,
            "cases": [[encoded(argument) for argument in case] for case in cases],
            "user": self.user,
            "limits": {
                "RLIMIT_CPU": limits.cpu,
                "RLIMIT_AS": limits.memory,
                "RLIMIT_FSIZE": limits.file,
                "RLIMIT_NOFILE": 64,
                "RLIMIT_NPROC": 0,
                "RLIMIT_CORE": 0,
            },
        }
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as own, tempfile.TemporaryFile() as reply:
            if self.user is not None:
                os.chown(own, self.user, self.user)
            with tempfile.TemporaryFile() as given:
                given.write(json.dumps(request).encode())
                given.seek(0)
                ended = self._finished(own, self._library(forbidden), given, reply)
            reply.seek(0)
            return reply.read(LARGEST_REPLY), ended

    def stop(self):
        """End what is running; its `run` comes back at once, and without an answer."""
        for process in tuple(self.running):
            _kill_group(process)

    def _finished(self, own, library, given, reply):
        mark = f"{os.getpid()}-{hashlib.sha256(own.encode()).hexdigest()}"
        worker = [sys.executable, "-s", "-P", "-B", str(library / "emlib" / "grading" / "worker.py")]
        process = subprocess.Popen(
            [*self._wrapping(library), *worker] if self.bubblewrap else worker,
            cwd=own,
            env=_environment(library, "/tmp" if self.bubblewrap else own) | {"EM_WORKER": mark},
            stdin=given,
            stdout=reply,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.running.add(process)
        try:
            code = process.wait(self.limits.wall)
            return f"the process ended ({'signal' if code < 0 else 'exit code'} {abs(code)}) before it had answered"
        except subprocess.TimeoutExpired:
            return f"no answer came within {self.limits.wall} seconds"
        finally:
            self.running.discard(process)
            _kill(process, mark if not self.bubblewrap else None)

    def _wrapping(self, library):
        seen = ["/usr", *_python_folders(), str(library)]
        # What bubblewrap makes on the way to a folder, only root could pass through.
        above = sorted({str(parent) for path in seen for parent in Path(path).parents} - {"/", "/tmp"})
        hidden = [str(PACKAGE)] if any(PACKAGE.is_relative_to(path) for path in seen) else []
        as_root = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        return [
            self.bubblewrap,
            *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
            *("--die-with-parent", "--new-session"),
            *(as_root if self.user is not None else []),
            # first, because Python or the library may lie below it
            *("--perms", "1777", "--size", str(4 * self.limits.file), "--tmpfs", "/tmp"),
            *_options("--dir", above),
            *_options("--ro-bind", seen, twice=True),
            *_options("--tmpfs", hidden),
            *(o for name in ("bin", "lib", "lib64") if (link := Path("/", name)).exists() for o in _system(link)),
            *("--proc", "/proc", "--dev", "/dev"),
            *("--remount-ro", "/", "--chdir", "/tmp", "--"),
        ]

    def _library(self, forbidden):
        """A folder with emlib as a worker may see it: without answers, and without the modules that solve."""
        library = self.folder / hashlib.sha256(repr(sorted(forbidden)).encode()).hexdigest()[:12]
        with self.building:  # every learner of a job wants the same few
            if not library.exists():
                draft = Path(tempfile.mkdtemp(dir=self.folder))
                _write_library(draft, forbidden)
                draft.chmod(0o755)
                draft.rename(library)
        return library


@contextmanager
def isolated(isolation="auto", limits=None):
    """The best isolation that works here, or the one that is asked for.

    Parameters
    ----------
    isolation : str
        "auto": bubblewrap where it works, limited processes elsewhere; "require": bubblewrap or nothing;
        "processes": without bubblewrap.
    limits : Limits, optional

    Raises
    ------
    NoIsolation
        If there is no bubblewrap that works and it is required, or if learners' code would run as root without it.
    """
    if isolation not in ISOLATIONS:
        raise ValueError(f"isolation is {isolation!r}; it must be one of {', '.join(map(repr, ISOLATIONS))}")
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with tempfile.TemporaryDirectory(prefix="em-grading-") as folder:
        Path(folder).chmod(0o755)
        if isolation != "processes":
            bubblewrap = shutil.which("bwrap")
            wrapped = Sandbox(Path(folder), limits or Limits(), bubblewrap, NOBODY if is_root else None)
            why = "it is not installed (on Debian and Ubuntu: apt install bubblewrap)"
            if bubblewrap:
                why = _complaint(wrapped) or _shortcoming(probed := _probed(wrapped))
            if not why:
                yield probed
                return
            if isolation == "require":
                raise NoIsolation(f"isolation is required and bubblewrap does not provide it here: {why}")
        may_drop = is_root and all(map(_everybody_reaches, [*_python_folders(), folder]))
        if is_root and not may_drop and isolation == "auto":
            raise NoIsolation(
                "learners' code would run as root: bubblewrap does not work here and this Python cannot be used by "
                "anybody but root; install bubblewrap, or grade as an ordinary user"
            )
        bare = _probed(Sandbox(Path(folder), limits or Limits(), None, NOBODY if may_drop else None))
        if bare.possible is None:
            raise NoIsolation(_shortcoming(bare))
        yield bare


def encoded(value):
    """An argument of an exercise as JSON, which `emlib.grading.worker.decoded` reads."""
    if isinstance(value, (np.ndarray, np.generic)):
        return {"array": value.tolist(), "dtype": value.dtype.str, "shape": value.shape}
    if isinstance(value, tuple):
        named = {"type": type(value).__name__} if hasattr(value, "_fields") else {}
        return {"tuple": [encoded(item) for item in value]} | named
    if isinstance(value, list):
        return [encoded(item) for item in value]
    if isinstance(value, dict):
        return {"dict": [[key, encoded(item)] for key, item in value.items()]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"an exercise's input is a {type(value).__name__}, which cannot be sent to a worker")


# ---- what a worker finds -------------------------------------------------------------------------------------------


def _environment(library, home):
    """Nothing of the grader's environment, in which names and passwords may stand."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    path = os.pathsep.join([str(library), str(PACKAGES)])
    ours = {"PYTHONPATH": path, "PYTHONHASHSEED": "0", "HOME": home, "TMPDIR": home, "MPLBACKEND": "agg"}
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONUTF8": "1"} | one_thread | ours | kept


def _python_folders():
    """The folders of this Python and its packages that are not below /usr, none of them inside another."""
    folders = []
    for path in (sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix), PACKAGES):
        if not any(Path(path).is_relative_to(folder) for folder in ("/usr", *folders)):
            folders.append(str(path))
    return folders


def _everybody_reaches(folder):
    return all(path.stat().st_mode & 0o005 == 0o005 for path in [Path(folder), *Path(folder).parents])


def _options(name, paths, twice=False):
    return [part for path in paths for part in ([name, path, path] if twice else [name, path])]


def _system(link):
    """/bin and /lib are links into /usr on most systems, and folders on some."""
    return ["--symlink", os.readlink(link), str(link)] if link.is_symlink() else ["--ro-bind", str(link), str(link)]


def _write_library(folder, forbidden):
    skipped = shutil.ignore_patterns("__pycache__", "tasks", "grading", "widgets")
    package = Path(shutil.copytree(PACKAGE, folder / "emlib", ignore=skipped))
    (package / "grading").mkdir()
    shutil.copy(PACKAGE / "grading" / "worker.py", package / "grading")
    tuples = {n: t._fields for n in exercises.__all__ if hasattr(t := getattr(exercises, n), "_fields")}
    stand_in = EXERCISES + "".join(f"{n} = namedtuple({n!r}, {fields!r})\n" for n, fields in tuples.items())
    (package / "exercises" / "__init__.py").write_text(stand_in, "utf-8")
    for file in package.rglob("*.py"):
        module = ".".join(file.relative_to(folder).with_suffix("").parts)
        if file.name != "__init__.py" and any(module.startswith(f"{name}.") or module == name for name in forbidden):
            file.write_text(REFUSED, "utf-8")
    # Compiled once here, where a worker could not store it.
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(package)], check=True, stdout=subprocess.DEVNULL)
    for path in package.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


# ---- what is in force ----------------------------------------------------------------------------------------------


def _complaint(sandbox):
    """Why bubblewrap does not start here, in its own words; empty if it does."""
    command = [*sandbox._wrapping(sandbox._library(())), sys.executable, "-c", ""]
    try:
        tried = subprocess.run(command, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if tried.returncode == 0 else printable(tried.stderr.decode("utf-8", "replace"), 200)


def _probed(sandbox):
    """The sandbox that knows what learners' code can do in it beyond computing: tried out, not assumed."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        Path(folder).chmod(0o777)
        file = Path(folder, "marks")
        file.touch()
        inputs = (server.getsockname()[1], str(file), str(Path(folder, "new")))
        reply, _ = sandbox.run([PROBE], 0, "probe", [inputs])
    try:
        found = json.loads(reply)["answers"][0]["value"][0]
    except (ValueError, LookupError, TypeError):
        return sandbox
    return replace(sandbox, possible=tuple(name for name in ("network", "files", "processes") if name in found))


def _shortcoming(sandbox):
    """What a probed sandbox does not do; empty if it does all."""
    if sandbox.possible is None:
        return "no answer came from a process in it; can this Python and its NumPy be used from there?"
    return f"it leaves open to learners' code: {', '.join(sandbox.possible)}" if sandbox.possible else ""


def _kill(process, mark):
    """End a worker with its process group and, outside of bubblewrap, whatever left the group."""
    _kill_group(process)
    process.wait()
    if mark is None:
        return
    # What a process inherited at its birth it keeps, wherever it went: Linux shows it to the user who owns it.
    for _ in range(100):
        left = [path for path in Path("/proc").glob("[0-9]*") if _carries(path, mark)]
        if not left:
            return
        for path in left:
            with suppress(OSError):
                os.kill(int(path.name), signal.SIGKILL)
        time.sleep(0.01)


def _kill_group(process):
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _carries(process, mark):
    with suppress(OSError):
        return mark.encode() in (process / "environ").read_bytes() and "\nState:\tZ" not in (
            process / "status"
        ).read_text("utf-8", "replace")
    return False
