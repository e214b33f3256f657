"""The parts of the report. Each prints as it measures, and returns its figures in the form in which they are stored."""

import itertools
import os
import subprocess
import sys
import tempfile
import time

from threadpoolctl import threadpool_limits

from benchmarks import cases, floor, memory
from benchmarks.measure import contest, ratio

IMPORT_ROUNDS = 9
#: The second is what a first fit needs; they are to take at most so many times as long as numpy's.
IMPORTS = {"import emlib": 1.25, "from emlib import GaussianMixture, fit": 1.25}


def imports(peers, only):
    """Processor time of fresh imports beside numpy's, in turns, once all is compiled."""
    seconds = {statement: [] for statement in ("import numpy", *IMPORTS)}
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}
        for turn in range(IMPORT_ROUNDS + 1):
            for statement, times in seconds.items():
                code = f"import time; t = time.process_time(); {statement}; print(time.process_time() - t)"
                command = [sys.executable, "-c", code]
                run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
                if turn:
                    times.append(float(run.stdout))
    rows = []
    for statement, target in IMPORTS.items():
        rows.append({"statement": statement, **shown(ratio(seconds[statement], seconds["import numpy"]), target)})
        print_ratio(statement, rows[-1])
    return rows


def speed(peers, only):
    """Every case beside everyone who has such a model, on one thread."""
    rows = []
    for case in cases.SPEED:
        if not case.name.startswith(only):
            continue
        with threadpool_limits(1):
            seconds = contest(contestants(case.problem(), [*peers.values(), floor]))
        ours = seconds.pop("emlib")
        row = {"case": case.name, "iterations": case.iterations, "ms": 1000 * min(ours) / case.iterations, "ratios": {}}
        print(f"{case.name:<44}{row['ms']:10.3f} ms an iteration, of {case.iterations}")
        for name in seconds | case.targets:
            if name in seconds:
                row["ratios"][name] = shown(ratio(ours, seconds[name]), case.targets.get(name))
                print_ratio(f"× {name}" if name == "floor" else f"÷ {name}", row["ratios"][name])
            else:
                print(f"    ÷ {name:<22} not installed; to be at most {case.targets[name]:g}")
        rows.append(row)
    return rows


def threads(peers, only):
    """emlib with two threads beside emlib with one, by the clock."""
    rows = []
    for case in cases.SPEED:
        if not case.name.startswith(only):
            continue
        run = cases.emlib_fit(case.problem(), time.perf_counter)

        def limited(number, run=run):
            with threadpool_limits(number):
                return run()

        seconds = contest({"emlib": lambda: limited(2), "one thread": lambda: limited(1)})
        rows.append({"case": case.name, **shown(ratio(seconds["emlib"], seconds["one thread"]), None)})
        print_ratio(case.name, rows[-1])
    return rows


def memories(peers, only):
    """Peaks beyond the data, in MB."""
    rows = []
    if sys.platform == "win32":
        print("not measured: Windows keeps no such record")
        return rows
    for model in memory.MODELS:
        for who, numbers in memory.POINTS.items():
            if who not in ("emlib", *peers):
                print(f"{model}: {who} is not installed")
                continue
            for n in numbers if model.startswith(only) else ():
                data, beyond = 8 * n * memory.FEATURES / 1e6, memory.measured(model, who, n) / 1e6
                rows.append({"model": model, "who": who, "n": n, "data": data, "beyond": beyond})
                print(f"{model:<12}{who:<14}{n:12,} × 2, K = 10: data {data:6.0f} MB, beyond them {beyond:8.0f} MB")
    return rows


def clusters(peers, only):
    """Fits on a Dask cluster beside fits in one process, and what a partition costs there."""
    from benchmarks import cluster  # Dask takes its time to import

    rows = []
    chosen = [case for case in cluster.CASES if case.name.startswith(only)]
    for workers, case in itertools.product(cluster.WORKERS, chosen):
        problem = case.problem()
        with cluster.running(workers), threadpool_limits(1):
            seconds, per_partition = contest(cluster.contestants(problem, peers)), cluster.overhead()
        ours = seconds.pop("emlib")
        row = {"case": case.name, "workers": workers, "ms": 1000 * min(ours) / case.iterations}
        row |= {"overhead": 1000 * per_partition, "reply": cluster.reply(problem)}
        row["ratios"] = {name: shown(ratio(ours, theirs), None) for name, theirs in seconds.items()}
        print(f"{case.name}, {workers} worker{'s' * (workers > 1)}: {row['ms']:.1f} ms an iteration")
        print(f"    a partition: Dask {row['overhead']:.2f} ms, reply {row['reply']:,} bytes")
        for name, found in row["ratios"].items():
            print_ratio(f"÷ {name}", found)
        rows.append(row)
    return rows


def growth(peers, only):
    """Milliseconds an iteration, with one of N, D and K growing."""
    rows = []
    others = [peers["scikit-learn"]] if "scikit-learn" in peers else []
    for letter, value, case in cases.growth():
        if not case.name.startswith(only):
            continue
        with threadpool_limits(1):
            seconds = contest(contestants(case.problem(), others))
        ms = {name: 1000 * min(times) / case.iterations for name, times in seconds.items()}
        rows.append({"model": cases.label(case.model), "grows": letter, "value": value, "ms": ms})
        print(f"{case.name:<44}" + "".join(f"{name:>14}{time:10.3f} ms" for name, time in ms.items()))
    return rows


def contestants(problem, others):
    """emlib and those of `others` that have the problem's model."""
    them = {"emlib": cases.emlib_fit(problem)}
    for other in others:
        them |= other.contestants(problem)
    return them


def shown(found, target):
    """A ratio as it is stored."""
    row = {"ratio": found.least, "quartiles": [found.low, found.high]}
    return row if target is None else row | {"target": target, "met": bool(found.least <= target)}


def print_ratio(name, row):
    low, high = row["quartiles"]
    said = f"; to be at most {row['target']:g}: {'met' if row['met'] else 'MISSED'}" if "target" in row else ""
    print(f"    {name:<40} {row['ratio']:8.3f}  ({low:.3f} to {high:.3f}){said}")


PARTS = {
    "import": imports,
    "speed": speed,
    "threads": threads,
    "memory": memories,
    "growth": growth,
    "cluster": clusters,
}
TITLES = {
    "import": "imports, processor time ÷ that of import numpy",
    "speed": "emlib's processor time over another's, one thread, whole call: least times (middle half of the rounds)",
    "threads": "emlib with two threads ÷ with one, by the clock",
    "memory": "peak memory beyond the data",
    "growth": "milliseconds an iteration, one thread, processor time",
    "cluster": "fits on a Dask cluster of this machine ÷ others, by the clock",
}
