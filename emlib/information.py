"""How fast EM is and how sure its answer: the information that is observed, and the fraction that is missing.

Near a maximum θ̂ the EM map M(θ) contracts by its Jacobian, the *rate matrix*

    ∂M/∂θ = I − I_complete⁻¹ I_observed,

whose eigenvalues are the fractions of information that the missing data take away. All derivatives are taken in the
model's free coordinates by differences of e_step, m_step and q, so that any model which has ``free`` and ``from_free``
can be asked.

Dempster, Laird & Rubin (1977), § 3. Louis (1982), Finding the observed information matrix when using the EM algorithm.
JRSS B 44, 226–233. Meng & Rubin (1991), Using EM to obtain asymptotic variance-covariance matrices: the SEM algorithm.
JASA 86, 899–909.
"""

import numpy as np

from emlib.differences import derivative, steps
from emlib.engine import e_step, m_step, needs, total_unit
from emlib.models.kmeans import KMeans
from emlib.variations import Stochastic, Tempered, layers

#: The steps of the differences, relative to those that change Q by a thousandth per data point.
SHARE = 0.03


def rate_matrix(model, x, params):
    """The Jacobian ∂M/∂θ of the EM map at `params`, in free coordinates, (p, p).

    Its largest eigenvalue is the rate of convergence: by this factor the distance to the limit shrinks in each step.
    """
    vector, sizes = _point(model, x, params)

    def step(v):
        return model.free(m_step(model, e_step(model, x, model.from_free(v, params))[0]))

    return derivative(step, vector, sizes)


def missing_information(model, x, params):
    """The largest fraction of missing information at the maximum `params`: 0 makes EM immediate, near 1 it crawls."""
    return float(np.abs(np.linalg.eigvals(rate_matrix(model, x, params))).max())


def complete_information(model, x, params):
    """−∂²Q(θ|θᵗ)/∂θ² at θ = θᵗ = `params`, in free coordinates, (p, p): what one could know if Z were seen."""
    vector, sizes = _point(model, x, params)
    statistics, _ = e_step(model, x, params)

    def slope(v):
        return _slope_of_q(model, v, sizes, params, statistics)

    return _symmetric(-derivative(slope, vector, sizes))


def observed_information(model, x, params):
    """−∂²ℓ/∂θ² at `params`, in free coordinates, (p, p).

    By Fisher's identity the slope of ℓ is that of Q(·|θᵗ) at θᵗ, so that one difference is enough.
    """
    vector, sizes = _point(model, x, params)

    def score(v):
        statistics, _ = e_step(model, x, model.from_free(v, params))
        return _slope_of_q(model, v, sizes, params, statistics)

    return _symmetric(-derivative(score, vector, sizes))


def standard_errors(model, x, params):
    """The standard error of each number in `params`, in the form of `params`, from the observed information.

    The delta method carries them over from the free coordinates. With a prior they are those of the posterior over θ.

    Raises
    ------
    TypeError
        If what the model maximises is no likelihood.
    ValueError
        If `params` is no maximum of the likelihood, or the data do not determine it.
    """
    if any(isinstance(layer, (KMeans, Tempered, Stochastic)) for layer in layers(model)):
        raise TypeError(f"{model!r} maximises no likelihood, so there are no standard errors; fit a plain mixture")
    information = observed_information(model, x, params)
    values, vectors = np.linalg.eigh(_correlation(information))
    if not values[0] > 1e-9:
        raise ValueError(
            f"params is no strict maximum of the likelihood: the observed information has the eigenvalue "
            f"{values[0]:.1e}, as a correlation; fit on with a smaller tol, or with fewer parameters"
        )
    scale = np.sqrt(np.diagonal(information))
    half = vectors / np.sqrt(values) / scale[:, None]  # half halfᵀ = information⁻¹
    vector, sizes = _point(model, x, params)
    slopes = derivative(lambda v: _numbers(model.from_free(v, params)), vector, sizes)
    return _in_form(params, iter(np.linalg.norm(slopes @ half, axis=1)))


def _point(model, x, params):
    """`params` in free coordinates, and a step for each of these."""
    for function in ("q(params, statistics)", "free(params)", "from_free(vector, like)"):
        needs(model, function)
    vector = np.asarray(model.free(params), dtype=float)
    statistics, _ = e_step(model, x, params)
    wanted = 1e-3 * total_unit(model, x)
    return vector, SHARE * steps(lambda v: model.q(model.from_free(v, params), statistics), vector, wanted)


def _slope_of_q(model, v, sizes, like, statistics):
    return derivative(lambda w: model.q(model.from_free(w, like), statistics), v, sizes)


def _symmetric(matrix):
    return (matrix + matrix.T) / 2


def _correlation(matrix):
    """`matrix` with ones on its diagonal, so that no unit of θ matters to its eigenvalues."""
    diagonal = np.diagonal(matrix)
    if not (diagonal > 0).all():
        raise ValueError(
            f"params is no strict maximum of the likelihood: along free coordinate {np.argmin(diagonal)} it does not "
            "bend down; fit on with a smaller tol, or with fewer parameters"
        )
    return matrix / np.sqrt(np.outer(diagonal, diagonal))


def _numbers(params):
    """All numbers in `params`, end to end."""
    if isinstance(params, (tuple, list)):
        return np.concatenate([_numbers(part) for part in params])
    return np.ravel(np.asarray(params, dtype=float))


def _in_form(params, numbers):
    """The numbers that come, in the form of `params`."""
    if isinstance(params, (tuple, list)):
        parts = [_in_form(part, numbers) for part in params]
        return type(params)(*parts) if hasattr(params, "_fields") else type(params)(parts)
    shape = np.shape(params)
    taken = np.array([next(numbers) for _ in range(int(np.prod(shape)))])
    return taken.reshape(shape) if shape else float(taken[0])
