"""Grade a class's notebooks without trusting one of them.

`submissions` reads what was handed in; `sandbox` runs each exercise in a confined process, `worker`; `marking` judges
the numbers that came back, in a process that never runs a learner's code; `results` writes what came of it.
What this promises and what not stands in the book, on the page about the grader. It needs the extra ``plots``.
"""

import hashlib
import itertools
import json
import platform
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

import numpy as np

from emlib.exercises import EXERCISES
from emlib.grading.marking import Assignment, Mark, answered, mark, read_assignment
from emlib.grading.results import Result, save, saved, write, write_class
from emlib.grading.sandbox import PACKAGE, Limits, NoIsolation, isolated
from emlib.grading.submissions import read

__all__ = ["Assignment", "Limits", "Mark", "NoIsolation", "Result", "grade", "read_assignment"]


def grade(submissions, out, assignment, *, seed=None, isolation="auto", limits=None, jobs=2, progress=None):
    """Grade what a class handed in, and write the results into a folder.

    Every learner's result is written as soon as it is there. A later call with the same folder grades only those whose
    submission changed, or all if the assignment, emlib, the limits, the isolation or the seed did.

    Parameters
    ----------
    submissions : list of path
        Notebooks, folders and zip archives, see `emlib.grading.submissions.read`.
    out : path
        The folder for the results: ``marks.csv``, ``totals.csv``, ``index.html``, ``summary.png``, and a page for each
        learner in ``feedback``. What else is in it (``run.json``, ``records``) is the grader's and not for learners.
    assignment : path
        The notebook that was handed out, or the chapter it was made of: it says which exercises count.
    seed : int, optional
        The inputs follow from it. By default the one of the earlier run into ``out``, or a fresh secret.
    isolation : str
        "auto", "require" or "processes", see `emlib.grading.sandbox.isolated`.
    limits : Limits, optional
        What one exercise of one learner may use.
    jobs : int
        How many learners are graded at a time.
    progress : callable, optional
        Called as ``progress(done, of, learner, was_graded)`` after each.

    Returns
    -------
    list of Result
        In the order of the learners' names.

    Raises
    ------
    ValueError
        If the submissions or the assignment cannot be read or do not belong together, or if ``out`` is a file, lies
        among the submissions, or holds the results of another assignment.
    NoIsolation
        If the isolation that is asked for is not to be had here.
    """
    out, limits = Path(out), limits or Limits()
    assignment = read_assignment(assignment)
    if out.exists() and not out.is_dir():
        raise ValueError(f"out is {out}, a file; give a folder")
    if any(out.resolve().is_relative_to(Path(path).resolve()) for path in submissions):
        raise ValueError(f"out is {out}, which lies among the submissions; give a folder beside them")
    graded_before, kept_seed = _earlier(out)
    if graded_before not in (None, assignment.name):
        raise ValueError(f"{out} holds the results of {graded_before}; give {assignment.name} a folder of its own")
    learners, skipped = read(submissions)
    if not learners:
        raise ValueError("; ".join(["there is no notebook (.ipynb) in what is to be graded", *skipped[:3]]))
    notebooks = list(itertools.chain(*learners.values()))
    if not any(answered(n, assignment.points) for n in notebooks) and any(answered(n, EXERCISES) for n in notebooks):
        raise ValueError(
            f"no notebook answers an exercise of {assignment.name}, but some answer others; is the assignment right?"
        )
    seed = kept_seed if seed is None else seed
    results, stop = {}, threading.Event()
    with isolated(isolation, limits) as sandbox:
        run = {"assignment": assignment.name, "seed": seed, "isolation": str(sandbox), "limits": limits._asdict()}
        write(out / "run.json", json.dumps(run | {"points": assignment.points}, indent=1))
        conditions = [run, assignment.points, _fingerprint()]

        def one(learner):
            key = _hash([conditions, [asdict(notebook) for notebook in learners[learner]]])
            if result := saved(out, learner, key):
                return result, False
            marks, notes = mark(learners[learner], assignment, sandbox, seed, stop.is_set)
            if marks is None:
                return None, False
            save(out, result := Result(learner, marks, notes), key, run)
            return result, True

        with ThreadPoolExecutor(jobs) as pool:
            waiting = {pool.submit(one, learner): learner for learner in learners}
            try:
                for future in as_completed(waiting):
                    learner = waiting[future]
                    results[learner], was_graded = future.result()
                    if progress:
                        progress(len(results), len(learners), learner, was_graded)
            finally:
                # After Ctrl-C or an error: nothing new is begun, and the tables tell what there is.
                stop.set()
                sandbox.stop()
                pool.shutdown(cancel_futures=True)
                done = [results[learner] for learner in learners if results.get(learner)]
                write_class(out, done, skipped, run)
    return done


def _earlier(out):
    """The assignment and the seed of an earlier run into this folder, or None and a fresh secret."""
    try:
        run = json.loads((out / "run.json").read_text("utf-8"))
        return run["assignment"], int(run["seed"])
    except (OSError, ValueError, LookupError, TypeError):
        return None, secrets.randbits(64)


def _hash(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _fingerprint():
    """What the verdicts depend on besides the submission: every line of emlib, NumPy and Python."""
    files = sorted(PACKAGE.rglob("*.py"))
    emlib = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return [emlib, np.__version__, platform.python_version()]
