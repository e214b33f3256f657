"""Memory: by how much the peak of a process grows while it fits, beyond the data themselves.

Each fit has a process of its own: ``python -m benchmarks.memory "GMM full" emlib 10000000`` prints the bytes. The peak
is the one that the operating system keeps, so that nothing escapes it. Data are made in place, and a small fit goes
before, so that nothing has raised the peak already but what stays.
"""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

import emlib
from benchmarks.cases import Problem, emlib_fit

ROOT = Path(__file__).resolve().parent.parent
FEATURES, COMPONENTS, ITERATIONS = 2, 10, 3
MODELS = {"GMM full": emlib.GaussianMixture(COMPONENTS), "k-means": emlib.KMeans(COMPONENTS)}
#: as many points as the fit can bear
POINTS = {"emlib": (1_000_000, 10_000_000), "scikit-learn": (1_000_000,)}


def measured(model, who, n):
    """Bytes beyond the data, from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", model, who, str(n)]
    return int(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout)


def main(model, who, n):
    """Print the bytes by which this process grows."""
    x, rng = np.empty((n, FEATURES)), np.random.default_rng(0)
    means = 2 * rng.standard_normal((COMPONENTS, FEATURES))
    for some in np.array_split(x, n // 1000):
        some[:] = means[rng.integers(COMPONENTS, size=len(some))] + rng.standard_normal(some.shape)
    model = MODELS[model]
    start = model.start(x[:1000], 0)
    if who == "emlib":
        contestant = emlib_fit
    else:
        from benchmarks.peers import scikit_learn

        def contestant(problem):
            return scikit_learn.contestants(problem)[who]

    contestant(Problem(model, x[:1000], (start,), 2))()
    before = peak()
    contestant(Problem(model, x, (start,), ITERATIONS))()
    print(peak() - before)


def peak():
    """The largest resident size of this process so far, in bytes.

    Linux counts into ``ru_maxrss`` what the parent process was before, so there its own record is read.
    """
    if sys.platform == "linux":
        (line,) = [line for line in Path("/proc/self/status").read_text("ascii").splitlines() if "VmHWM" in line]
        return 1024 * int(line.split()[1])
    import resource  # Windows has none

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
