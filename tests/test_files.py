"""Data out of core: the same answer as in memory, bad data told by file and row, and memory that does not grow."""

import contextlib
import itertools
import os
import re
import subprocess
import sys
import textwrap
import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from models import DATA, ROWS
from scipy.sparse import csr_array

import emlib
from emlib import GaussianMixture, IncompleteNormal, KMeans, PoissonMixture
from emlib.pieces import Pieces
from emlib.scale import Blocks, Files, Rows, files

X = DATA["faithful"]
MODEL = GaussianMixture(2)
START = MODEL.start(X, 0)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of at most 37 rows, so that small data have many."""
    monkeypatch.setattr(files, "BLOCK_ROWS", 37)


def saved(path, x, **options):
    """`x` in a file of the kind that the path's suffix says."""
    if path.suffix == ".npy":
        np.save(path, x)
    else:
        pq.write_table(pa.table({f"column {d}": column for d, column in enumerate(x.T)}), path, **options)
    return path


def fortran(path):
    return [saved(path / "x.npy", np.asfortranarray(X))]


def memmap(path):
    return np.load(saved(path / "x.npy", X), mmap_mode="r")


#: By name, functions of a folder that return `X` in another form.
FORMS = {
    "memory map": memmap,
    "part of a memory map": lambda path: np.load(saved(path / "x.npy", np.repeat(X, 2, axis=0)), mmap_mode="r")[::2],
    "Rows of an array": lambda path: Rows(X),
    "a path": lambda path: saved(path / "x.npy", X),
    "the name of a file": lambda path: str(saved(path / "x.npy", X)),
    "two files": lambda path: [saved(path / "a.npy", X[:100]), str(saved(path / "b.npy", X[100:]))],
    "an empty file between": lambda path: [
        saved(path / "a.npy", X[:100]),
        saved(path / "b.npy", X[:0]),
        saved(path / "c.npy", X[100:]),
    ],
    "Fortran order": fortran,
    "big endian": lambda path: saved(path / "x.npy", X.astype(">f8")),
    "Parquet": lambda path: saved(path / "x.parquet", X, row_group_size=50),
    "Parquet and npy": lambda path: [saved(path / "a.parquet", X[:100]), saved(path / "b.npy", X[100:])],
    "a function": lambda path: lambda: (X[i : i + 50] for i in range(0, len(X), 50)),
    "a function with empty blocks": lambda path: lambda: [X[:0], X[:200], X[:0], X[200:], X[:0]],
}


def same(ours, theirs, rtol=1e-10):
    """Whether two runs, or two parameters, agree."""
    if isinstance(theirs, dict):
        theirs, ours = theirs.values(), [ours[key] for key in theirs]
    if isinstance(theirs, (tuple, list, type({}.values()))):
        for a, b in zip(ours, theirs, strict=True):
            same(a, b, rtol)
    else:
        np.testing.assert_allclose(ours, theirs, rtol=rtol)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_fit_of_the_data_in_memory(form, tmp_path):
    x = FORMS[form](tmp_path)
    trace, whole = emlib.fit(MODEL, x, START), emlib.fit(MODEL, X, START)
    assert (trace.iterations, trace.converged, trace.reason) == (whole.iterations, whole.converged, whole.reason)
    np.testing.assert_allclose(trace.objectives, whole.objectives, rtol=1e-12)
    same(trace.params, whole.params)


@pytest.mark.parametrize("row", [row for row in ROWS if isinstance(row.x, np.ndarray)], ids=lambda row: row.name)
def test_every_model_fits_files_and_blocks_as_it_fits_an_array(row, tmp_path):
    def run(x):
        snapshots = []
        with contextlib.suppress(emlib.DegenerateError):
            for snapshot in itertools.islice(emlib.iterate(row.model, x, row.params), 4):
                snapshots.append((snapshot.objective, snapshot.params))
        return snapshots

    whole = run(row.x)
    assert whole
    cuts = np.array_split(row.x, 3)
    same(run(lambda: iter(cuts)), whole)
    same(run([saved(tmp_path / f"{i}.npy", cut) for i, cut in enumerate(cuts)]), whole)


@pytest.mark.parametrize("dtype", ["f4", "f2", ">i4", "u1", "i8", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_of_every_type_are_read(dtype, order, tmp_path):
    x = np.round(X).astype(dtype, order)
    read = list(Files(saved(tmp_path / "x.npy", x)))
    assert len(read) == 8
    np.testing.assert_array_equal(np.concatenate(read), x)


@pytest.mark.parametrize("shape", [(100,), (100, 3), (100, 2, 3)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_files_hold_arrays_with_any_number_of_axes(shape, order, tmp_path):
    x = np.asarray(np.random.default_rng(0).random(shape), order=order)
    np.testing.assert_array_equal(np.concatenate(list(Files(saved(tmp_path / "x.npy", x)))), x)


def test_blocks_are_cut_by_bytes_as_well_as_by_rows(monkeypatch):
    x = np.zeros((100, 4))
    assert [len(block) for block in Rows(x)] == [37, 37, 26]
    monkeypatch.setattr(files, "BLOCK_BYTES", 30 * 4 * 8)
    assert [len(block) for block in Rows(x)] == [30, 30, 30, 10]
    monkeypatch.setattr(files, "BLOCK_BYTES", 1)
    assert len(list(Rows(x))) == 100


def test_columns_of_parquet_files_are_chosen_by_name(tmp_path):
    a = pa.table({"name": ["a"] * len(X), "y": X[:, 1], "x": X[:, 0].astype(int), "seen": X[:, 0] > 3})
    pq.write_table(a, tmp_path / "a.parquet", row_group_size=90)
    pq.write_table(a.select(["x", "seen", "y"]), tmp_path / "b.parquet")
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    half = np.column_stack([X[:, 0].astype(int), X[:, 1], X[:, 0] > 3])
    read = np.concatenate(list(Files(paths, columns=["x", "y", "seen"])))
    np.testing.assert_array_equal(read, np.concatenate([half, half]))
    # the others follow the order of the first
    pq.write_table(a.select(["y", "x"]), tmp_path / "c.parquet")
    read = np.concatenate(list(Files([tmp_path / "c.parquet", tmp_path / "b.parquet"])))
    np.testing.assert_array_equal(read, np.tile(half[:, [1, 0]], (2, 1)))


def test_gaps_are_the_model_s_business(tmp_path):
    x = DATA["iris"].copy()
    x[60, 2] = np.nan
    path, model = saved(tmp_path / "x.parquet", x), IncompleteNormal()
    same(emlib.fit(model, path, model.start(x, 0)).params, emlib.fit(model, x, model.start(x, 0)).params)
    with pytest.raises(
        ValueError, match=r"x\.parquet, row 60, column 2 \(row 60 of x\) is nan; every value must be fin"
    ):
        emlib.fit(GaussianMixture(1), path, GaussianMixture(1).start(DATA["iris"], 0))


def test_everything_about_a_fit_works_out_of_core(tmp_path):
    path = saved(tmp_path / "x.npy", X)
    assert emlib.bic(MODEL, path, START) == pytest.approx(emlib.bic(MODEL, X, START), rel=1e-13)
    assert emlib.aic(MODEL, path, START) == pytest.approx(emlib.aic(MODEL, X, START), rel=1e-13)
    assert emlib.icl(MODEL, path, START) == pytest.approx(emlib.icl(MODEL, X, START), rel=1e-13)
    for options in ({"algorithm": emlib.squarem}, {"tol": 1e-3}):
        trace, whole = emlib.fit(MODEL, path, START, **options), emlib.fit(MODEL, X, START, **options)
        assert trace.iterations == whole.iterations
        same(trace.params, whole.params)
    found, expected = (emlib.restarts(KMeans(3), x, 4, seed=1, how="points") for x in (path, X))
    for a, b in zip(found.traces, expected.traces, strict=True):
        same(a.params, b.params)
    for x in (path, lambda: [X]):
        estimator = emlib.Estimator(MODEL, n_init=2).fit(x)
        same(estimator.params_, emlib.Estimator(MODEL, n_init=2).fit(X).params_)
        np.testing.assert_array_equal(estimator.predict(X), emlib.Estimator(MODEL, n_init=2).fit(X).predict(X))


@pytest.mark.parametrize("parametric", [False, True])
def test_the_bootstrap_refuses_what_it_cannot_draw_from(parametric, tmp_path):
    with pytest.raises(
        TypeError, match="x is data in pieces; the bootstrap draws them anew for each fit: give as many"
    ):
        emlib.bootstrap(MODEL, saved(tmp_path / "x.npy", X), START, 2, seed=0, parametric=parametric)


def test_a_prior_counts_once_however_many_blocks_there_are(tmp_path):
    model = emlib.WithPrior(MODEL, MODEL.e_step(X[::7], START)[0])
    path = saved(tmp_path / "x.npy", X)
    np.testing.assert_allclose(
        emlib.fit(model, path, START).objectives, emlib.fit(model, X, START).objectives, rtol=1e-12
    )


def test_sequences_come_in_blocks_too():
    model = emlib.HiddenMarkov(MODEL)
    x = emlib.sequences(X, [70, 2, 100, 100])
    start = model.start(x, 0)
    trace, whole = emlib.fit(model, lambda: [x[:1], x[1:]], start), emlib.fit(model, x, start)
    np.testing.assert_allclose(trace.objectives, whole.objectives, rtol=1e-12)


# A sample to start from.


def test_a_sample_is_the_same_however_the_rows_are_cut(tmp_path, monkeypatch):
    path = saved(tmp_path / "x.npy", X)
    drawn = Files(path).sample(40, 3)
    for other in (Blocks(lambda: np.array_split(X, 5)), Blocks(lambda: [X]), Files(FORMS["two files"](tmp_path))):
        np.testing.assert_array_equal(other.sample(40, 3), drawn)
    assert not np.array_equal(Files(path).sample(40, 4), drawn)
    assert drawn.shape == (40, 2)


def test_a_sample_holds_each_row_equally_often_and_none_twice():
    x = np.arange(50.0)[:, None]
    rng, counts = np.random.default_rng(0), np.zeros(50)
    for _ in range(2000):
        drawn = Rows(x).sample(10, rng)[:, 0]
        assert (np.diff(drawn) > 0).all()
        counts[drawn.astype(int)] += 1
    # 2000 times one of five: standard deviation 18
    assert np.abs(counts - 400).max() < 75
    assert counts.std() > 5


@pytest.mark.parametrize("n", [len(X), len(X) + 1, 10_000])
def test_a_sample_of_all_rows_is_the_data(n):
    np.testing.assert_array_equal(Rows(X).sample(n, 0), X)


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("x.npy", "^block 0 is a str without rows; give an array with a row for each point"),
        ({"x": 1}, "^block 0 is a dict without rows"),
        (np.ma.array(X), "^block 0 is a masked array; give a plain array"),
        ([X], "^block 0 is a list; rows can be drawn from arrays only"),
    ],
)
def test_blocks_without_rows_have_no_sample(block, says):
    with pytest.raises(TypeError, match=says):
        emlib.restarts(MODEL, lambda: [block], 2, seed=0)


def test_an_error_of_a_start_speaks_of_the_rows_that_were_drawn():
    x = np.tile(X, (50, 1))
    x[10_000, 1] = np.nan
    row = int(np.flatnonzero(np.isnan(Rows(x).sample(10_000, np.random.default_rng(0))[:, 1]))[0])
    with pytest.raises(ValueError, match=rf"^the 10,000 rows drawn from x, row {row}, column 1 is nan; every value"):
        emlib.restarts(MODEL, lambda: np.array_split(x, 5), 1, seed=0)
    with pytest.raises(ValueError, match=r"^the 3 rows drawn from x, rows 0 to 2: .*; x has only 3 points"):
        emlib.restarts(GaussianMixture(4), lambda: [X[:3]], 1, seed=0)


def test_data_that_change_from_pass_to_pass():
    factors = itertools.count(1)
    with pytest.raises(emlib.ObjectiveFell, match="do not belong together, or x does not give the same data each time"):
        emlib.fit(MODEL, lambda: [X * next(factors)], START)


# What is wrong with the data is told by file and row.


def with_nan(n):
    x = X.copy()
    x[n, 1] = np.nan
    return x


def raw(path, content):
    path.write_bytes(content)
    return path


def cut(path, **options):
    raw(path, saved(path, X, **options).read_bytes()[:-1000])
    return path


def nulls(path):
    pq.write_table(pa.table({"a": X[:, 0], "b": [*X[:150, 1], None, *X[151:, 1]]}), path, row_group_size=60)
    return path


def texts(path):
    pq.write_table(pa.table({"a": X[:, 0], "kind": ["short"] * len(X)}), path)
    return path


#: What is wrong: the data, made in a folder, and what the error says.
BAD = {
    "a nan": (
        lambda p: [saved(p / "a.npy", X), saved(p / "b.npy", with_nan(74))],
        ValueError,
        r"b\.npy, row 74, column 1 \(row 346 of x\) is nan; every value must be finite",
    ),
    "a nan in Parquet": (
        lambda p: saved(p / "a.parquet", with_nan(200), row_group_size=90),
        ValueError,
        r"a\.parquet, row 200, column 1 \(row 200 of x\) is nan",
    ),
    "a nan in a map": (
        lambda p: np.load(saved(p / "a.npy", with_nan(200)), mmap_mode="r"),
        ValueError,
        r"^x, row 200, column 1 is nan",
    ),
    "a nan in a block": (
        lambda p: lambda: iter([X, with_nan(7)]),
        ValueError,
        r"^block 1, row 7, column 1 \(row 279 of x\) is nan",
    ),
    "too large": (
        lambda p: [saved(p / "a.npy", X), saved(p / "b.npy", X * 1e200)],
        ValueError,
        r"b\.npy, rows 0 to 36: x holds values up to .* rescale the data",
    ),
    "other widths": (
        lambda p: [saved(p / "a.npy", X), saved(p / "b.npy", X[:, [0, 1, 1]])],
        ValueError,
        r"b\.npy has 3 features; the first file, .*a\.npy, has 2 features$",
    ),
    "one axis in one of two": (
        lambda p: [saved(p / "a.npy", X), saved(p / "b.npy", X[:, 0])],
        ValueError,
        r"b\.npy has rows of shape \(\); the first file, .*a\.npy, has 2 features",
    ),
    "other widths of blocks": (
        lambda p: lambda: [X, X[:, [0, 1, 1]]],
        ValueError,
        r"^block 1, rows 0 to 271: x has 3 features; the parameters describe 2",
    ),
    "another width than the parameters'": (
        lambda p: saved(p / "a.npy", X[:, :1]),
        ValueError,
        r"a\.npy, rows 0 to 36: x has 1 features; the parameters describe 2",
    ),
    "one axis": (
        lambda p: saved(p / "a.npy", X[:, 0]),
        ValueError,
        r"a\.npy, rows 0 to 36: x has shape \(37,\); it needs 2 axes",
    ),
    "one number": (lambda p: saved(p / "a.npy", np.array(3.0)), ValueError, r"a\.npy holds a single number; x needs r"),
    "no rows": (lambda p: saved(p / "a.npy", X[:0]), ValueError, r"x is empty: .*a\.npy: there is not one row"),
    "no rows in Parquet": (lambda p: saved(p / "a.parquet", X[:0]), ValueError, "x is empty.*there is not one row"),
    "no blocks": (lambda p: lambda: iter(()), ValueError, r"x is empty: x\(\) yielded no rows"),
    "no rows in blocks": (lambda p: lambda: [X[:0]], ValueError, r"x is empty: x\(\) yielded no rows"),
    "no rows in a map": (
        lambda p: np.load(saved(p / "a.npy", X), mmap_mode="r")[:0],
        ValueError,
        r"x is empty: its shape is \(0, 2\)",
    ),
    "no files": (lambda p: Files([]), ValueError, "x is empty: no file"),
    "cut short": (
        lambda p: cut(p / "a.npy"),
        OSError,
        r"a\.npy is cut short: it has 3,480 bytes; its shape \(272, 2\)",
    ),
    "Parquet cut short": (lambda p: cut(p / "a.parquet"), OSError, r"a\.parquet is no Parquet file, or is damaged"),
    "no npy": (lambda p: raw(p / "a.npy", b"1,2\n3,4\n5,6"), ValueError, r"a\.npy is no \.npy file of plain numbers"),
    "an empty npy": (lambda p: raw(p / "a.npy", b""), ValueError, r"a\.npy is no \.npy file of plain numbers"),
    "no Parquet": (lambda p: raw(p / "a.parquet", b"1,2\n3,4\n5,6"), OSError, r"a\.parquet is no Parquet file"),
    "another kind": (
        lambda p: raw(p / "a.csv", b"1,2"),
        ValueError,
        r"a\.csv is of no kind that can be read block by block; give \.npy or \.parquet",
    ),
    "no such file": (lambda p: p / "a.npy", FileNotFoundError, r"a\.npy does not exist"),
    "no such Parquet file": (lambda p: p / "a.parquet", FileNotFoundError, r"a\.parquet does not exist"),
    "a folder": (
        lambda p: p,
        IsADirectoryError,
        r"is a directory; give its files: sorted\(glob\.glob\('.*\*\.npy'\)\)",
    ),
    "objects": (
        lambda p: saved(p / "a.npy", np.array([[1, 2.0], [3, None]])),
        TypeError,
        r"a\.npy holds pickled Python objects, which are never loaded",
    ),
    "texts": (
        lambda p: saved(p / "a.npy", np.array([["a"]])),
        TypeError,
        r"a\.npy holds <U1 values; give real numbers",
    ),
    "complex": (lambda p: saved(p / "a.npy", X + 1j), TypeError, r"a\.npy holds complex128 values; give real numbers"),
    "records": (lambda p: saved(p / "a.npy", np.zeros(3, "f8,f8")), TypeError, r"a\.npy holds .* values; give real n"),
    "nulls": (
        lambda p: [saved(p / "a.npy", X), nulls(p / "b.parquet")],
        ValueError,
        r"b\.parquet, row 150, column 'b' is null; give a number, or nan for a gap",
    ),
    "texts in Parquet": (
        lambda p: texts(p / "a.parquet"),
        TypeError,
        r"a\.parquet, column 'kind' holds string values; choose others: Files\(paths, columns=\[…\]\)",
    ),
    "no such column": (
        lambda p: Files(saved(p / "a.parquet", X), columns=["column 0", "z"]),
        ValueError,
        r"a\.parquet has not one column 'z'; its columns are \['column 0', 'column 1'\]".replace(";", ":"),
    ),
    "columns of npy": (
        lambda p: Files(saved(p / "a.npy", X), columns=["z"]),
        ValueError,
        r"columns are chosen by name, in Parquet files; .*a\.npy has no names",
    ),
    "a generator": (
        lambda p: (X for _ in range(2)),
        TypeError,
        "x is a generator, which can be read only once.*give a function without arguments that returns the blocks anew",
    ),
    "an iterator": (lambda p: iter([X]), TypeError, "x is a list_iterator, which can be read only once"),
    "a function that returns an array": (
        lambda p: lambda: X,
        TypeError,
        r"x\(\) returned a ndarray; it must return an iterator of blocks",
    ),
    "a function that returns nothing": (lambda p: lambda: None, TypeError, r"x\(\) returned a NoneType; it must"),
    "a function that yields numbers": (lambda p: lambda: [1.0], TypeError, r"x\(\) yielded a float; each block must"),
    "a function that yields sparse blocks": (
        lambda p: lambda: [csr_array(X)],
        TypeError,
        r"x\(\) yielded a csr_array; each block must be a dense array",
    ),
    "always the same iterator": (
        lambda p: iter([X, X]).__iter__,
        RuntimeError,
        r"x\(\) yielded 544 rows at first and 0 now; it must return the same blocks each time",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_data_get_one_clear_sentence(what, tmp_path):
    make, kind, sentence = BAD[what]
    with pytest.raises(kind, match=sentence) as said:
        emlib.fit(MODEL, make(tmp_path), START)
    assert type(said.value) is kind
    assert "\n" not in str(said.value)


def test_counts_are_named_by_file_and_row_too(tmp_path):
    path = saved(tmp_path / "x.npy", np.where(np.arange(100)[:, None] == 80, 1.5, 2.0))
    with pytest.raises(
        ValueError, match=r"x\.npy, row 80, column 0 \(row 80 of x\) is 1\.5; it must be a whole number"
    ):
        emlib.fit(PoissonMixture(1), path, emlib.PoissonMixtureParams(np.ones(1), np.ones((1, 1))))


def test_rows_beyond_the_thousands_are_grouped(tmp_path):
    x = np.zeros((20_000, 2))
    x[12_345, 0] = np.inf
    with pytest.raises(ValueError, match=r"x\.npy, row 12345, column 0 \(row 12,345 of x\) is inf"):
        emlib.fit(MODEL, saved(tmp_path / "x.npy", x), START)


def test_an_error_that_is_not_about_x_says_where_in_a_note(tmp_path):
    class Careless(GaussianMixture):
        def e_step(self, x, params):
            statistics, objective = super().e_step(x, params)
            return statistics, np.nan if np.array_equal(x[-1], X[110]) else objective

    with pytest.raises(ArithmeticError, match=r"^e_step returned the objective nan; it must be finite") as said:
        emlib.fit(Careless(2), saved(tmp_path / "x.npy", X), START)
    assert re.search(r"^in .*x\.npy, rows 74 to 110$", said.value.__notes__[0])


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    path = saved(tmp_path / "x.npy", X)

    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refused)
    with pytest.raises(PermissionError, match=r"x\.npy may not be read: permission denied"):
        Files(path)


def longer(path):
    with open(path, "ab") as file:
        file.write(b"\0" * 16)


def shorter(path):
    os.truncate(path, path.stat().st_size - 16)


def touched(path):
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


@pytest.mark.parametrize("name", ["b.npy", "b.parquet"])
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (longer, "has changed under way; data must stay as they are until the run is over"),
        (shorter, "has changed under way"),
        (touched, "has changed under way"),
        (Path.unlink, "does not exist; x must name files that do"),
    ],
)
@pytest.mark.parametrize("algorithm", [emlib.iterate, emlib.squarem])
def test_a_file_that_changes_under_way_is_an_error_that_names_it(name, change, sentence, algorithm, tmp_path):
    path = saved(tmp_path / name, X)
    run = algorithm(MODEL, [saved(tmp_path / "a.npy", X), path], START)
    for _ in range(3):  # the next of squarem is a leap, which must not take the error for one of its own
        next(run)
    change(path)
    with pytest.raises(OSError, match=f"{re.escape(name)} {sentence}"):
        next(run)


@pytest.mark.parametrize("name", ["x.npy", "x.parquet"])
def test_a_file_that_changes_within_a_pass_is_an_error(name, tmp_path):
    blocks = iter(Files(saved(tmp_path / name, X)))
    next(blocks)
    shorter(tmp_path / name)
    with pytest.raises(OSError, match=rf"{name} has changed under way"):
        list(blocks)


def test_a_file_that_is_damaged_inside_is_named(tmp_path):
    path = saved(tmp_path / "x.parquet", X, row_group_size=100, use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[2000:2100] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(OSError, match=r"x\.parquet is damaged after row \d+: "):
        list(Files(path))


# What is not installed.


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    path = saved(tmp_path / "x.parquet", X)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"x\.parquet needs pyarrow to be read: pip install 'emlib\[scale\]'"):
        emlib.fit(MODEL, path, START)


def test_without_tqdm_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"progress=True needs tqdm: pip install 'emlib\[scale\]'"):
        emlib.fit(MODEL, X, START, progress=True)


# The bar.


@pytest.mark.parametrize("form", ["a path", "a function", "in memory"])
def test_the_bar_tells_iteration_rows_per_second_and_objective(form, tmp_path, capsys):
    x = X if form == "in memory" else FORMS[form](tmp_path)
    trace = emlib.fit(MODEL, x, START, progress=True)
    same(trace.params, emlib.fit(MODEL, X, START).params)
    out, err = capsys.readouterr()
    assert out == ""
    last = err.rstrip("\n").split("\r")[-1]
    assert f"iteration {trace.iterations}" in last
    assert f"objective {trace.objective:.10g}" in last
    assert re.search(r"\d[kM]? rows/s", last)
    assert ("100%" in last and "272/272" in last) == (form != "in memory")


def test_the_bar_moves_within_an_iteration(monkeypatch):
    import tqdm.auto

    seen = []

    class Bar(tqdm.auto.tqdm):
        def update(self, n=1):
            super().update(n)
            seen.append((self.n, self.total))

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    run = emlib.fit(MODEL, lambda: np.array_split(X, 4), START, progress=True, tol=1e6)
    assert run.iterations == 1
    rows = [0, 68, 136, 204, 272]
    assert seen == [(n, total) for total in (None, 272) for n in rows]


def test_the_bar_is_off_unless_asked_for(capsys):
    emlib.fit(MODEL, X, START)
    assert capsys.readouterr() == ("", "")


def test_the_bar_is_closed_when_the_run_fails(tmp_path, capsys):
    with pytest.raises(ValueError, match=r"block 3, row 5"):
        emlib.fit(MODEL, lambda: [X, X, X, with_nan(5)], START, progress=True)
    assert capsys.readouterr().err.endswith("\n")


def test_pieces_that_add_elsewhere_are_left_alone(capsys):
    class Elsewhere(Pieces):
        rows = len(X)

        def __iter__(self):
            raise AssertionError("the data are not here")

        def total(self, function):
            return function(X)

    trace = emlib.fit(MODEL, Elsewhere(), START, progress=True)
    assert trace.objective == emlib.fit(MODEL, X, START).objective
    assert f"iteration {trace.iterations}" in capsys.readouterr().err


# Memory.


def block_of(seed, n):
    x = np.random.default_rng(seed).standard_normal((n, 4))
    x[:, 3] += 5 * (seed % 2)
    return x


def peak_of(x, start):
    """The largest amount of memory that two steps hold at once, in bytes."""
    tracemalloc.start()
    list(itertools.islice(emlib.iterate(GaussianMixture(2, "diag"), x, start), 2))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_data(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "BLOCK_ROWS", 5_000)
    start = GaussianMixture(2, "diag").start(block_of(1, 500), 0)
    peaks = {}
    for n in (2, 8):
        x = np.concatenate([block_of(i, 10_000) for i in range(n)])
        forms = {
            "npy": saved(tmp_path / "x.npy", x),
            "Fortran": saved(tmp_path / "f.npy", np.asfortranarray(x)),
            "Parquet": saved(tmp_path / "x.parquet", x, row_group_size=5_000),
            "map": np.load(tmp_path / "x.npy", mmap_mode="r"),
            "blocks": lambda n=n: (block_of(i, 5_000) for i in range(2 * n)),
            "all blocks at once": lambda n=n: [block_of(i, 5_000) for i in range(2 * n)],
        }
        for form, data in forms.items():
            peaks.setdefault(form, []).append(peak_of(data, start))
    few, many = peaks.pop("all blocks at once")
    assert many > 2 * few  # so the measure sees what is held
    for form, (few, many) in peaks.items():
        assert many < 1.05 * few, f"{form}: {few:,} bytes, and {many:,} for four times the data"


#: With `room` bytes of private memory left, fit the file, then the same rows as a function gives them; last, whether
#: there would have been room for the array. The fit before that lets the libraries take what they need for themselves.
LIMITED = textwrap.dedent(
    """
    import re, resource, sys
    import numpy as np
    import emlib
    from emlib.scale import files

    path, room = sys.argv[1], int(sys.argv[2])
    files.BLOCK_BYTES = room // 12
    model = emlib.GaussianMixture(2, "diag")
    first = np.fromfile(path, count=40_000, offset=128).reshape(-1, 4)
    start = model.start(first[:1000], 0)
    emlib.fit(model, lambda: [first] * 3, start, tol=100)
    held = int(re.search(r"VmData:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (held + room, held + room))
    rows = len(np.load(path, mmap_mode="r"))

    def blocks():
        with open(path, "rb") as file:
            file.seek(128)
            for _ in range(rows // 50_000):
                yield np.fromfile(file, count=200_000).reshape(-1, 4)

    print(rows * 32 // room, *(emlib.fit(model, x, start, tol=100).objective for x in (path, blocks)))
    try:
        np.load(path)
    except MemoryError:
        print("no room")
    """
)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on private memory is Linux's")
def test_a_file_several_times_larger_than_the_memory_is_fitted(tmp_path):
    path, n = tmp_path / "x.npy", 3_200_000
    x = np.lib.format.open_memmap(path, "w+", shape=(n, 4))
    for i in range(0, n, 400_000):
        x[i : i + 400_000] = block_of(i // 400_000, 400_000)
    del x
    room = 24 * 2**20
    try:
        done = subprocess.run(
            [sys.executable, "-c", LIMITED, str(path), str(room)], capture_output=True, text=True, check=False
        )
    finally:
        path.unlink()
    assert done.returncode == 0, done.stderr
    (times, from_file, from_blocks), verdict = map(str.split, done.stdout.splitlines())
    assert int(times) == 4
    assert float(from_file) == pytest.approx(float(from_blocks), rel=1e-12)
    assert verdict == ["no", "room"]
