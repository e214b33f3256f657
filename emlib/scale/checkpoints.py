"""A run that outlives its process: ``emlib.fit(…, checkpoint="folder")``.

Every snapshot is a file of its own, which is there whole or not at all. θ is all that EM remembers: so a run goes on
from the last file as if nothing had been, and `emlib.fit` is shown those before it again.
"""

import hashlib
import io
import itertools
import json
import os
import re
import warnings
from pathlib import Path

import numpy as np

from emlib.engine import ROUNDING, Snapshot


def kept(algorithm, folder):
    """The same algorithm, which keeps every snapshot in `folder`, and goes on from those that it finds there.

    Raises
    ------
    ValueError
        If `folder` holds a run of another model, from another start, by another algorithm or on other data.
    TypeError
        If the run could not go on as it would have: the algorithm says no ``cycle``, or the model draws at random; or
        if the parameters are made of something else than numbers, arrays, tuples, lists and dicts.
    OSError
        If a snapshot cannot be written. Those before it are there.
    """
    if not isinstance(folder, (str, os.PathLike)) or not os.fspath(folder):
        raise ValueError(f"checkpoint is {folder!r}; it must be the path of a folder for this run alone")
    cycle = getattr(algorithm, "cycle", None)
    if cycle is None:
        raise TypeError(
            f"algorithm is {algorithm!r}, of which no run can go on after a checkpoint: it does not say in `cycle` "
            "after how many snapshots it begins anew from the last one"
        )

    def run(model, x, params):
        record = _Record(folder, model, algorithm, params)
        saved = record.read()
        # the first step, which is a long one, shows whether data and model are the same
        for snapshot, again in zip(saved[:2], algorithm(model, x, params), strict=False):
            record.refuse_another(snapshot, again)
        yield from saved
        first = (len(saved) - 1) // cycle * cycle if saved else 0
        snapshots = algorithm(model, x, saved[first].params if saved else params)
        for iteration in itertools.count(first):
            try:
                snapshot = next(snapshots)._replace(iteration=iteration)
            except Exception as error:
                if saved:
                    error.add_note(f"counted from iteration {first}, where the run in {folder} was taken up")
                raise
            if iteration >= len(saved):
                record.write(snapshot)
                yield snapshot

    return run


class _Record:
    """The files of a run: iteration, run, objective and the form of θ as JSON, the arrays in it beside that.

    Each file holds the digest of the one before it, so that no file of an older run is taken for one of this.
    """

    def __init__(self, folder, model, algorithm, start):
        if isinstance(getattr(model, "rng", None), np.random.Generator):
            raise TypeError(f"model is {model!r}, which draws at random: its run cannot go on as it would have")
        self.folder, self.digest = Path(folder), ""
        # in another process the same function lies elsewhere
        self.run = {"model": re.sub(r" at 0x\w+", "", repr(model)), "algorithm": algorithm.__name__}
        self.kinds = dict(_kinds(start))
        self.checked = getattr(model, "checked", lambda params: params)
        self.start = self._bits(start)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise type(error)(f"checkpoint is {self.folder}, which cannot be made a folder: {error.strerror}") from None

    def read(self):
        """The snapshots from iteration 0 up to where a file is missing, damaged or of another run."""
        snapshots = []
        while (path := self._path(len(snapshots))).exists():
            content = path.read_bytes()
            try:
                with np.load(io.BytesIO(content), allow_pickle=False) as file:
                    said = json.loads(str(file["said"]))
                    arrays = [file[str(i)] for i in range(len(file.files) - 1)]
                form, objective, digest, run = (said[key] for key in ("params", "objective", "before", "run"))
            except Exception as error:  # a damaged file makes numpy, zipfile or json stumble, each in its own way
                warnings.warn(f"{path} is damaged and is computed anew: {error}", stacklevel=4)
                break
            if digest != self.digest:
                break
            self._refuse_other_run(run)
            params = self._together(form, arrays)
            if not snapshots and self._bits(params) != self.start:
                raise ValueError(f"{self.folder} holds a run from another start; give each run its own folder")
            snapshots.append(Snapshot(len(snapshots), params, objective))
            self.digest = hashlib.sha256(content).hexdigest()
        return snapshots

    def write(self, snapshot):
        """Keep a snapshot: all of it or nothing, even if the machine fails."""
        form, arrays = self._apart(snapshot.params)
        said = {"run": self.run, "before": self.digest, "objective": snapshot.objective, "params": form}
        content = io.BytesIO()
        np.savez(content, said=np.array(json.dumps(said)), **{str(i): array for i, array in enumerate(arrays)})
        path = self._path(snapshot.iteration)
        try:
            with open(path.with_suffix(".part"), "wb") as file:
                file.write(content.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            os.replace(path.with_suffix(".part"), path)
            if hasattr(os, "O_DIRECTORY"):  # the new name is to last as well
                folder = os.open(self.folder, os.O_DIRECTORY)
                os.fsync(folder)
                os.close(folder)
        except OSError as error:
            raise type(error)(
                f"iteration {snapshot.iteration} could not be kept in {self.folder}: {error.strerror}; the same call "
                "goes on from the iterations before it, which are there"
            ) from error
        self.digest = hashlib.sha256(content.getbuffer()).hexdigest()

    def refuse_another(self, kept, again):
        """A ValueError unless the objective is, but for rounding, the one that was `kept`."""
        if abs(again.objective - kept.objective) > ROUNDING * abs(kept.objective):
            raise ValueError(
                f"{self.folder} holds a run on other data or of another model: its objective in iteration "
                f"{kept.iteration} is {kept.objective!r}, here it is {again.objective!r}; give each run its own folder"
            )

    def _refuse_other_run(self, run):
        for what, value in self.run.items():
            if run[what] != value:
                raise ValueError(
                    f"{self.folder} holds a run of the {what} {run[what]}, not {value}; give each run its own folder"
                )

    def _path(self, iteration):
        return self.folder / f"{iteration:06}.npz"

    def _bits(self, start):
        """A start as the model reads it, to be compared bit for bit."""
        form, arrays = self._apart(self.checked(start))
        return form, [(array.dtype, array.shape, array.tobytes()) for array in arrays]

    def _apart(self, params):
        """The form of `params`, which JSON can hold, and the arrays in it."""
        arrays = []

        def form(value):
            if isinstance(value, (np.ndarray, np.generic)) and not value.dtype.hasobject:
                arrays.append(np.asarray(value))
                return ["array" if isinstance(value, np.ndarray) else "number", len(arrays) - 1]
            if value is None or type(value) in (bool, int, float, str):
                return value
            if type(value) is dict and all(type(key) in (int, str) for key in value):
                return ["dict", [[key, form(part)] for key, part in value.items()]]
            if type(value) in (tuple, list):
                return [type(value).__name__, list(map(form, value))]
            if type(value) in self.kinds.values():
                return [type(value).__name__, list(map(form, value))]
            raise TypeError(
                f"params hold a {type(value).__name__}, which no checkpoint can keep; use numbers, arrays, tuples, "
                "lists, dicts, and the named tuples that are in the start"
            )

        return form(params), arrays

    def _together(self, form, arrays):
        """What `_apart` has taken apart."""
        if not isinstance(form, list):
            return form
        kind, parts = form
        if kind in ("array", "number"):
            arrays[parts].flags.writeable = False
            return arrays[parts] if kind == "array" else arrays[parts][()]
        if kind == "dict":
            return {key: self._together(part, arrays) for key, part in parts}
        parts = [self._together(part, arrays) for part in parts]
        if kind in self.kinds:
            return self.kinds[kind](*parts)
        # one that is not in this start makes another start
        return {"list": parts, "tuple": tuple(parts)}.get(kind, (kind, *parts))


def _kinds(params):
    """The named tuples in `params`, by their names."""
    if hasattr(params, "_fields"):
        yield type(params).__name__, type(params)
    if isinstance(params, (tuple, list, dict)):
        for part in params.values() if isinstance(params, dict) else params:
            yield from _kinds(part)
