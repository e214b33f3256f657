"""emlib: Expectation Maximization as one loop and a few pure functions.

Read in this order: `emlib.engine` (the loop), `emlib.models.kmeans`, `emlib.models.soft_assignment`,
`emlib.models.gaussian_mixture` (the models), `emlib.laws` (what makes them EM).
"""

from emlib import datasets
from emlib.acceleration import squarem
from emlib.resampling import bootstrap
from emlib.criteria import aic, bic, icl
from emlib.engine import Restarts, Snapshot, Trace, fit, iterate, restarts
from emlib.errors import (
    ConvergenceWarning,
    DegenerateError,
    DegenerateWarning,
    EmptyClusterWarning,
    ObjectiveFell,
)
from emlib.estimator import Estimator
from emlib.information import missing_information, observed_information, rate_matrix, standard_errors
from emlib.laws import Law, LawReport, check_laws
from emlib.models.centres import CentreParams
from emlib.models.gaussian_mixture import GaussianMixture, GaussianMixtureParams
from emlib.models.kmeans import KMeans
from emlib.models.soft_assignment import SoftAssignment
from emlib.numerics import Moments, log_sum_exp
from emlib.variations import MAP, Relaxed, Stochastic, Tempered, stepwise

__all__ = [
    "CentreParams",
    "ConvergenceWarning",
    "DegenerateError",
    "DegenerateWarning",
    "EmptyClusterWarning",
    "Estimator",
    "GaussianMixture",
    "GaussianMixtureParams",
    "KMeans",
    "Law",
    "LawReport",
    "MAP",
    "Moments",
    "ObjectiveFell",
    "Relaxed",
    "Restarts",
    "Snapshot",
    "SoftAssignment",
    "Stochastic",
    "Tempered",
    "Trace",
    "aic",
    "bic",
    "bootstrap",
    "check_laws",
    "datasets",
    "fit",
    "icl",
    "iterate",
    "log_sum_exp",
    "missing_information",
    "observed_information",
    "rate_matrix",
    "restarts",
    "squarem",
    "standard_errors",
    "stepwise",
]
