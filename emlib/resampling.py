"""The bootstrap: what the fit would have been with other data of the same kind.

Efron (1979), Bootstrap methods: another look at the jackknife. Annals of Statistics 7, 1–26.
"""

import functools

import numpy as np

from emlib import checks
from emlib.engine import MAX_ITER, TOL, e_step, each, fit, needs
from emlib.pieces import Pieces, recognised


def bootstrap(model, x, params, n=200, *, seed, parametric=False, tol=TOL, max_iter=MAX_ITER):
    """Fit `n` resampled data sets, each from `params`, so that components keep their numbers.

    The spread of the fits estimates the standard errors, without any derivative.

    Parameters
    ----------
    model : a model, with ``sample`` if `parametric`
    x : array (N, …) or list of sequences
        The data, of which as many rows, or sequences, are drawn with replacement.
    params : the fit to the data themselves
    n : int
    seed : int or numpy.random.Generator
    parametric : bool
        Draw as many from the model with `params` instead.
    tol, max_iter : as in `emlib.fit`

    Returns
    -------
    Restarts
        Its ``traces`` hold the fits, its ``failures`` the errors of those that degenerated.

    Raises
    ------
    DegenerateError
        If every fit ended in one.
    """

    if isinstance(recognised(x), Pieces):
        raise TypeError(
            "x is data in pieces; the bootstrap draws them anew for each fit: give as many rows as an array holds"
        )
    if parametric:
        needs(model, "sample(params, n, rng)")
    e_step(model, x, params)  # the model says what is wrong with either
    listed = isinstance(x, (list, tuple))
    x = x if listed else checks.rows(x)

    def draw(size, rng):
        drawn = model.sample(params, size, rng)
        return drawn if isinstance(drawn, np.ndarray) else drawn[0]

    # in a list there are sequences, or rows
    sequences = listed and parametric and np.ndim(x[0]) == draw(1, np.random.default_rng(0)).ndim

    def refit(rng):
        if parametric:
            again = [draw(len(sequence), rng) for sequence in x] if sequences else draw(len(x), rng)
        else:
            rows = rng.integers(len(x), size=len(x))
            again = [x[row] for row in rows] if listed else x[rows]
        return fit(model, again, params, tol=tol, max_iter=max_iter)

    rngs = checks.rng(seed).spawn(checks.integer(n, "n"))
    return each([functools.partial(refit, rng) for rng in rngs], "resampled fits")
