"""Data that stay on the disk, or wherever a function fetches them from: one block of rows after the other is in memory.

`emlib.fit` makes these by itself out of a memory map, of paths and of a function; say `Files` to choose columns.
"""

import math
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from emlib.pieces import Pieces, Place

#: A block has as many rows as fit these bytes, and no more rows than that.
BLOCK_BYTES, BLOCK_ROWS = 2**23, 2**18


class Rows(Pieces):
    """The rows of something like an array that lies on the disk: an `np.memmap`, an HDF5 or Zarr data set.

    A map of a file that is cut short under way ends the process; `Files` reads the same file and says what happened.

    Parameters
    ----------
    x : with ``shape``, ``dtype`` and slices
    """

    def __init__(self, x):
        if not x.shape or not x.shape[0]:
            raise ValueError(f"x is empty: its shape is {x.shape}; it needs at least one row")
        self.x, self.rows = x, x.shape[0]

    def __iter__(self):
        return (block for _, block in self.placed())

    def placed(self):
        """Yield every block of rows with its place."""
        for start, stop in _cuts(self.x.shape, self.x.dtype):
            yield Place("x", start, start), np.asarray(self.x[start:stop])


class Files(Pieces):
    """The rows of ``.npy`` and Parquet files, one file after the other.

    No file is read as a whole, but block by block, a Parquet file row group by row group. What is in the files must
    stay as it is: a change is an error at the next block.

    Parameters
    ----------
    paths : str, path or list of them
    columns : list of str, optional
        Which columns of Parquet files, in this order; those of the first file if not given.

    Raises
    ------
    OSError
        If a file is missing, may not be read, is damaged or cut short, or changes under way.
    TypeError, ValueError
        If a file holds something else than numbers, or has other columns than the first.
    """

    def __init__(self, paths, columns=None):
        several = [paths] if isinstance(paths, (str, os.PathLike)) else paths
        files, names = [], columns
        for path in map(Path, several):
            if path.suffix.lower() in (".parquet", ".pq"):
                files.append(_Parquet(path, names))
                names = files[-1].columns
            elif path.suffix.lower() != ".npy" and not path.is_dir():
                raise ValueError(f"{path} is of no kind that can be read block by block; give .npy or .parquet files")
            elif columns is not None:
                raise ValueError(f"columns are chosen by name, in Parquet files; {path} has no names")
            else:
                files.append(_Npy(path))
        self.files = [file for file in files if file.shape[0]]  # one without rows says nothing
        if not self.files:
            raise ValueError(f"x is empty: {', '.join(map(str, several)) or 'no file'}: there is not one row")
        first = self.files[0]
        for file in self.files:
            if file.shape[1:] != first.shape[1:]:
                raise ValueError(f"{file.path} has {_width(file)}; the first file, {first.path}, has {_width(first)}")
        self.rows = sum(file.shape[0] for file in self.files)

    def __iter__(self):
        return (block for _, block in self.placed())

    def placed(self):
        """Yield every block of rows with its place."""
        row_of_all = 0
        for file in self.files:
            row = 0
            for block in file.blocks():
                file.refuse_change()
                yield Place(str(file.path), row, row_of_all), block
                row, row_of_all = row + len(block), row_of_all + len(block)


class Blocks(Pieces):
    """The blocks of rows that a function returns anew each time it is called.

    Parameters
    ----------
    function : function without arguments
        Returns an iterator of blocks: the same ones each time, each small enough for the memory. Empty ones are left
        out.
    """

    def __init__(self, function):
        self.function = function

    def __iter__(self):
        blocks, rows = self.function(), 0
        if isinstance(blocks, np.ndarray) or not isinstance(blocks, Iterable):
            raise TypeError(f"x() returned a {type(blocks).__name__}; it must return an iterator of blocks of rows")
        for block in blocks:
            try:
                n = len(block)
            except TypeError:  # of a sparse matrix as well
                raise TypeError(
                    f"x() yielded a {type(block).__name__}; each block must be a dense array, or what else the model "
                    "reads"
                ) from None
            if n:
                rows += n
                yield block
        if self.rows is None and not rows:
            raise ValueError("x is empty: x() yielded no rows")
        if self.rows not in (None, rows):
            raise RuntimeError(
                f"x() yielded {self.rows:,} rows at first and {rows:,} now; it must return the same blocks each time"
            )
        self.rows = rows


class _File:
    """A file with its ``shape``, whose ``blocks()`` are its rows."""

    def __init__(self, path):
        self.path = path
        self.state = self._state()

    def refuse_change(self):
        """An OSError unless the file has the size and the time of change that it had at first."""
        if self._state() != self.state:
            raise OSError(f"{self.path} has changed under way; data must stay as they are until the run is over")

    def _state(self):
        try:
            if self.path.is_dir():
                pattern = (self.path / "*.npy").as_posix()
                raise IsADirectoryError(f"{self.path} is a directory; give its files: sorted(glob.glob({pattern!r}))")
            with open(self.path, "rb") as file:
                found = os.fstat(file.fileno())
        except FileNotFoundError:
            raise FileNotFoundError(f"{self.path} does not exist; x must name files that do") from None
        except PermissionError:
            raise PermissionError(f"{self.path} may not be read: permission denied") from None
        return found.st_size, found.st_mtime_ns


class _Npy(_File):
    """Not mapped but read: a map would end the process where a file is cut short, and here that is an error."""

    def __init__(self, path):
        super().__init__(path)
        with open(path, "rb") as file:
            try:
                header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[npy.read_magic(file)]
                self.shape, self.by_columns, self.dtype = header(file)
            except (ValueError, KeyError) as error:
                raise ValueError(f"{path} is no .npy file of plain numbers, or is damaged: {error}") from None
            self.offset = file.tell()
        if self.dtype.hasobject:
            raise TypeError(f"{path} holds pickled Python objects, which are never loaded; save an array of numbers")
        if self.dtype.kind not in "biuf":
            raise TypeError(f"{path} holds {self.dtype} values; give real numbers")
        if not self.shape:
            raise ValueError(f"{path} holds a single number; x needs rows")
        needed = self.offset + math.prod(self.shape) * self.dtype.itemsize
        if self.state[0] < needed:
            raise OSError(
                f"{path} is cut short: it has {self.state[0]:,} bytes; its shape {self.shape} needs {needed:,}"
            )

    def blocks(self):
        n, *others = self.shape
        for start, stop in _cuts(self.shape, self.dtype):
            if self.by_columns:
                block = np.empty((math.prod(others), stop - start), self.dtype)
                for d, column in enumerate(block):
                    column[:] = self._values(d * n + start, stop - start)
                yield block.T.reshape((stop - start, *others), order="F")
            else:
                width = math.prod(others)
                yield self._values(start * width, (stop - start) * width).reshape(stop - start, *others)

    def _values(self, first, count):
        """`count` values in the file's own order, from the `first`."""
        self.refuse_change()
        values = np.fromfile(self.path, self.dtype, count, offset=self.offset + first * self.dtype.itemsize)
        if len(values) < count:
            self.refuse_change()
        return values


class _Parquet(_File):
    def __init__(self, path, columns):
        super().__init__(path)
        arrow, file = self._opened()
        with file:
            schema, n = file.schema_arrow, file.metadata.num_rows
        self.columns = schema.names if columns is None else list(columns)
        self.shape = (n, len(self.columns))
        for name in self.columns:
            if schema.names.count(name) != 1:
                raise ValueError(f"{path} has not one column {name!r}: its columns are {schema.names}")
            kind = schema.field(name).type
            if not (arrow.types.is_integer(kind) or arrow.types.is_floating(kind) or arrow.types.is_boolean(kind)):
                raise TypeError(
                    f"{path}, column {name!r} holds {kind} values; choose others: Files(paths, columns=[…])"
                )

    def blocks(self):
        (_, step), *_ = _cuts(self.shape, np.dtype(float))
        row, (arrow, file) = 0, self._opened()
        with file:
            try:
                for batch in file.iter_batches(step, columns=self.columns):
                    yield self._block(batch, row)
                    row += len(batch)
            except (arrow.ArrowException, OSError) as error:
                self.refuse_change()
                raise OSError(f"{self.path} is damaged after row {row}: {error}") from None

    def _block(self, batch, row):
        block = np.empty((len(batch), len(self.columns)))
        for d, name in enumerate(self.columns):
            column = batch.column(name)
            if column.null_count:
                row += int(np.argmax(column.is_null()))
                raise ValueError(f"{self.path}, row {row}, column {name!r} is null; give a number, or nan for a gap")
            block[:, d] = column.to_numpy(zero_copy_only=False)
        return block

    def _opened(self):
        """Arrow, and the file that it has opened."""
        try:
            import pyarrow
            from pyarrow.parquet import ParquetFile
        except ImportError:
            raise ImportError(f"{self.path} needs pyarrow to be read: pip install 'emlib[scale]'") from None
        try:
            return pyarrow, ParquetFile(self.path, pre_buffer=False)
        except (pyarrow.ArrowException, OSError) as error:
            self.refuse_change()
            raise OSError(f"{self.path} is no Parquet file, or is damaged: {error}") from None


def _cuts(shape, dtype):
    """Where each block begins and ends."""
    n, *others = shape
    step = max(1, min(BLOCK_ROWS, BLOCK_BYTES // max(1, math.prod(others) * dtype.itemsize)))
    return [(start, min(start + step, n)) for start in range(0, n, step)]


def _width(file):
    return f"{file.shape[1]} features" if len(file.shape) == 2 else f"rows of shape {file.shape[1:]}"
