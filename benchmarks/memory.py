"""Memory: by how much the peak of a process grows while it fits, beyond the data themselves.

Each fit has a process of its own: ``python -m benchmarks.memory gmm emlib 10000000`` prints the bytes. The peak is the
operating system's (``ru_maxrss``), so that nothing escapes it. Data are made in place, and a small fit goes before, so
that the peak has not been raised already by anything but what stays.
"""

import resource
import subprocess
import sys
import warnings

import numpy as np
from threadpoolctl import threadpool_limits

import emlib
from benchmarks.cases import Problem, emlib_fit

FEATURES, COMPONENTS, ITERATIONS = 2, 10, 3
MODELS = {"GMM full": emlib.GaussianMixture(COMPONENTS), "k-means": emlib.KMeans(COMPONENTS)}
#: as many points as the fit can bear
POINTS = {"emlib": (1_000_000, 10_000_000), "scikit-learn": (1_000_000,)}


def measured(model, who, n):
    """Bytes beyond the data, from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", model, who, str(n)]
    return int(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def main(model, who, n):
    x = np.empty((n, FEATURES))
    rng = np.random.default_rng(0)
    means = 2 * rng.standard_normal((COMPONENTS, FEATURES))
    for start in range(0, n, 10_000):
        some = x[start : start + 10_000]
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
    """The largest resident size of this process so far, in bytes."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else 1024 * size


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
