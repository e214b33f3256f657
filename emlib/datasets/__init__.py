"""Data to learn from: real sets with their sources, and seeded simulators whose truth is known."""

from emlib.datasets.bundled import (
    cement,
    death_notices,
    earthquakes,
    faithful,
    iris,
    motorettes,
    remissions,
    role_conflict,
)
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
    "cement",
    "death_notices",
    "earthquakes",
    "elongated",
    "faithful",
    "iris",
    "moons",
    "motorettes",
    "outlier",
    "remissions",
    "rings",
    "role_conflict",
    "unequal_sizes",
    "unequal_variances",
]
