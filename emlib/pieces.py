"""Data in pieces. Statistics add, so an E-step over data of any size is the sum of the E-steps over their pieces.

Whoever has data that no array can hold says how to go over them: where the pieces are (`emlib.scale`), and, if they lie
on other machines, how to add there. The loop of `emlib.engine` does not see the difference.
"""

import abc
import importlib
import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from emlib import checks
from emlib.additive import add

#: So many rows, drawn at random, are enough to make a start from.
ENOUGH = 10_000


class Pieces(abc.ABC):
    """Data that come in pieces, which can be gone over again and again, each piece being data that a model reads.

    Attributes
    ----------
    rows : int or None
        N; None until the data have been gone over once, where nobody can know it before.
    """

    rows = None

    @abc.abstractmethod
    def __iter__(self):
        """Yield every piece, in the same order each time."""

    def placed(self):
        """Yield every piece with the `Place` where it begins, by which errors call it."""
        row = 0
        for i, piece in enumerate(self):
            yield Place(f"block {i}", 0, row), piece
            row += len(piece)

    def total(self, function):
        """The sum of ``function(piece)`` over the pieces, with the results' own ``+``."""
        total = None
        for place, piece in self.placed():
            try:
                result = function(piece)
            except Exception as error:
                place.tell(error, len(piece))
                raise
            total = result if total is None else add(total, result)
        return total

    def sample(self, n, rng):
        """`n` rows, each set of them equally likely, in the order of the data; all rows if there are no more.

        Which rows these are does not depend on how the data are cut into pieces.

        Vitter (1985), Random sampling with a reservoir. ACM Trans. Mathematical Software 11, 37–57, whose reservoir
        here holds the rows with the smallest of N random numbers.
        """
        n, rng = checks.integer(n, "n"), checks.rng(rng, "rng")
        rows, keys, largest = None, np.empty(0), np.inf
        for place, piece in self.placed():
            if isinstance(piece, list):
                raise TypeError(f"{place.source} is a list; rows can be drawn from arrays only")
            drawn = rng.random(len(piece))
            nearer = np.flatnonzero(drawn < largest)
            new = checks.rows(piece, place.source)[nearer]
            if rows is not None and rows.shape[1:] != new.shape[1:]:
                raise ValueError(f"{place.source} has rows of shape {new.shape[1:]}; the first has {rows.shape[1:]}")
            rows = new if rows is None else np.concatenate([rows, new])
            keys = np.concatenate([keys, drawn[nearer]])
            if len(keys) >= n:
                kept = np.sort(np.argpartition(keys, n - 1)[:n])
                rows, keys = rows[kept], keys[kept]
                largest = keys.max()
        return rows

    def __len__(self):
        if self.rows is None:
            self.rows = self.total(len)
        return self.rows


class Place(NamedTuple):
    """Where a piece begins.

    Attributes
    ----------
    source : str
        What holds it: a file, a partition; "x" is the whole.
    row : int
        Its first row there.
    row_of_all : int or None
        Its first row in the whole, where that is known.
    columns : sequence of str
        What the columns are called, where they have names.
    """

    source: str
    row: int
    row_of_all: int | None
    columns: Sequence = ()

    def tell(self, error, n_rows):
        """Let `error`, which arose in the `n_rows` rows from here, name the row in its source and not in the piece."""
        if len(error.args) != 1 or not isinstance(error.args[0], str):
            return
        message = error.args[0]
        named = re.match(r"x\[(\d+)(?:, (\d+))?\]", message)
        if not named:
            here = f"{self.source}, rows {self.row} to {self.row + n_rows - 1}"
            if re.search(r"\bx\b", message):
                error.args = (f"{here}: {message}",)
            else:
                error.add_note(f"in {here}")
            return
        row, column = int(named[1]), ""
        if named[2] is not None:
            column = f", column {repr(self.columns[int(named[2])]) if self.columns else named[2]}"
        whole = "" if self.source == "x" or self.row_of_all is None else f" (row {self.row_of_all + row:,} of x)"
        error.args = (f"{self.source}, row {self.row + row}{column}{whole}{message[named.end() :]}",)


#: Who goes over what: the types by their names, so that nothing is imported before it is needed.
_HOMES = (
    ("numpy", "memmap", "emlib.scale.files:Rows"),
    ("dask", "", "emlib.scale.cluster:Partitions"),
)


def recognised(x):
    """`x` as `Pieces` where it is more than an array can hold, and as it is otherwise.

    A memory map, a path or a list of paths, a function that returns the blocks anew, a Dask array or DataFrame.
    """
    kind = type(x)
    for package, name, home in _HOMES:
        if kind.__module__.split(".")[0] == package and name in ("", kind.__name__):
            return imported(home)(x)
    several = x if isinstance(x, (list, tuple)) else [x]
    if len(several) and all(isinstance(one, (str, os.PathLike)) for one in several):
        return imported("emlib.scale.files:Files")(several)
    if isinstance(x, Iterator):
        raise TypeError(
            f"x is a {kind.__name__}, which can be read only once, and EM goes over the data again and again; "
            "give a function without arguments that returns the blocks anew"
        )
    if callable(x) and not isinstance(x, (np.ndarray, type)):
        return imported("emlib.scale.files:Blocks")(x)
    return x


def imported(home):
    """What ``"module:name"`` says, imported only now."""
    module, name = home.split(":")
    return getattr(importlib.import_module(module), name)
