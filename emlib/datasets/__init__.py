"""Data to learn from: three real sets with their sources, and seeded simulators whose truth is known."""

from emlib.datasets.bundled import death_notices, faithful, iris
from emlib.datasets.record import Dataset
from emlib.datasets.simulated import (
    blobs,
    elongated,
    moons,
    outlier,
    rings,
    unequal_sizes,
    unequal_variances,
)

__all__ = [
    "Dataset",
    "blobs",
    "death_notices",
    "elongated",
    "faithful",
    "iris",
    "moons",
    "outlier",
    "rings",
    "unequal_sizes",
    "unequal_variances",
]
