"""Data on Dask. The model goes to the data: parameters out, sums back, once per iteration.

Each partition is looked at where it lies, eight results at a time are added up in a tree, and what is left is as small
as the statistics of one partition. The tree's shape depends on the number of partitions alone, so that neither luck
nor the death of a worker changes a digit.
"""

import functools
import hashlib
import importlib.resources
import math
import operator
import pickle
import uuid
from dataclasses import dataclass

import cloudpickle
import dask.array
import numpy as np
from dask.base import get_scheduler
from dask.utils import is_dataframe_like

from emlib.additive import add
from emlib.blocks import one_thread
from emlib.pieces import Pieces, Place

#: How many results are added up at a time.
FAN_IN = 8


class Partitions(Pieces):
    """The partitions of a Dask array or DataFrame; `emlib.fit` and its like make them of what they are given.

    Each pass computes `x` anew. Where the workers have the memory for it, ``x = x.persist()`` keeps the data there;
    where they have not, each pass reads its source again. Empty partitions are passed over.

    Parameters
    ----------
    x : dask.array.Array, (N, D), or dask.dataframe.DataFrame
        Cut along the rows only. The columns of a DataFrame hold numbers. What Dask does not know before, how many rows
        there are, is counted by the first pass.
    client : distributed.Client, optional
        The cluster that does the work: else the client that is active now, or this machine's threads.

    Raises
    ------
    TypeError
        If `x` is something else from Dask.
    ValueError
        If an array is cut across its columns: putting rows together would send all the data around in each pass.
    """

    def __init__(self, x, client=None):
        if is_dataframe_like(x):
            self._form = list(x.columns)
        elif isinstance(x, dask.array.Array) and x.ndim:
            if any(len(chunks) > 1 for chunks in x.chunks[1:]):
                raise ValueError(
                    f"x is cut across its columns, into chunks of {x.chunks[1]}; a partition must hold whole rows: "
                    "give x.rechunk({1: -1})"
                )
            self._form = x.shape[1:]
            self.rows = None if math.isnan(x.shape[0]) else x.shape[0]
        else:
            raise TypeError(f"x is a Dask {type(x).__name__}; give an array with one row per data point or a DataFrame")
        self._x = x  # what is persisted stays with the workers while someone holds it
        self._get = get_scheduler(scheduler=client, collections=[x])
        partitions = np.ravel(x.to_delayed())
        self._graph = dict(partitions[0].dask)
        self._keys = [partition.key for partition in partitions]
        # Dask's optimisation drops what is persisted
        self._graph.update((key, x.dask[key]) for key in self._keys if key not in self._graph)

    def __iter__(self):
        for number in range(len(self._keys)):
            rows = self._total(_first, number, number + 1)
            if rows is not None:
                yield rows

    def total(self, function):
        """The sum of ``function(partition)``, each computed where the partition is."""
        return self._whole(functools.partial(_unnumbered, function))

    def sample(self, n, rng):
        """`n` rows, each set of them equally likely, in the order of the data; all rows if there are no more."""
        return self._whole(_Draw(n, int(rng.integers(2**63)))).rows

    def _whole(self, function):
        total = self._total(function, 0, len(self._keys))
        if total is None:
            raise ValueError(f"x is empty: none of its {len(self._keys)} partitions holds a row")
        return total

    def _total(self, function, start, stop):
        """The sum of ``function(rows, number)`` over some of the partitions; None where they are empty."""
        run = uuid.uuid4().hex
        look, plus = f"look-{run}", f"add-{run}"
        graph = {
            **self._graph,
            look: _program(_Look(_program(function), self._form, edition())),
            plus: _program(_added),
        }
        level = []
        for number in range(start, stop):
            level.append(f"part-{run}-{number}")
            graph[level[-1]] = _task(look, self._keys[number], number)
        while len(level) > 1:
            groups = [level[first : first + FAN_IN] for first in range(0, len(level), FAN_IN)]
            level = [f"sum-{group[0]}" for group in groups]
            graph.update((key, _task(plus, group)) for key, group in zip(level, groups, strict=True))
        try:
            with one_thread():  # Dask's threads share the processors; worker processes are started with one each
                return self._get(graph, level[0])
        except Exception as error:
            sentence = _explained(error)
            if sentence is None:
                raise
            raise RuntimeError(sentence) from error


def _program(function):
    """A function as bytes, which travel once per pass to each worker, and which a worker without emlib can hold too.

    Such a worker says so when it is to run them; a message with a function in it, that it cannot read, stops it dead.
    """
    program = cloudpickle.dumps(function)
    if b"numpy.random._pickle" in program:
        raise TypeError("the model holds a random generator, of which each partition would get a copy and draw alike")
    return program


def _task(program, *arguments):
    """Dask's way to write ``function(*arguments)``, the function being given by the key of its program."""
    return (operator.call, (pickle.loads, program), *arguments)


@dataclass(frozen=True)
class _Look:
    """What is done with each partition, where it lies."""

    program: bytes
    form: list | tuple  # the names of the columns, or the shape of a row
    edition: str

    def __call__(self, partition, number):
        if edition() != self.edition:
            raise ImportError("a worker has another emlib than the one that calls it; install the same everywhere")
        function = pickle.loads(self.program)
        name = f"partition {number}"
        rows = _rows(partition, name, self.form)
        try:
            return function(rows, number) if len(rows) else None
        except Exception as error:
            Place(name, 0, None, self.form if isinstance(self.form, list) else ()).tell(error, len(rows))
            raise


def _rows(partition, name, form):
    """The rows of a partition as an array, if they are what Dask has promised."""
    if is_dataframe_like(partition):
        if list(partition.columns) != form:
            raise ValueError(f"{name} has the columns {list(partition.columns)}; Dask was told {form}")
        for column, kind in partition.dtypes.items():
            if getattr(kind, "kind", "O") not in "biuf":
                raise TypeError(f"{name}, column {column!r}, holds {kind} values; give numbers")
        rows = partition.to_numpy()
        return rows if rows.dtype.kind in "biuf" else partition.to_numpy(dtype=float, na_value=np.nan)
    if not isinstance(partition, np.ndarray):
        kind = type(partition)
        raise TypeError(
            f"{name} is a {kind.__module__}.{kind.__qualname__}; give NumPy arrays, for example by x.map_blocks"
        )
    if partition.shape[1:] != form and not np.isnan(form).any():
        raise ValueError(f"{name} has the shape {partition.shape}; Dask was told {('N', *form)}")
    return np.require(partition, requirements="A")  # a message leaves numbers at odd addresses, where all is slow


def _unnumbered(function, rows, number):
    return function(rows)


def _first(rows, number):
    return rows


def _added(parts):
    """The sum of what is there, in the given order."""
    there = [part for part in parts if part is not None]
    return functools.reduce(add, there) if there else None


@dataclass(frozen=True)
class _Draw:
    """The `n` rows that draw the smallest numbers."""

    n: int
    seed: int

    def __call__(self, rows, number):
        return _Drawn(rows, np.random.default_rng([self.seed, number]).random(len(rows)), self.n).cut()


@dataclass(frozen=True)
class _Drawn:
    rows: np.ndarray
    numbers: np.ndarray
    n: int

    def __add__(self, other):
        both = (self.rows, other.rows), (self.numbers, other.numbers)
        return _Drawn(*map(np.concatenate, both), self.n).cut()

    def cut(self):
        kept = np.sort(np.argsort(self.numbers)[: self.n])
        return _Drawn(self.rows[kept], self.numbers[kept], self.n)


@functools.cache
def edition():
    """A fingerprint of emlib's own text: two processes with the same one compute the same."""
    digest = hashlib.sha256()
    for source in _sources(importlib.resources.files("emlib")):
        digest.update(source.read_text("utf-8").encode())
    return digest.hexdigest()


def _sources(folder):
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _sources(entry)
        elif entry.name.endswith(".py"):
            yield entry


def _explained(error):
    """What went wrong with the cluster, in a sentence; None where it was not the cluster."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "KilledWorker" in kinds:
        return (
            f"{error.allowed_failures + 1} workers died one after the other over the same partition, most often "
            "because it does not fit their memory: cut x into smaller partitions, or give the workers more"
        )
    if "ClosedClientError" in kinds:
        return "the Dask client is closed; connect a new one, and make x with it"
    if "CancelledError" in kinds:
        return (
            "Dask gave the work up: its client or cluster was closed or restarted meanwhile, or data were lost that it "
            "cannot compute again"
        )
    if isinstance(error, ModuleNotFoundError):
        return f"a worker has no module {error.name}; install there what you use here"
    return None
