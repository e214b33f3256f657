"""The bootstrap: what the fit would have been with other data of the same kind.

Efron (1979), Bootstrap methods: another look at the jackknife. Annals of Statistics 7, 1–26.
"""

from emlib import checks
from emlib.engine import MAX_ITER, TOL, each, fit


def bootstrap(model, x, params, n=200, *, seed, parametric=False, tol=TOL, max_iter=MAX_ITER):
    """Fit `n` resampled data sets, each from `params`, so that components keep their numbers.

    The spread of the fits estimates the standard errors, without any derivative.

    Parameters
    ----------
    model : a model, with ``sample`` if `parametric`
    x : (N, …)
        The data, of which N rows are drawn with replacement.
    params : the fit to the data themselves
    n : int
    seed : int or numpy.random.Generator
    parametric : bool
        Draw N rows from the model with `params` instead.
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

    def refit(rng):
        if parametric:
            drawn = model.sample(params, len(x), rng)
            drawn = drawn[0] if isinstance(drawn, tuple) else drawn
        else:
            drawn = x[rng.integers(len(x), size=len(x))]
        return fit(model, drawn, params, tol=tol, max_iter=max_iter)

    return each(refit, checks.rng(seed).spawn(checks.integer(n, "n")), "resampled fits")
