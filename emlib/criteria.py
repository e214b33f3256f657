"""How many components, which family: what a maximum is worth once its free parameters are paid for.

All are in scikit-learn's sign: the smaller the better. p is the number of free parameters, N that of observations, also
where they come in sequences. ℓ is that of the model itself, also where a prior or a temperature made the objective of
the run another.
"""

import numpy as np

from emlib.engine import e_step, prepared, total_unit
from emlib.pieces import Pieces, recognised
from emlib.variations import layers


def bic(model, x, params):
    """−2 ℓ + p log N.

    Schwarz (1978), Estimating the dimension of a model. Annals of Statistics 6, 461–464.
    """
    x = prepared(model, x)
    return deviance(model, x, params) + n_free(model, params) * np.log(total_unit(model, x))


def aic(model, x, params):
    """−2 ℓ + 2 p.

    Akaike (1974), A new look at the statistical model identification. IEEE Trans. Automatic Control 19, 716–723.
    """
    return deviance(model, x, params) + 2 * n_free(model, params)


def icl(model, x, params):
    """`bic` + 2 H, H the entropy of the posterior: components that overlap are paid for as well.

    Biernacki, Celeux & Govaert (2000), Assessing a mixture model for clustering with the integrated completed
    likelihood. IEEE Trans. Pattern Analysis and Machine Intelligence 22, 719–725.
    """
    model, x = with_likelihood(model), recognised(x)

    def entropy(piece):
        r = model.posterior(piece, params)
        if hasattr(r, "_fields"):
            raise TypeError(f"{model!r} shares no points among components, so there is no icl; use bic")
        if hasattr(model, "entropy"):
            return model.entropy(piece, params)
        return -(r[r > 0] * np.log(r[r > 0])).sum()

    return bic(model, x, params) + 2 * (x.total(entropy) if isinstance(x, Pieces) else entropy(x))


def deviance(model, x, params):
    """−2 ℓ. Raises a TypeError if the model has no likelihood."""
    model = with_likelihood(model)
    return -2 * e_step(model, prepared(model, x), params)[1]


def n_free(model, params):
    """p, the number of free parameters: the model's own count where some of `free` change nothing."""
    return model.n_free(params) if hasattr(model, "n_free") else len(model.free(params))


def with_likelihood(model):
    """`model`, or what it wraps, if its objective is a likelihood."""
    *_, model = layers(model)
    if not hasattr(model, "score_samples"):
        raise TypeError(f"{model!r} has no likelihood, so there is no score, bic or aic; use a mixture model")
    return model
