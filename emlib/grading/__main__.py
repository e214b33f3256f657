"""Grade notebooks: python3 course.py grade SUBMISSIONS… --out results.

SUBMISSIONS are notebooks, folders, or zip archives of a class. Which exercises count, and for how many points,
stands in the assignment: the notebook that was handed out, or the chapter it was made of.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

from emlib.grading import Limits, NoIsolation, grade
from emlib.grading.sandbox import ISOLATIONS, PACKAGE


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="course.py grade", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("submissions", nargs="+", type=Path, metavar="SUBMISSIONS")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results; a second run continues it")
    parser.add_argument("--assignment", default="05", help="a chapter's number, or a notebook (default: %(default)s)")
    parser.add_argument("--isolation", choices=ISOLATIONS, default="auto", help="'require' refuses without bubblewrap")
    parser.add_argument("--seed", type=int, help="draw the same inputs as another run (default: a fresh secret)")
    parser.add_argument("--jobs", type=int, default=2, help="learners at a time (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=Limits().cpu, help="of computing for each exercise")
    chosen = parser.parse_args(arguments)
    limits = Limits()._replace(cpu=chosen.seconds, wall=2 * chosen.seconds)
    try:
        results = grade(
            chosen.submissions,
            chosen.out,
            _notebook(chosen.assignment),
            seed=chosen.seed,
            isolation=chosen.isolation,
            limits=limits,
            jobs=chosen.jobs,
            progress=_show,
        )
    except (ValueError, OSError, NoIsolation) as error:
        print(f"grade: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\ngrade: stopped; what was graded is in {chosen.out}, and the same command goes on", file=sys.stderr)
        return 130
    isolation = json.loads((chosen.out / "run.json").read_text("utf-8"))["isolation"]
    print(f"{len(results)} learners graded in {isolation}; open {chosen.out / 'index.html'}")
    return 0


def _notebook(name):
    """A chapter by its number, or the notebook itself."""
    if name.endswith(".ipynb"):
        return Path(name)
    found = sorted((PACKAGE.parent / "notebooks").glob(f"{name}*.ipynb"))
    if len(found) != 1:
        raise ValueError(f"--assignment is {name}; give the number of a chapter, such as 05, or a notebook")
    return found[0]


def _show(done, of, learner, was_graded):
    """A bar where somebody watches, a line for each learner where the output goes to a file."""
    said = learner if was_graded else f"{learner} (unchanged)"
    if not sys.stderr.isatty():
        print(f"{done}/{of} {said}", file=sys.stderr)
        return
    filled = 24 * done // of
    line = f"[{'#' * filled}{'.' * (24 - filled)}] {done}/{of} {said}"
    print("\r" + line[: shutil.get_terminal_size().columns - 1].ljust(78), end="\n" * (done == of), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
