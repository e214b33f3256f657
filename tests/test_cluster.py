"""Data on Dask: the same answer as on one machine, whoever dies meanwhile, and clear words about what is wrong."""

import itertools
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import cloudpickle
import dask
import dask.array as da
import dask.dataframe as dd
import models
import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster
from threadpoolctl import threadpool_info, threadpool_limits

import emlib
from emlib.scale.cluster import FAN_IN, Partitions
from emlib.variations import Wrapper

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # the workers need not import the tests

FAITHFUL = models.DATA["faithful"]
MODEL = emlib.GaussianMixture(2)
START = MODEL.start(FAITHFUL, 0)


def steps(model, x, start, n=5):
    return list(itertools.islice(emlib.iterate(model, x, start), n + 1))


def assert_same(ours, theirs, tolerance=1e-10):
    """Two runs agree, relative to the size of each number."""
    for a, b in zip(ours, theirs, strict=True):
        assert a.objective == pytest.approx(b.objective, rel=tolerance)
        for left, right in zip(numbers(a.params), numbers(b.params), strict=True):
            np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance * np.abs(right).max())


def numbers(params):
    return params.values() if isinstance(params, dict) else params if isinstance(params, tuple) else [params]


def parts(x, *sizes):
    """Delayed parts of `x` put together, as data are read whose sizes nobody knows."""
    cut = np.split(x, np.cumsum(sizes))
    return da.concatenate(
        [da.from_delayed(dask.delayed(part), (np.nan, *x.shape[1:]), dtype=float) for part in cut],
        allow_unknown_chunksizes=True,
    )


# On this machine's threads.

ROWS = {
    (type(row.model), getattr(row.model, "covariance_type", None)): row
    for row in models.ROWS
    if isinstance(row.x, np.ndarray) and "additive" not in row.unchecked
}


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.name)
def test_a_dask_array_gives_the_same_answer_as_one_machine(row):
    x = da.from_array(row.x, chunks=(max(1, len(row.x) // 11), *row.x.shape[1:]))
    assert x.npartitions > FAN_IN or len(row.x) < 20
    assert_same(steps(row.model, x, row.params), steps(row.model, row.x, row.params))


def test_a_table_gives_the_same_answer_whatever_kind_its_numbers_are():
    frame = pd.DataFrame(FAITHFUL, columns=["eruption", "waiting"]).astype({"waiting": "Int64"})
    x = dd.from_pandas(frame, npartitions=10)
    assert_same(steps(MODEL, x, START), steps(MODEL, FAITHFUL, START))


def test_fit_squarem_restarts_and_bic_take_what_dask_has():
    x = da.from_array(FAITHFUL, chunks=(30, 2))
    for algorithm in (emlib.iterate, emlib.squarem):
        ours, theirs = (emlib.fit(MODEL, data, START, algorithm=algorithm) for data in (x, FAITHFUL))
        assert_same(ours, theirs)
        assert ours.reason == theirs.reason
    assert emlib.bic(MODEL, x, ours.params) == pytest.approx(emlib.bic(MODEL, FAITHFUL, theirs.params), rel=1e-10)
    ours, theirs = (emlib.restarts(MODEL, data, n=2, seed=0).best for data in (x, FAITHFUL))
    assert ours.objective == pytest.approx(theirs.objective, rel=1e-7)


def test_rows_that_nobody_knows_are_counted_by_the_first_pass():
    x = Partitions(parts(FAITHFUL, 100, 0, 30))
    assert x.rows is None
    trace = emlib.fit(MODEL, x, START)
    assert x.rows == len(x) == len(FAITHFUL)
    assert_same(trace, emlib.fit(MODEL, FAITHFUL, START))
    assert len(Partitions(parts(FAITHFUL, 100, 0, 30))) == len(FAITHFUL)


def test_empty_partitions_are_passed_over_unless_there_are_no_others():
    x = Partitions(parts(FAITHFUL, 0, 100, 0, 100))
    assert [len(part) for part in x] == [100, 100, len(FAITHFUL) - 200]
    with pytest.raises(ValueError, match="x is empty: none of its 3 partitions holds a row"):
        emlib.fit(MODEL, parts(FAITHFUL[:0], 0, 0), START)


def test_a_sample_holds_rows_in_their_order_and_all_of_them_if_there_are_no_more():
    x = np.arange(1000.0)[:, None]
    some = Partitions(da.from_array(x, chunks=(70, 1)))
    drawn = np.concatenate([some.sample(50, np.random.default_rng(seed)) for seed in range(100)])
    assert drawn.shape == (5000, 1)
    assert all((np.diff(drawn.reshape(100, 50)) > 0).ravel())
    # 5000 of 1000 rows: 5 each on average; every tenth of the data its tenth, within four standard deviations
    np.testing.assert_allclose(np.bincount((drawn.ravel() // 100).astype(int)), 500, atol=4 * np.sqrt(5000 * 0.09))
    np.testing.assert_array_equal(some.sample(2000, np.random.default_rng(0)), x)


class CountsThreads:
    """An E-step that tells the most threads that NumPy's linear algebra might use meanwhile."""

    def e_step(self, x, params):
        numpys = (library for library in threadpool_info() if "numpy" in library["filepath"])
        return len(x), float(max(library["num_threads"] for library in numpys))


def test_an_e_step_on_a_partition_starts_no_threads_of_its_own():
    x = da.from_array(FAITHFUL, chunks=(30, 2))
    with threadpool_limits(2):
        before = threadpool_info()
        assert next(emlib.iterate(CountsThreads(), x, None)).objective == x.npartitions
        assert threadpool_info() == before


# Bad input.


def with_blocks(x, change):
    """`x` in blocks of 30 rows, the fourth of which is changed, without Dask's being told."""

    def changed(block, block_id):
        return change(block) if block_id[0] == 3 else block

    return da.from_array(x, chunks=(30, 2)).map_blocks(changed, dtype=float, meta=np.empty((0, 2)))


def with_nan(x):
    return np.where(np.arange(x.size).reshape(x.shape) == 11, np.nan, x)


class Sparse:
    """What CuPy's and sparse blocks have in common: they have rows, and are not NumPy's."""

    def __init__(self, block):
        self.shape, self.ndim, self.dtype = block.shape, 2, block.dtype

    def __len__(self):
        return self.shape[0]


@pytest.mark.parametrize(
    ("change", "kind", "sentence"),
    [
        (with_nan, ValueError, r"partition 3, row 5, column 1 is nan; every value must be finite"),
        (lambda b: b[:, :1], ValueError, r"partition 3 has the shape \(30, 1\); Dask was told \('N', 2\)"),
        (lambda b: b.astype(str), TypeError, r"x holds <U32 values; give numbers"),
        (Sparse, TypeError, r"partition 3 is a test_cluster.Sparse; give NumPy arrays"),
    ],
)
def test_a_bad_block_is_named(change, kind, sentence):
    with pytest.raises(kind, match=sentence) as caught:
        emlib.fit(MODEL, with_blocks(FAITHFUL, change), START)
    assert "in iteration 0" in caught.value.__notes__


def table(change):
    """Old Faithful as a table of four parts, the third of which is changed, without Dask's being told."""
    frame = pd.DataFrame(FAITHFUL, columns=["eruption", "waiting"])
    cut = [frame[first : first + 68].reset_index(drop=True) for first in range(0, len(frame), 68)]
    return dd.from_delayed(
        [dask.delayed(change(part) if i == 2 else part) for i, part in enumerate(cut)], meta=frame, verify_meta=False
    )


@pytest.mark.parametrize(
    ("change", "kind", "sentence"),
    [
        (
            lambda f: f.replace({"waiting": {f.waiting[7]: np.nan}}),
            ValueError,
            r"partition 2, row \d, column 'waiting' is nan",
        ),
        (lambda f: f[["waiting", "eruption"]], ValueError, r"partition 2 has the columns \['waiting', 'eruption'\]"),
        (lambda f: f[["eruption"]], ValueError, r"partition 2 has the columns \['eruption'\]; Dask was told"),
        (lambda f: f.astype({"waiting": str}), TypeError, r"partition 2, column 'waiting', holds \w+ values"),
        (lambda f: f.astype({"eruption": object}), TypeError, r"column 'eruption', holds object values; give numbers"),
    ],
)
def test_a_bad_part_of_a_table_is_named(change, kind, sentence):
    with pytest.raises(kind, match=sentence):
        emlib.fit(MODEL, table(change), START)


def test_numbers_at_odd_addresses_are_moved():
    """So a message may bring them, and linear algebra would copy them at each of its calls."""
    odd = np.frombuffer(bytearray(8 * 20 + 3), dtype=float, offset=3).reshape(10, 2)
    assert not odd.flags.aligned
    x = da.from_delayed(dask.delayed(odd, pure=False, traverse=False), (10, 2), dtype=float)
    assert Partitions(x).total(lambda rows: int(rows.flags.aligned)) == 1


def test_what_cannot_be_gone_over_by_rows_is_refused():
    x = da.from_array(FAITHFUL, chunks=(30, 1))
    with pytest.raises(ValueError, match=r"x is cut across its columns, .* give x.rechunk\(\{1: -1\}\)"):
        emlib.fit(MODEL, x, START)
    assert_same(steps(MODEL, x.rechunk({1: -1}), START), steps(MODEL, FAITHFUL, START))
    for other in (dask.delayed(FAITHFUL), table(lambda part: part)["waiting"], da.from_array(np.array(1.0))):
        with pytest.raises(TypeError, match=f"x is a Dask {type(other).__name__}; give an array"):
            emlib.fit(MODEL, other, START)


def test_a_model_that_draws_is_refused():
    with pytest.raises(TypeError, match="the model holds a random generator"):
        next(emlib.iterate(emlib.Stochastic(MODEL, 0), da.from_array(FAITHFUL, chunks=(30, 2)), START))


# On a cluster of several processes.


@pytest.fixture(scope="module")
def cluster():
    settings = {"distributed.scheduler.allowed-failures": 1, "distributed.comm.timeouts.connect": "10s"}
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=3,
            processes=True,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=":0",
            silence_logs=logging.CRITICAL,
        ) as running,
    ):
        yield running


@pytest.fixture
def client(cluster):
    """A client that is not active, so that only what is passed to it goes there."""
    with Client(cluster, set_as_default=False) as connected:
        connected.wait_for_workers(2, timeout=60)
        yield connected


@dataclass(frozen=True)
class Dies(Wrapper):
    """A model whose E-step kills its own process, `times` times, when it is given a certain row in iteration 1."""

    folder: Path
    times: int = 1

    def e_step(self, x, params):
        if (x == FAITHFUL[100]).all(axis=1).any() and not np.array_equal(params.means, START.means):
            died = len(list(self.folder.iterdir()))
            if died < self.times:
                (self.folder / str(died)).touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return self.model.e_step(x, params)


def assert_identical(ours, theirs):
    """Not a digit differs."""
    for a, b in zip(ours, theirs, strict=True):
        assert a.objective == b.objective
        for left, right in zip(a.params, b.params, strict=True):
            np.testing.assert_array_equal(left, right)


def test_a_cluster_of_processes_gives_the_digits_that_threads_give(client):
    x = da.from_array(FAITHFUL, chunks=(30, 2))
    on_threads = steps(MODEL, x, START)
    assert_identical(steps(MODEL, Partitions(x, client=client), START), on_threads)
    with client.as_current():
        assert_identical(steps(MODEL, x, START), on_threads)
        assert_identical(steps(MODEL, x.persist(), START), on_threads)
        assert next(emlib.iterate(CountsThreads(), x, None)).objective == x.npartitions


def test_a_worker_killed_in_mid_iteration_costs_time_and_not_the_answer(client, tmp_path):
    x = client.persist(da.from_array(FAITHFUL, chunks=(30, 2)))
    undisturbed = steps(MODEL, Partitions(x, client=client), START)
    assert_identical(steps(Dies(MODEL, tmp_path), Partitions(x, client=client), START), undisturbed)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_partition_that_kills_each_worker_is_told(client, tmp_path):
    x = Partitions(da.from_array(FAITHFUL, chunks=(30, 2)), client=client)
    with pytest.raises(RuntimeError, match="2 workers died one after the other over the same partition") as caught:
        steps(Dies(MODEL, tmp_path, times=2), x, START)
    assert caught.value.__notes__ == ["in iteration 1"]


def test_what_moves_in_an_iteration_is_statistics_and_parameters(client):
    model, rng = emlib.GaussianMixture(10), np.random.default_rng(0)
    data = rng.standard_normal((6000, 16))
    start = model.start(data[:1000], 0)
    x = client.persist(da.from_array(data, chunks=(500, 16)))
    partitions = Partitions(x, client=client)
    n_numbers = 10 * (1 + 16 + 16 * 16)

    def moved():
        return sum(client.run(lambda dask_worker: dask_worker.transfer_outgoing_bytes_total).values())

    steps(model, partitions, start, n=0)
    before = moved()
    steps(model, partitions, start, n=1)
    # at most: each of 12 statistics, 2 sums and 1 total goes to another worker once, and the parameters to all
    assert 0 < (moved() - before) / 2 < 8 * n_numbers * (12 + 2 + 1 + 3) * 1.2 < data.nbytes


@pytest.mark.parametrize(
    ("lack", "kind", "sentence"),
    [
        (
            lambda: sys.modules.update({"emlib.scale.cluster": None}),
            RuntimeError,
            r"a worker has no module emlib\S*; ins",
        ),
        (lambda: setattr(emlib.scale.cluster, "edition", lambda: "old"), ImportError, "a worker has another emlib"),
    ],
)
def test_a_worker_without_this_emlib_is_told(client, lack, kind, sentence):
    x = Partitions(da.from_array(FAITHFUL, chunks=(30, 2)), client=client)
    steps(MODEL, x, START, n=0)
    client.run(lack)
    try:
        with pytest.raises(kind, match=sentence):
            steps(MODEL, x, START, n=0)
    finally:
        client.run(lambda: sys.modules.pop("emlib.scale.cluster"))  # so that it is read again
    steps(MODEL, x, START, n=0)


def test_a_client_that_is_closed_or_closes_is_told(cluster):
    connected = Client(cluster, set_as_default=False)
    x = Partitions(da.from_array(FAITHFUL, chunks=(30, 2)), client=connected)
    run = emlib.iterate(MODEL, x, START)
    next(run)
    connected.close()
    with pytest.raises(RuntimeError, match="the Dask client is closed; connect a new one, and make x with it"):
        next(run)
    connected = Client(cluster, set_as_default=False)
    x = Partitions(da.from_array(FAITHFUL, chunks=(30, 2)), client=connected)
    closing = threading.Timer(0.5, connected.close)
    closing.start()
    with pytest.raises(RuntimeError, match=r"Dask gave the work up|the Dask client is closed"):
        x.total(lambda rows: time.sleep(1))
    closing.join()


def test_a_run_on_dask_is_taken_up_at_its_checkpoint(tmp_path):
    x = da.from_array(FAITHFUL, chunks=(30, 2))
    whole = emlib.fit(MODEL, x, START)
    with pytest.warns(emlib.ConvergenceWarning):
        emlib.fit(MODEL, x, START, max_iter=3, checkpoint=tmp_path / "run")
    assert_identical(emlib.fit(MODEL, x, START, checkpoint=tmp_path / "run"), whole)


DRIVER = """
import sys
import dask.array as da
import numpy as np
from dask.distributed import Client
import emlib

address, data, folder = sys.argv[1:]
rows, model = np.load(data), emlib.GaussianMixture(2)
with Client(address):
    emlib.fit(model, da.from_array(rows, chunks=(30, 2)), model.start(rows, 0), tol=1e-12, checkpoint=folder)
"""


def test_a_driver_that_is_killed_is_followed_by_another(cluster, client, tmp_path):
    """The workers go on; what the one who dies has put down is enough."""
    np.save(tmp_path / "x.npy", FAITHFUL)
    folder = tmp_path / "run"
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, cluster.scheduler_address, tmp_path / "x.npy", folder],
    )
    while len(list(folder.glob("*.npz"))) < 3:
        assert driver.poll() is None, "it ended before it was killed"
        time.sleep(0.001)
    driver.kill()
    assert driver.wait(30) == -signal.SIGKILL
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("*.npz")}
    x = Partitions(da.from_array(FAITHFUL, chunks=(30, 2)), client=client)
    whole = emlib.fit(MODEL, x, START, tol=1e-12)
    assert 3 <= len(kept) < len(whole)
    assert_identical(emlib.fit(MODEL, x, START, tol=1e-12, checkpoint=folder), whole)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "what was kept was computed again"
