"""R's mclust. R stays at work beside this process and times itself; what goes to and fro passes through pipes."""

import os
import shutil
import subprocess
import weakref
from pathlib import Path

import numpy as np

import emlib
from benchmarks.measure import ROUND_SECONDS

NAMES = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}
SCRIPT = Path(__file__).with_suffix(".R")
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS")}


def _version():
    if not shutil.which("Rscript"):
        raise ImportError("no Rscript")
    ask = ["Rscript", "-e", 'cat(as.character(packageVersion("mclust")), "under R", as.character(getRversion()))']
    answer = subprocess.run(ask, capture_output=True, text=True)
    if answer.returncode:
        raise ImportError("R without mclust")
    return answer.stdout


VERSION = _version()


def contestants(problem):
    family = getattr(problem.model, "covariance_type", None)
    if family is None:
        return {}
    (n, d), k = problem.x.shape, problem.model.n_components
    sizes = map(str, (n, d, k, len(problem.starts), problem.iterations))
    r = subprocess.Popen(
        ["Rscript", SCRIPT, NAMES[family], str(ROUND_SECONDS), *sizes],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | ONE_THREAD,
    )
    r.stdin.write(problem.x.tobytes("F"))
    for start in problem.starts:
        weights, means, _ = start
        r.stdin.write(weights.tobytes() + means.tobytes() + problem.model.full_covariances(start).tobytes())

    def fit():
        r.stdin.write(b"\1")
        r.stdin.flush()
        seconds = read(1).item()
        found = []
        for _ in problem.starts:
            problem.took(int(read(1).item()), "mclust")
            found.append(params(read(k), read(k * d), read(k * d * d)))
        return seconds, found

    def read(count):
        return np.frombuffer(r.stdout.read(8 * count))

    def params(weights, means, covariances):
        shaped = emlib.GaussianMixtureParams(weights, means.reshape(k, d), covariances.reshape(k, d, d))
        return shaped._replace(covariances=of_family(shaped.covariances, family))

    weakref.finalize(fit, _end, r)
    return {"mclust": fit}


def of_family(covariances, family):
    """K matrices as the family's parameters."""
    if family == "full":
        return covariances
    if family == "tied":
        return covariances[0]
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    return variances if family == "diag" else variances[:, 0]


def _end(r):
    """At the end of its input R ends too."""
    r.stdin.close()
    r.stdout.close()
    r.wait()
