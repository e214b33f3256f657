"""A class to grade in the tests: an assignment, and notebooks as learners hand them in."""

import json

#: An honest answer, which stands in every submission beside what is tried there.
HONEST = """
import numpy as np

def update_means(x, r):
    return np.average(x, axis=0, weights=r), np.average(x, axis=0, weights=1 - r)
"""


def notebook(*cells, **metadata):
    """A notebook as a dict; a cell is its source, or a pair of its source and its nbgrader metadata."""
    cells = [cell if isinstance(cell, tuple) else (cell, {}) for cell in cells]
    return {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": None,
                "metadata": {"nbgrader": nbgrader} if nbgrader else {},
                "outputs": [],
                "source": source,
            }
            for source, nbgrader in cells
        ],
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def assignment(folder, **points):
    """Write an assignment that gives so many points for these exercises; return its path."""
    checks = [
        (f'check("{name}", {name})', {"grade": True, "solution": False, "grade_id": f"check_{name}", "points": worth})
        for name, worth in points.items()
    ]
    return hand_in(folder / "assignment.ipynb", *checks)


def hand_in(path, *cells, **metadata):
    """Write a notebook with these cells; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook(*cells, **metadata)), "utf-8")
    return path
