"""emlib: Expectation Maximization as one loop and a few pure functions.

Read in this order: `emlib.engine` (the loop), `emlib.models.kmeans`, `emlib.models.soft_assignment`,
`emlib.models.gaussian_mixture` (the models), `emlib.laws` (what makes them EM).

What is public is listed here, and loaded when it is first asked for: `import emlib` itself costs next to nothing.
"""

from emlib import lazy

#: module → its public names
_NAMES = {
    "acceleration": ["squarem"],
    "criteria": ["aic", "bic", "icl"],
    "engine": ["Restarts", "Snapshot", "Trace", "fit", "iterate", "restarts"],
    "errors": ["ConvergenceWarning", "DegenerateError", "DegenerateWarning", "EmptyClusterWarning", "ObjectiveFell"],
    "estimator": ["Estimator"],
    "information": ["missing_information", "observed_information", "rate_matrix", "standard_errors"],
    "laws": ["Law", "LawReport", "check_laws"],
    "models.binomial_mixture": ["BinomialMixture", "BinomialMixtureParams"],
    "models.categorical_mixture": ["CategoricalMixture", "CategoricalMixtureParams"],
    "models.censored_exponential": ["CensoredExponential", "ExpectedLifetimes", "ExponentialParams", "Lifetimes"],
    "models.censored_regression": ["CensoredRegression", "ExpectedResponses", "RegressionParams", "Responses"],
    "models.centres": ["CentreParams"],
    "models.count_mixture": ["ExpectedPowers"],
    "models.factor_analysis": ["FactorAnalysis", "FactorAnalysisParams", "Factors"],
    "models.gaussian_mixture": ["GaussianMixture", "GaussianMixtureParams"],
    "models.grouped_multinomial": ["ExpectedKinds", "GroupedMultinomial", "GroupedMultinomialParams", "KindCounts"],
    "models.hidden_markov": [
        "HiddenMarkov",
        "HiddenMarkovParams",
        "HiddenMarkovStatistics",
        "sequences",
        "stationary_distribution",
    ],
    "models.incomplete_normal": ["FillIns", "IncompleteMoments", "IncompleteNormal", "NormalParams"],
    "models.kmeans": ["KMeans"],
    "models.poisson_mixture": ["PoissonMixture", "PoissonMixtureParams"],
    "models.regression_mixture": ["RegressionMixture", "RegressionMixtureParams"],
    "models.soft_assignment": ["SoftAssignment"],
    "models.student_t": ["Precisions", "StudentT", "StudentTParams", "WeightedMoments"],
    "numerics": ["Moments", "log_sum_exp"],
    "resampling": ["bootstrap"],
    "variations": ["Relaxed", "Stochastic", "Tempered", "WithPrior", "minibatches", "stepwise"],
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}

__all__ = sorted(["datasets", *_MODULE_OF])


def __getattr__(name):
    if name not in _MODULE_OF:
        return lazy.submodule(__name__, name)
    globals()[name] = value = getattr(lazy.submodule(__name__, _MODULE_OF[name]), name)
    return value


def __dir__():
    return sorted({*globals(), *__all__, *(module.split(".")[0] for module in _NAMES)})
