"""Checkpoints: a run that is interrupted, however, and started again is the run that was not."""

import contextlib
import io
import itertools
import os
import random
import subprocess
import sys
import textwrap
import time
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
from models import COIN_HEADS, COINS, DATA, ROWS

import emlib
from emlib import GaussianMixture

X = DATA["faithful"]
MODEL = GaussianMixture(2)
START = MODEL.start(X, 0)


def leaves(params):
    """The parts of parameters with their types, bit for bit."""
    if isinstance(params, dict):
        return [dict, *((key, leaves(part)) for key, part in params.items())]
    if isinstance(params, (tuple, list)):
        return [type(params), *map(leaves, params)]
    return [type(params), np.asarray(params).dtype, np.shape(params), np.asarray(params).tobytes()]


def assert_identical(a, b):
    assert (a.reason, a.converged) == (b.reason, b.converged)
    assert a.objectives.tobytes() == b.objectives.tobytes()
    for ours, theirs in zip(a, b, strict=True):
        assert ours.iteration == theirs.iteration
        assert leaves(ours.params) == leaves(theirs.params)


class Killed(BaseException):
    """What ends a run at once, wherever it is."""


@contextlib.contextmanager
def killed(function, call):
    """End the run as it calls ``os.<function>`` for the `call`-th time, which then does not happen."""
    calls, real = itertools.count(1), getattr(os, function)

    def until_then(*arguments):
        if next(calls) == call:
            raise Killed
        return real(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, function, until_then)
        try:
            yield
        except Killed:
            return
    pytest.fail(f"the run was over before it called os.{function} {call} times")


def kept_in(folder):
    return sorted(path.name for path in folder.glob("*.npz"))


@pytest.mark.filterwarnings("ignore::emlib.ConvergenceWarning", "ignore::emlib.EmptyClusterWarning")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_model_goes_on_as_if_nothing_had_been(row, tmp_path):
    whole = emlib.fit(row.model, row.x, row.params, max_iter=4)
    with killed("replace", min(3, len(whole))):
        emlib.fit(row.model, row.x, row.params, max_iter=4, checkpoint=tmp_path)
    assert_identical(emlib.fit(row.model, row.x, row.params, max_iter=4, checkpoint=tmp_path), whole)
    assert_identical(emlib.fit(row.model, row.x, row.params, max_iter=4, checkpoint=tmp_path), whole)


@pytest.mark.parametrize("algorithm", [emlib.iterate, emlib.squarem])
@pytest.mark.parametrize("writes", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
def test_a_run_goes_on_from_any_iteration(algorithm, writes, tmp_path):
    """Of squarem, which leaps, as well."""
    whole = emlib.fit(MODEL, X, START, algorithm=algorithm)
    with killed("replace", writes):
        emlib.fit(MODEL, X, START, algorithm=algorithm, checkpoint=tmp_path)
    assert len(kept_in(tmp_path)) == writes - 1
    assert_identical(emlib.fit(MODEL, X, START, algorithm=algorithm, checkpoint=tmp_path), whole)
    assert len(kept_in(tmp_path)) == len(whole)


def test_squarem_leaps_here():
    """Without leaps the test before this one would show nothing."""
    leaping, stepping = emlib.squarem(MODEL, X, START), emlib.iterate(MODEL, X, START)
    assert [s.objective for s in itertools.islice(leaping, 10)] != [s.objective for s in itertools.islice(stepping, 10)]


@pytest.mark.parametrize(("function", "call"), [("fsync", 5), ("replace", 3), ("fsync", 6), ("close", 3), ("mkdir", 1)])
def test_a_run_may_be_killed_at_any_moment_of_a_write(function, call, tmp_path):
    with killed(function, call):
        emlib.fit(MODEL, X, START, checkpoint=tmp_path / "run")
    assert len(kept_in(tmp_path / "run")) == {("fsync", 5): 2, ("replace", 3): 2, ("mkdir", 1): 0}.get(
        (function, call), 3
    )
    assert_identical(emlib.fit(MODEL, X, START, checkpoint=tmp_path / "run"), emlib.fit(MODEL, X, START))


def test_half_a_file_is_never_taken_for_a_whole_one(tmp_path):
    with killed("replace", 4):
        emlib.fit(MODEL, X, START, checkpoint=tmp_path)
    (left,) = tmp_path.glob("*.part")
    os.truncate(left, 100)
    assert_identical(emlib.fit(MODEL, X, START, checkpoint=tmp_path), emlib.fit(MODEL, X, START))
    assert not list(tmp_path.glob("*.part"))


class Counted(GaussianMixture):
    """Counts its E-steps."""

    e_steps = 0

    def e_step(self, x, params):
        Counted.e_steps += 1
        return super().e_step(x, params)


def test_a_finished_run_costs_two_e_steps(tmp_path):
    model = Counted(2)
    trace = emlib.fit(model, X, START, checkpoint=tmp_path)
    before, files = Counted.e_steps, {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert_identical(emlib.fit(model, X, START, checkpoint=tmp_path), trace)
    assert Counted.e_steps == before + 2
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == files


def test_tol_and_max_iter_may_change(tmp_path):
    """What a run does depends on neither: they say where it stops."""
    for options in ({"max_iter": 5}, {"max_iter": 9}, {"tol": 1e-2}, {}, {"tol": 0, "max_iter": 40}, {"max_iter": 2}):
        with contextlib.ExitStack() as stack:
            if options.get("max_iter", 1000) < 20:
                stack.enter_context(pytest.warns(emlib.ConvergenceWarning))
            whole = emlib.fit(MODEL, X, START, **options)
            assert_identical(emlib.fit(MODEL, X, START, checkpoint=tmp_path, **options), whole)


def test_pieces_and_the_bar_go_with_it(tmp_path, capsys):
    np.save(tmp_path / "x.npy", X)
    for i, x in enumerate((tmp_path / "x.npy", lambda: np.array_split(X, 4))):
        whole, folder = emlib.fit(MODEL, x, START), tmp_path / str(i)
        with killed("replace", 4):
            emlib.fit(MODEL, x, START, checkpoint=folder, progress=True)
        assert_identical(emlib.fit(MODEL, x, START, checkpoint=folder, progress=True), whole)
    assert "iteration 20" in capsys.readouterr().err


class Nested(NamedTuple):
    name: str
    inner: tuple
    more: dict


def test_parameters_come_back_in_their_form(tmp_path):
    start = Nested("θ", (0, [1.5, None], np.float32(2)), {"a": np.arange(6).reshape(2, 3), 7: True, "b": -0.0})
    climb = SimpleNamespace(
        e_step=lambda x, t: (t, float(t.inner[0])), m_step=lambda t: t._replace(inner=(t.inner[0] + 1,))
    )
    with pytest.warns(emlib.ConvergenceWarning):
        whole = emlib.fit(climb, [0], start, max_iter=3)
    for _ in range(2):
        with pytest.warns(emlib.ConvergenceWarning):
            again = emlib.fit(climb, [0], start, max_iter=3, checkpoint=tmp_path)
        assert_identical(again, whole)
    assert type(again[0].params) is Nested
    with pytest.raises(ValueError, match="read-only"):
        again[0].params.more["a"][0] = 1


# What is refused.


OTHER_X = X.copy()
OTHER_X[7, 0] += 0.1


class Unsaid(NamedTuple):
    value: float


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"model": GaussianMixture(2, "tied"), "params": GaussianMixture(2, "tied").start(X, 0)},
            "holds a run of the model GaussianMixture.*'full'.*, not Gauss.*'tied'",
        ),
        (
            {"algorithm": emlib.squarem},
            "holds a run of the algorithm iterate, not squarem; give each run its own folder",
        ),
        ({"params": MODEL.start(X, 1)}, "holds a run from another start"),
        ({"params": START._replace(means=START.means * (1 + 1e-15))}, "holds a run from another start"),
        ({"x": OTHER_X}, r"holds a run on other data or .*: its objective in iteration \d+ is -\d.*, here it is -\d"),
        ({"x": X[:-1]}, "holds a run on other data or of another model"),
    ],
)
@pytest.mark.parametrize("writes", [3, 1000])
def test_another_run_is_refused(changed, sentence, writes, tmp_path):
    this = {"model": MODEL, "x": X, "params": START}
    if writes < 1000:
        with killed("replace", writes):
            emlib.fit(**this, checkpoint=tmp_path)
    else:
        emlib.fit(**this, checkpoint=tmp_path)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=sentence):
        emlib.fit(**(this | changed), checkpoint=tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files


class Damped:
    """Goes part of the way to the mean, how much of it Python does not say."""

    def __init__(self, part):
        self.part = part

    def e_step(self, x, params):
        return (x.mean(), params), -float(np.square(x - params).sum())

    def m_step(self, statistics):
        mean, params = statistics
        return params + self.part * (mean - params)


@pytest.mark.filterwarnings("ignore::emlib.ConvergenceWarning")
@pytest.mark.parametrize("options", [{"max_iter": 4}, {}])
def test_a_model_of_the_same_name_that_steps_elsewhere_is_refused(options, tmp_path):
    emlib.fit(Damped(0.1), X, 0.0, checkpoint=tmp_path, **options)
    with pytest.raises(ValueError, match=r"of another model: its objective in iteration \d+ is .*, here it is"):
        emlib.fit(Damped(0.9), X, 0.0, checkpoint=tmp_path)


def test_another_form_of_a_start_is_another_start(tmp_path):
    emlib.fit(Damped(1.0), X, 0.0, checkpoint=tmp_path / "a")
    pair = SimpleNamespace(e_step=lambda x, p: (p, 0.0), m_step=lambda p: p)
    emlib.fit(pair, X, Nested(1.0, (), {}), checkpoint=tmp_path / "b")
    for model, start, folder in (
        (Damped(1.0), np.float64(0), "a"),
        (pair, (1.0, (), {}), "b"),
        (pair, Unsaid(1.0), "b"),
    ):
        with pytest.raises(ValueError, match="holds a run from another start"):
            emlib.fit(model, X, start, checkpoint=tmp_path / folder)


@pytest.mark.parametrize(
    ("model", "params"),
    [
        (GaussianMixture(np.int32(2)), START),
        (MODEL, type(START)(*(field.tolist() for field in START))),
        (MODEL, START._replace(means=np.asfortranarray(START.means))),
    ],
)
def test_the_same_numbers_in_another_form_are_the_same_run(model, params, tmp_path):
    trace = emlib.fit(MODEL, X, START, checkpoint=tmp_path)
    assert_identical(emlib.fit(model, X, params, checkpoint=tmp_path), trace)


def test_files_of_an_older_run_are_not_taken_for_those_of_this(tmp_path):
    emlib.fit(MODEL, X, MODEL.start(X, 1), checkpoint=tmp_path)
    (tmp_path / "000000.npz").unlink()
    with killed("replace", 3):
        emlib.fit(MODEL, X, START, checkpoint=tmp_path)
    assert_identical(emlib.fit(MODEL, X, START, checkpoint=tmp_path), emlib.fit(MODEL, X, START))


@pytest.mark.parametrize(
    ("model", "start", "options", "kind", "sentence"),
    [
        (
            MODEL,
            START,
            {"algorithm": lambda *a: emlib.iterate(*a)},
            TypeError,
            "algorithm is .* does not say in `cycle`",
        ),
        (emlib.Stochastic(MODEL, 0), START, {}, TypeError, "draws at random: its run cannot go on as it would have"),
        (
            SimpleNamespace(e_step=lambda x, t: (t, 0.0), m_step=lambda t: t),
            {"a": {1, 2}},
            {},
            TypeError,
            "params hold a set, which no checkpoint can keep; use numbers, arrays, tuples",
        ),
        (
            SimpleNamespace(e_step=lambda x, t: (t, 0.0), m_step=lambda t: Unsaid(1.0)),
            0.0,
            {},
            TypeError,
            "params hold a Unsaid.*and the named tuples that are in the start",
        ),
        (
            SimpleNamespace(e_step=lambda x, t: (t, 0.0), m_step=lambda t: t),
            np.array([None]),
            {},
            TypeError,
            "params hold a ndarray, which no checkpoint can keep",
        ),
    ],
)
def test_what_could_not_go_on_is_refused_at_once(model, start, options, kind, sentence, tmp_path):
    with pytest.raises(kind, match=sentence):
        emlib.fit(model, X, start, checkpoint=tmp_path, **options)


def test_functions_of_another_process_are_the_same_model(tmp_path):
    """Where a function lies differs from process to process, and is in what Python says of it."""

    def coins(e_step=COINS.e_step, m_step=COINS.m_step):
        return SimpleNamespace(e_step=lambda x, params: e_step(x, params), m_step=lambda statistics: m_step(statistics))

    one, other, start = coins(), coins(), np.array([0.6, 0.5])
    assert repr(one) != repr(other)
    trace = emlib.fit(one, COIN_HEADS, start, checkpoint=tmp_path)
    assert_identical(emlib.fit(other, COIN_HEADS, start, checkpoint=tmp_path), trace)


# What is damaged.


def flipped(content):
    middle = content.index(b"means") if b"means" in content else len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def with_objects(content):
    buffer = io.BytesIO()
    np.savez(buffer, said=np.array([Bomb()], dtype=object))
    return buffer.getvalue()


class Bomb:
    """What must never be unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("unpickled",))


@pytest.mark.parametrize("which", [0, 4, -1], ids=["the first", "one in the middle", "the last"])
@pytest.mark.parametrize(
    "damage",
    [flipped, lambda content: content[:-50], lambda content: b"", lambda content: b"no file of numpy", with_objects],
    ids=["a bit", "cut short", "empty", "text", "pickled objects"],
)
def test_a_damaged_file_is_said_and_computed_anew(which, damage, tmp_path):
    whole = emlib.fit(MODEL, X, START, checkpoint=tmp_path)
    path = tmp_path / kept_in(tmp_path)[which]
    content = path.read_bytes()
    path.write_bytes(damage(content))
    with pytest.warns(UserWarning, match=rf"{path.name} is damaged and is computed anew: ") as said:
        assert_identical(emlib.fit(MODEL, X, START, checkpoint=tmp_path), whole)
    assert said[0].filename == __file__
    assert path.read_bytes() == content
    assert_identical(emlib.fit(MODEL, X, START, checkpoint=tmp_path), whole)  # and no warning


# Where nothing can be written.


@pytest.mark.parametrize("folder", ["", 5, b"run", False])
def test_what_names_no_folder(folder):
    with pytest.raises(ValueError, match=f"checkpoint is {folder!r}; it must be the path of a folder for this run"):
        emlib.fit(MODEL, X, START, checkpoint=folder)


def test_a_file_in_the_folder_s_place(tmp_path):
    (tmp_path / "run").write_text("")
    for folder in (tmp_path / "run", tmp_path / "run" / "deeper"):
        with pytest.raises(OSError, match=f"checkpoint is .*{folder.name}, which cannot be made a folder: "):
            emlib.fit(MODEL, X, START, checkpoint=folder)


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_full_disk_is_said_and_loses_nothing(function, tmp_path):
    calls = itertools.count(1)
    real = getattr(os, function)

    def full(*arguments):
        if next(calls) == 7:
            raise OSError(28, "No space left on device")
        return real(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, function, full)
        with pytest.raises(
            OSError, match=r"iteration \d could not be kept in .*: No space left on device; the same call"
        ):
            emlib.fit(MODEL, X, START, checkpoint=tmp_path)
    assert len(kept_in(tmp_path)) >= 3
    assert_identical(emlib.fit(MODEL, X, START, checkpoint=tmp_path), emlib.fit(MODEL, X, START))


def test_an_error_after_a_checkpoint_says_from_where_it_counts(tmp_path):
    start = MODEL.start(X, 0)
    with killed("replace", 4):
        emlib.fit(MODEL, X, start, checkpoint=tmp_path)
    reads = itertools.count()
    with pytest.raises(ValueError, match="is nan") as said:  # after those that show that the data are the same
        emlib.fit(MODEL, lambda: [X if next(reads) < 2 else np.full(X.shape, np.nan)], start, checkpoint=tmp_path)
    assert said.value.__notes__ == [
        "in iteration 0",
        f"counted from iteration 2, where the run in {tmp_path} was taken up",
    ]


# SIGKILL.

RUN = textwrap.dedent(
    """
    import sys
    import numpy as np
    import emlib

    data, folder, result, algorithm = sys.argv[1:]
    x = np.load(data)
    model = emlib.GaussianMixture(3)
    trace = emlib.fit(
        model,
        data,
        model.start(x[:2000], 0),
        tol=0,
        max_iter=100,
        algorithm=getattr(emlib, algorithm),
        checkpoint=folder if folder != "-" else None,
    )
    np.savez(
        result,
        objectives=trace.objectives,
        reason=trace.reason,
        **{f"{name}{s.iteration}": getattr(s.params, name) for s in trace for name in s.params._fields},
    )
    """
)


def child(*arguments):
    return subprocess.Popen([sys.executable, "-W", "ignore", "-c", RUN, *map(str, arguments)])


@pytest.mark.parametrize("algorithm", ["iterate", "squarem"])
def test_a_process_that_is_killed_again_and_again_ends_with_the_same_answer(algorithm, tmp_path):
    rng, folder = random.Random(algorithm), tmp_path / "run"
    x = np.random.default_rng(0).standard_normal((10_000, 3)) + np.arange(10_000)[:, None] % 3
    np.save(tmp_path / "x.npy", x)
    assert child(tmp_path / "x.npy", "-", tmp_path / "whole.npz", algorithm).wait(120) == 0
    kills = 0
    while kills < 5:
        running = child(tmp_path / "x.npy", folder, tmp_path / "killed.npz", algorithm)
        goal = len(kept_in(folder)) + rng.randint(1, 6)
        while running.poll() is None and len(kept_in(folder)) < goal:
            time.sleep(0.001)
        time.sleep(rng.random() * 0.02)
        if running.poll() is not None:  # this machine was busy elsewhere for that long
            break
        running.kill()
        assert running.wait(30) == -9
        kills += 1
    assert kills >= 2
    assert child(tmp_path / "x.npy", folder, tmp_path / "killed.npz", algorithm).wait(120) == 0
    with np.load(tmp_path / "whole.npz") as whole, np.load(tmp_path / "killed.npz") as resumed:
        assert whole.files == resumed.files
        for name in whole.files:
            assert whole[name].tobytes() == resumed[name].tobytes(), name
