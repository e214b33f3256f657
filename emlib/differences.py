"""Derivatives by differences, with steps that suit whatever units the coordinates have."""

import numpy as np


def steps(function, vector, wanted):
    """For each coordinate a step that changes `function` by about `wanted`, so that no unit of θ matters.

    Where `function` does not depend on a coordinate, its step is 1.
    """

    def change(i, step):
        moved = vector.copy()
        moved[i] += step
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            try:
                value = function(moved)
            except ValueError:  # the step led out of the parameters' domain
                return np.inf
        return abs(value - centre) if np.isfinite(value) else np.inf

    centre, sizes = function(vector), np.ones(len(vector))
    for i in range(len(vector)):
        for _ in range(60):
            largest = max(change(i, -sizes[i]), change(i, sizes[i]))
            if wanted / 10 <= largest <= wanted * 10:
                break
            sizes[i] *= np.clip(np.sqrt(wanted / largest) if largest > 0 else 8.0, 1 / 8, 8.0)
        if largest <= 1e-9 * wanted + 1e-12 * abs(centre):
            sizes[i] = 1.0
    return sizes


def derivative(function, vector, sizes):
    """∂function/∂vector by central differences with Richardson's correction: error O(h⁴).

    Parameters
    ----------
    function : of a vector (p,), with a number or an array (…,) for value
    vector : (p,)
    sizes : (p,)
        The steps h.

    Returns
    -------
    array (…, p)
    """
    columns = []
    for e in np.diag(sizes):
        near = np.subtract(function(vector + e), function(vector - e)) / 2
        far = np.subtract(function(vector + 2 * e), function(vector - 2 * e)) / 4
        columns.append((4 * near - far) / 3 / e.sum())
    return np.moveaxis(np.array(columns), 0, -1)
