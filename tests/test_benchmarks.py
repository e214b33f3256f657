"""The benchmarks compare before they time, and say what they could not compare; what is stored is what they measure."""

import dataclasses
import importlib.util
import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import __main__, cases, cluster, floor, measure, memory, parts, peers

# The command ignores warnings too: every fit is cut short on purpose, and says so.
pytestmark = pytest.mark.filterwarnings("ignore")

#: One case of each kind, in small.
KINDS = {(cases.label(case.model), case.restarts): case for case in cases.SPEED}
SMALL = [dataclasses.replace(case, n=200, d=2, iterations=3) for case in KINDS.values()]
K_MEANS = next(case for case in SMALL if cases.label(case.model) == "k-means")
HERE, MISSING = peers.installed()


@pytest.fixture(autouse=True)
def no_patience(monkeypatch):
    """Let few calls be enough."""
    monkeypatch.setattr(measure, "ENOUGH_SECONDS", 0)
    monkeypatch.setattr(measure, "ROUND_SECONDS", 1e-9)
    monkeypatch.setattr(parts, "IMPORT_ROUNDS", 1)


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_whoever_is_here_agrees_and_is_timed(case):
    contestants = parts.contestants(case.problem(), [*HERE.values(), floor])
    assert ("scikit-learn" in contestants) == ("HMM" not in case.name), "it belongs to the extra dev"
    seconds = measure.contest(contestants)
    assert {name: len(times) for name, times in seconds.items()} == dict.fromkeys(contestants, measure.LEAST_ROUNDS)
    assert min(map(min, seconds.values())) > 0


@pytest.mark.parametrize("error", [1e-6, np.nan])
def test_a_wrong_result_is_refused_before_anything_is_timed(error):
    ours, calls = cases.emlib_fit(K_MEANS.problem()), []

    def wrong():
        calls.append("wrong")
        seconds, found = ours()
        return seconds, [params._replace(means=params.means + error) for params in found]

    with pytest.raises(measure.Refused, match="a peer and emlib do not find the same means from start 0"):
        measure.contest({"emlib": ours, "a peer": wrong})
    assert calls == ["wrong"]


@pytest.mark.parametrize("who", ["emlib", "scikit-learn"])
def test_a_run_that_stops_early_is_refused(who):
    problem = dataclasses.replace(K_MEANS, iterations=500).problem()
    with pytest.raises(measure.Refused, match=rf"{who} stopped after \d+ of 500 iterations"):
        parts.contestants(problem, [HERE["scikit-learn"]])[who]()


def test_a_ratio_is_of_the_least_times_and_its_range_of_the_rounds():
    found = measure.ratio([2.0, 3.0, 8.0], [1.0, 2.0, 2.0])
    assert found == (2.0, 1.75, 3.0)


@pytest.mark.parametrize(
    ("family", "count"),
    [("full", 1 + 3 + 6), ("diag", 1 + 3 + 3), ("spherical", 1 + 3 + 1), ("tied", 1 + 3), (None, 4)],
)
def test_the_floor_multiplies_no_more_than_it_must(family, count):
    assert floor.n_features(family, 3) == count


def test_the_command_says_what_is_missing_and_what_is_missed(monkeypatch, capsys):
    case = dataclasses.replace(K_MEANS, targets={"scikit-learn": 1e-9, "nobody": 1.0})
    monkeypatch.setattr(cases, "SPEED", [case])
    monkeypatch.setitem(peers.MODULES, "nobody", "nobody")
    __main__.main(["import", "speed", "threads", "--only", "k-means"])
    said = capsys.readouterr().out
    assert "nobody        not installed (No module named 'benchmarks.peers.nobody')" in said
    assert "÷ nobody                 not installed; to be at most 1\n" in said
    assert "to be at most 1e-09: MISSED" in said
    assert said.count(case.name) == 2
    assert "\n    from emlib import GaussianMixture, fit  " in said


def test_a_refusal_ends_the_command(monkeypatch):
    monkeypatch.setattr(cases, "SPEED", [dataclasses.replace(K_MEANS, iterations=500)])
    with pytest.raises(SystemExit, match="refused: emlib stopped after"):
        __main__.main(["speed"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sped"], "part is 'sped'; it must be one of import, speed"),
        (["--only", "GMM", "--store"], "--store keeps whole parts"),
    ],
)
def test_the_command_refuses_what_it_does_not_know(arguments, sentence, capsys):
    with pytest.raises(SystemExit):
        __main__.main(arguments)
    assert sentence in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no record of a process's peak")
def test_memory_is_that_of_a_process_of_its_own():
    code = "import numpy; from benchmarks.memory import peak; b = peak(); numpy.ones(10_000_000); print(peak() - b)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=memory.ROOT)
    assert 79e6 <= int(run.stdout) < 82e6
    assert 0 <= memory.measured("k-means", "emlib", 5000) < 10e6


def test_fits_on_a_cluster_agree_with_those_of_one_process(monkeypatch):
    monkeypatch.setattr(cluster, "WORKERS", (1,))
    monkeypatch.setattr(
        cluster, "CASES", [dataclasses.replace(case, n=2000, d=2, iterations=2) for case in cluster.CASES]
    )
    rows = parts.clusters(HERE, "")
    assert [row["workers"] for row in rows] == [1, 1]
    for row in rows:
        assert {"scikit-learn, one process", "emlib, one process"} <= row["ratios"].keys()
        assert row["ms"] > 0
        assert row["overhead"] > 0
        assert row["reply"] > 8 * 10 * (1 + 2), "counts and means, at the least"


def test_what_is_stored_is_what_is_measured_today():
    stored = json.loads(__main__.STORED.read_text("utf-8"))
    assert stored.keys() == {"machine", *parts.PARTS}
    assert [row["case"] for row in stored["speed"]] == [case.name for case in cases.SPEED]
    assert [row["case"] for row in stored["threads"]] == [case.name for case in cases.SPEED]
    targets = {
        (row["case"], peer): found["target"]
        for row in stored["speed"]
        for peer, found in row["ratios"].items()
        if "target" in found
    }
    assert targets == {(case.name, peer): most for case in cases.SPEED for peer, most in case.targets.items()}
    assert [(row["grows"], row["value"]) for row in stored["growth"]] == [row[:2] for row in cases.growth()]
    expected = [(case.name, workers) for workers in cluster.WORKERS for case in cluster.CASES]
    assert [(row["case"], row["workers"]) for row in stored["cluster"]] == expected
    assert max(row["n"] for row in stored["memory"] if row["who"] == "emlib") == 10_000_000


def test_the_page_marks_what_is_missed():
    spec = importlib.util.spec_from_file_location("speed", memory.ROOT / "book" / "extensions" / "speed.py")
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    found = {"ratio": 0.5, "quartiles": [0.42, 123.4], "target": 0.45, "met": False}
    cells = page.cell(found), page.cell(found | {"target": 0.5, "met": True}), page.cell(None)
    assert [cell.replace("\N{NO-BREAK SPACE}", " ") for cell in cells] == [
        "**0.5 > 0.45**<br>(0.42–123)",
        "0.5 ≤ 0.5<br>(0.42–123)",
        "–",
    ]
