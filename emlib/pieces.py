"""Data in pieces. Statistics add, so an E-step over data of any size is the sum of the E-steps over their pieces.

Whoever has data that no array can hold says how to go over them: where the pieces are (`emlib.scale`), and, if they lie
on other machines, how to add there. The loop of `emlib.engine` does not see the difference.
"""

import abc
import importlib
import os

import numpy as np

from emlib.additive import add


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

    def total(self, function):
        """The sum of ``function(piece)`` over the pieces, with the results' own ``+``."""
        total = None
        for piece in self:
            result = function(piece)
            total = result if total is None else add(total, result)
        return total

    def __len__(self):
        if self.rows is None:
            self.rows = sum(len(piece) for piece in self)
        return self.rows


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
            return _class(home)(x)
    several = x if isinstance(x, (list, tuple)) else [x]
    if len(several) and all(isinstance(one, (str, os.PathLike)) for one in several):
        return _class("emlib.scale.files:Files")(several)
    if callable(x) and not isinstance(x, (np.ndarray, type)):
        return _class("emlib.scale.files:Blocks")(x)
    return x


def _class(home):
    module, name = home.split(":")
    return getattr(importlib.import_module(module), name)
