"""Data to learn from: two real sets with their sources, and seeded simulators whose truth is known."""

from emlib.datasets.bundled import faithful, iris
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
    "elongated",
    "faithful",
    "iris",
    "moons",
    "outlier",
    "rings",
    "unequal_sizes",
    "unequal_variances",
]
