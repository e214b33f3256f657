"""Read what a class handed in, as if each file wanted to harm its reader: bounded, nothing unpacked, nothing run."""

import itertools
import json
import mmap
import os
import re
import stat
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

#: Bytes of one learner's notebooks with all outputs, and of one notebook without them.
LARGEST_FILE, LARGEST_SOURCE = 300_000_000, 4_000_000
#: Files in one folder or archive, bytes of an archive's list of files, and notebooks of one learner.
MOST_FILES, LARGEST_DIRECTORY, MOST_NOTEBOOKS = 20_000, 8_000_000, 10
#: Brackets in one notebook, and how deep they may stand in each other.
MOST_BRACKETS, DEEPEST = 5_000_000, 100

NOT_HANDED_IN = {".ipynb_checkpoints", "__MACOSX", ".git", ".DS_Store", "Thumbs.db", "desktop.ini"}
# What lies between two brackets is passed over in one piece, strings with the brackets inside them too.
STEP = re.compile(
    rb'(?:[^"\[\]{}]++|(?!"(?:outputs|attachments)"\s*+:\s*+[\[{])"(?:[^"\\]++|\\.)*+")*+'
    rb'("(?:outputs|attachments)"\s*+:\s*+|[\[\]{}])',
    re.DOTALL,
)


class Unreadable(ValueError):
    """A file that cannot be read as a notebook; the sentence says why and what to do."""


@dataclass(frozen=True)
class Cell:
    """A code cell: the name that nbgrader's metadata give it (or None), and its text."""

    grade_id: str | None
    source: str
    is_check: bool = False
    points: float = 0


@dataclass(frozen=True)
class Notebook:
    """One file as it was handed in: its name, its code cells, and why it has none."""

    name: str
    cells: tuple[Cell, ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class _Found:
    """A file that is not read yet: its path below what was handed in, and how to open it if it is a notebook.

    A folder is one whose last part is "": it may be all that a learner handed in.
    """

    parts: tuple[str, ...]
    open: Callable | None = None


def read(paths):
    """Read the notebooks of a class.

    Parameters
    ----------
    paths : list of path
        Notebooks, folders, and zip archives of either. The learner is the first folder below; where there is
        none, the notebook's file name. A folder around a whole class is passed over: one that holds folders with
        notebooks, or several notebooks.

    Returns
    -------
    learners : dict of str to list of Notebook
        In the order of their names. Whose folder holds no notebook has one with a problem that says so. Empty if
        nobody handed in a notebook.
    skipped : list of str
        A sentence on everything beside the learners' folders that was passed over, and on a folder that could as well
        be one learner's.

    Raises
    ------
    ValueError
        If one of ``paths`` does not exist or is none of these.
    """
    found, skipped, direct = [], [], []
    for path in map(Path, paths):
        if path.is_dir():
            found += _without_common_folder(list(_in_folder(path, skipped)), 2, skipped)
        elif path.suffix.lower() == ".zip" and path.is_file():
            found += _without_common_folder(list(_in_archive(path, skipped)), 2, skipped)
        elif path.suffix.lower() == ".ipynb" and (path.is_file() or path.is_symlink()):
            direct.append(_Found(path.absolute().parts[-2:], _opener(path)))
        else:
            raise ValueError(f"{path} is not a notebook (.ipynb), a folder or a .zip of a class")
    found += _without_common_folder(direct, 1, [])

    handed_in = {}
    for one in found:
        if len(one.parts) > 1:
            handed_in.setdefault(one.parts[0], []).append(one)
        elif one.open:
            handed_in.setdefault(Path(one.parts[0]).stem, []).append(one)
        elif one.parts[0]:
            skipped.append(f"{printable(one.parts[0], 100)}: not a notebook (.ipynb)")
    if not any(one.open for one in found):
        return {}, skipped
    learners = {}
    for folder, some in sorted(handed_in.items()):
        shown = printable(folder, 100) or "(no name)"
        # Two names may look alike when printed, and their learners are two all the same.
        alike = (f"{shown} ({number})" for number in itertools.count(2))
        name = next(name for name in itertools.chain([shown], alike) if name not in learners)
        learners[name] = _read_all(name, some)
    return learners, skipped


def printable(text, longest):
    """Text of unknown origin, fit for any file: one line, no control characters, of bounded length."""
    # What is no character, such as a byte of a file's name in another encoding, is told by its number.
    text = text[: 4 * longest].encode("utf-8", "backslashreplace").decode("utf-8")
    text = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def read_notebook(name, stream):
    """Read one notebook from an open file, or say why it cannot be read."""
    try:
        return Notebook(name, _code_cells(_document(stream)))
    except Unreadable as error:
        return Notebook(name, problem=str(error))


def _read_all(learner, found):
    """The notebooks of one learner, within what one learner may take of time and memory."""
    handed_in = [one for one in found if one.open]
    if not handed_in:
        others = printable(", ".join(one.parts[-1] for one in found if one.parts[-1]), 100)
        return [Notebook(learner, problem="no notebook was found in it" + (f" (only {others})" if others else ""))]
    left, notebooks = LARGEST_FILE, []
    for one in handed_in[:MOST_NOTEBOOKS]:
        name = printable("/".join(one.parts), 200)
        try:
            with one.open(left) as stream:
                left -= os.fstat(stream.fileno()).st_size
                notebooks.append(read_notebook(name, stream))
        except Unreadable as error:
            notebooks.append(Notebook(name, problem=str(error)))
        except (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
            notebooks.append(Notebook(name, problem=f"the file could not be opened ({printable(str(error), 200)})"))
    return notebooks


# ---- where the notebooks are -------------------------------------------------------------------------------


def _without_common_folder(found, fewest, skipped):
    """Leave out the folders that all notebooks share if they name the class, not a learner.

    They do if several folders with notebooks lie in them, or at least ``fewest`` notebooks.
    """
    folders = [one.parts[:-1] for one in found if one.open]
    depth = _shared(*folders)
    if len({folder[depth] for folder in folders if len(folder) > depth}) < 2:
        if len(folders) < fewest:
            return found
        if depth:
            skipped.append(
                f"{printable('/'.join(folders[0][:depth]), 200)} was taken for the class, and each notebook in it for "
                "a learner; if it is one learner's, put it beside the others'"
            )
    return [replace(one, parts=one.parts[_shared(one.parts[:-1], folders[0][:depth]) :]) for one in found]


def _shared(*paths):
    """How many of their first parts are the same in all of them."""
    return len(list(itertools.takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False))))


def _in_folder(folder, skipped):
    seen = 0
    for where, folders, files in os.walk(folder):
        yield _Found((*Path(where).relative_to(folder).parts, ""))
        folders[:] = sorted(set(folders) - NOT_HANDED_IN)
        for name in sorted(folders):
            if Path(where, name).is_symlink():
                skipped.append(f"{printable(name, 100)}: a link to a folder; links are not followed")
        for name in sorted(set(files) - NOT_HANDED_IN):
            seen += 1
            if seen > MOST_FILES:
                skipped.append(f"{folder.name}: more than {MOST_FILES} files; the rest was not looked at")
                return
            path = Path(where, name)
            parts = path.relative_to(folder).parts
            if path.suffix.lower() == ".ipynb":
                yield _Found(parts, _opener(path))
            elif path.suffix.lower() == ".zip" and not path.is_symlink():
                for one in _in_archive(path, skipped):
                    yield replace(one, parts=(*parts[:-1], path.stem, *one.parts))
            else:
                yield _Found(parts)


def _opener(path):
    def opened(largest):
        # A link may lead anywhere, and opening a pipe waits for ever.
        if not stat.S_ISREG(path.lstat().st_mode):
            raise Unreadable("it is a link, not a file; hand in the notebook itself")
        if path.lstat().st_size > largest:
            raise Unreadable(_too_large(path.lstat().st_size))
        return os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb")

    return opened


def _too_large(size):
    return f"it is too large ({size / 1e6:.0f} MB); clear the outputs and hand it in again"


def _in_archive(path, skipped):
    yield _Found(("",))
    title = printable(path.name, 100)
    try:
        _check_directory(path)
        archive = zipfile.ZipFile(path)
    except (Unreadable, OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        skipped.append(f"{title}: not a zip archive that can be read ({printable(str(error), 200)})")
        return
    members = archive.infolist()
    if len(members) > MOST_FILES:
        skipped.append(f"{title}: more than {MOST_FILES} files; the rest was not looked at")
    for member in members[:MOST_FILES]:
        inside = member.filename.replace("\\", "/")
        parts = PurePosixPath(inside).parts
        name = f"{title}: {printable(member.filename, 200)}"
        if not parts:
            continue
        if ".." in parts or inside.startswith("/") or ":" in parts[0]:
            skipped.append(f"{name} leads out of the archive, and was not read")
        elif inside.endswith("/") or NOT_HANDED_IN & set(parts):
            yield _Found((*itertools.takewhile(lambda part: part not in NOT_HANDED_IN, parts), ""))
        elif inside.lower().endswith(".ipynb"):
            yield _Found(parts, _member_opener(archive, member))
        else:
            if inside.lower().endswith(".zip"):
                skipped.append(f"{name} is an archive inside an archive; unpack the outer one")
            yield _Found(parts)


def _check_directory(path):
    """Refuse an archive whose list of files alone would fill the memory; `zipfile` would read all of it."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 66_000))
        end = file.read()
    record = end.rfind(b"PK\5\6")
    size = int.from_bytes(end[record + 12 : record + 16], "little")
    if record >= 0 and (size > LARGEST_DIRECTORY or b"PK\6\7" in end[max(0, record - 20) : record]):
        raise Unreadable("it lists too many files")


def _member_opener(archive, member):
    def opened(largest):
        if stat.S_ISLNK(member.external_attr >> 16):
            raise Unreadable("it is a link, not a file; hand in the notebook itself")
        # The size that the archive states may be a lie: what counts is what comes out.
        with ExitStack() as closed_on_error:
            unpacked = closed_on_error.enter_context(tempfile.TemporaryFile())
            with archive.open(member) as packed:
                while piece := packed.read(1 << 20):
                    unpacked.write(piece)
                    if unpacked.tell() > largest:
                        raise Unreadable(_too_large(max(largest, member.file_size)))
            unpacked.flush()
            closed_on_error.pop_all()
        return unpacked

    return opened


# ---- what is in them -----------------------------------------------------------------------------------------


def _document(stream):
    """The JSON of a notebook without its outputs, which are passed over without being loaded."""
    size = os.fstat(stream.fileno()).st_size
    if size == 0:
        raise Unreadable("the file is empty")
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
        source = _without_outputs(text)
    if len(source) > LARGEST_SOURCE:
        raise Unreadable(f"its text is too large ({len(source) / 1e6:.0f} MB without outputs)")
    try:
        return json.loads(source.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8 text; save it with Jupyter and hand it in again") from None
    except (ValueError, RecursionError):
        raise Unreadable("it is not a notebook: its JSON is broken") from None


def _without_outputs(text):
    """Cut the value of each cell's "outputs" and "attachments" out of a notebook's JSON."""
    kept, start, depth, outputs_at = [], 0, 0, None
    number = at = 0
    # Each step starts where the last one ended: a search would try a text that breaks off from every byte to its end.
    while step := STEP.match(text, at):
        number, at = number + 1, step.end()
        if number > MOST_BRACKETS or depth > DEEPEST:
            raise Unreadable("it is not a notebook: its JSON has too many parts")
        token = step[1]
        if token in (b"[", b"{"):
            depth += 1
        elif token in (b"]", b"}"):
            depth -= 1
            if outputs_at == depth:
                start, outputs_at = at, None
        elif depth == 3 and outputs_at is None:  # { "cells": [ { "outputs":
            kept += text[start:at], b"null"
            outputs_at = depth
    if outputs_at is None:
        kept.append(text[start : start + LARGEST_SOURCE + 1])
    if sum(map(len, kept)) > LARGEST_SOURCE:
        raise Unreadable(f"its text is too large (more than {LARGEST_SOURCE / 1e6:.0f} MB without outputs)")
    return b"".join(kept)


def _code_cells(document):
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        raise Unreadable("it is not a notebook of format 4; open it in Jupyter, save it, and hand it in again")
    metadata = _part(document, "metadata")
    for place, key in (("kernelspec", "language"), ("language_info", "name")):
        language = _part(metadata, place).get(key, "python")
        if not isinstance(language, str) or not language.lower().startswith(("python", "ipython")):
            raise Unreadable(f"its language is {printable(str(language), 40)}; the course is in Python")
    return tuple(map(_cell, (c for c in document["cells"] if isinstance(c, dict) and c.get("cell_type") == "code")))


def _cell(cell):
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    nbgrader = _part(_part(cell, "metadata"), "nbgrader")
    grade_id, points = nbgrader.get("grade_id"), nbgrader.get("points")
    return Cell(
        grade_id if isinstance(grade_id, str) else None,
        source if isinstance(source, str) else "",
        is_check=nbgrader.get("grade") is True and nbgrader.get("solution") is not True,
        points=points if type(points) in (int, float) else 0,
    )


def _part(document, key):
    part = document.get(key)
    return part if isinstance(part, dict) else {}
