"""emlib: Expectation Maximization as one loop and a few pure functions.

Read in this order: `emlib.engine` (the loop), `emlib.models.kmeans`, `emlib.models.soft_assignment`,
`emlib.models.gaussian_mixture` (the models), `emlib.laws` (what makes them EM).
"""

from emlib import datasets
from emlib.acceleration import squarem
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
from emlib.models.binomial_mixture import BinomialMixture, BinomialMixtureParams
from emlib.models.categorical_mixture import CategoricalMixture, CategoricalMixtureParams
from emlib.models.censored_exponential import CensoredExponential, ExpectedLifetimes, ExponentialParams, Lifetimes
from emlib.models.censored_regression import CensoredRegression, ExpectedResponses, RegressionParams, Responses
from emlib.models.centres import CentreParams
from emlib.models.count_mixture import ExpectedPowers
from emlib.models.factor_analysis import FactorAnalysis, FactorAnalysisParams, Factors
from emlib.models.gaussian_mixture import GaussianMixture, GaussianMixtureParams
from emlib.models.grouped_multinomial import (
    ExpectedKinds,
    GroupedMultinomial,
    GroupedMultinomialParams,
    KindCounts,
)
from emlib.models.hidden_markov import (
    HiddenMarkov,
    HiddenMarkovParams,
    HiddenMarkovStatistics,
    sequences,
    stationary_distribution,
)
from emlib.models.incomplete_normal import FillIns, IncompleteMoments, IncompleteNormal, NormalParams
from emlib.models.kmeans import KMeans
from emlib.models.poisson_mixture import PoissonMixture, PoissonMixtureParams
from emlib.models.regression_mixture import RegressionMixture, RegressionMixtureParams
from emlib.models.soft_assignment import SoftAssignment
from emlib.models.student_t import Precisions, StudentT, StudentTParams, WeightedMoments
from emlib.numerics import Moments, log_sum_exp
from emlib.resampling import bootstrap
from emlib.variations import Relaxed, Stochastic, Tempered, WithPrior, minibatches, stepwise

__all__ = [
    "BinomialMixture",
    "BinomialMixtureParams",
    "CategoricalMixture",
    "CategoricalMixtureParams",
    "CensoredExponential",
    "CensoredRegression",
    "CentreParams",
    "ConvergenceWarning",
    "DegenerateError",
    "DegenerateWarning",
    "EmptyClusterWarning",
    "Estimator",
    "ExpectedKinds",
    "ExpectedLifetimes",
    "ExpectedPowers",
    "ExpectedResponses",
    "ExponentialParams",
    "FactorAnalysis",
    "FactorAnalysisParams",
    "Factors",
    "FillIns",
    "GaussianMixture",
    "GaussianMixtureParams",
    "GroupedMultinomial",
    "GroupedMultinomialParams",
    "HiddenMarkov",
    "HiddenMarkovParams",
    "HiddenMarkovStatistics",
    "IncompleteMoments",
    "IncompleteNormal",
    "KMeans",
    "KindCounts",
    "Law",
    "LawReport",
    "Lifetimes",
    "Moments",
    "NormalParams",
    "ObjectiveFell",
    "PoissonMixture",
    "PoissonMixtureParams",
    "Precisions",
    "RegressionMixture",
    "RegressionMixtureParams",
    "RegressionParams",
    "Relaxed",
    "Responses",
    "Restarts",
    "Snapshot",
    "SoftAssignment",
    "Stochastic",
    "StudentT",
    "StudentTParams",
    "Tempered",
    "Trace",
    "WeightedMoments",
    "WithPrior",
    "aic",
    "bic",
    "bootstrap",
    "check_laws",
    "datasets",
    "fit",
    "icl",
    "iterate",
    "log_sum_exp",
    "minibatches",
    "missing_information",
    "observed_information",
    "rate_matrix",
    "restarts",
    "sequences",
    "squarem",
    "standard_errors",
    "stationary_distribution",
    "stepwise",
]
