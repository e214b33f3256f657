"""The one form in which every data set is handed out."""

from typing import NamedTuple

import numpy as np


class Dataset(NamedTuple):
    """Data with what one has to know about them.

    Attributes
    ----------
    x : array (N, D)
        The data: float64, nan marking a gap; read-only, because every model, figure and slider of a chapter looks at
        the same array.
    feature_names : tuple of str
        One name per column, with its unit.
    labels : int array (N,) or None
        The true group of each point, 0 … K − 1, read-only; None where nobody knows it. No model is shown them.
    label_names : tuple of str
        One name per group; empty where `labels` is None.
    description : str
        What the data are, or what a counter-example shows.
    citation : str
        Where they come from.
    """

    x: np.ndarray
    feature_names: tuple
    labels: np.ndarray | None
    label_names: tuple
    description: str
    citation: str


def read_only(values, dtype):
    """Return a copy of `values` that refuses assignment."""
    values = np.array(values, dtype=dtype)
    values.flags.writeable = False
    return values
