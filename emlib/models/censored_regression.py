"""Linear regression with a censored response: the Tobit model.

Story: y_n | w_n ~ Normal(a + b·w_n, σ²), where w_n are features about which the model says nothing. Some responses are
seen; of the others it is only known that they are greater than a bound, and they are what is missing.

Schmee & Hahn (1979), A simple method for regression analysis with censored data. Technometrics 21, 417–432. Tobin
(1958), Estimation of relationships for limited dependent variables. Econometrica 26, 24–36.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emlib import checks
from emlib.errors import DegenerateError
from emlib.models.regression_mixture import RegressionMixture, RegressionMixtureParams
from emlib.numerics import Moments

#: Once the responses are filled in, a regression is a mixture of one line.
COMPLETE = RegressionMixture(1)


class RegressionParams(NamedTuple):
    """θ of a linear regression.

    Attributes
    ----------
    intercept : float
        a, in the unit of the response.
    slopes : (D,)
        b
    variance : float
        σ², in the unit of the response squared.
    """

    intercept: float
    slopes: np.ndarray
    variance: float


class Responses(NamedTuple):
    """Responses given what was seen of them: ``means`` and ``variances``, each (N,); a seen one has variance 0."""

    means: np.ndarray
    variances: np.ndarray


class ExpectedResponses(NamedTuple):
    """The expected `Moments` of features and completed response, and how many responses were ``seen``."""

    completed: Moments
    seen: float


@dataclass(frozen=True)
class CensoredRegression:
    """A linear regression with right-censored responses; the objective is the log-likelihood ℓ.

    The data `x` (N, D + 2) hold the features, then the response, or the bound that it exceeds, then 1 where the
    response was seen and 0 where it was censored. Where responses are known to lie below a bound, change all signs.
    """

    def start(self, x, rng):
        """A line through a few points drawn at random, the variance about one line for all, each bound a response."""
        return _line(COMPLETE.start(self.checked_data(x)[:, :-1], rng))

    def posterior(self, x, params):
        """The `Responses` given the data: a normal distribution cut off at the bound."""
        x, params = self.checked_pair(x, params)
        means, variances = x[:, -2].copy(), np.zeros(len(x))
        censored, _, _, excess, spread = self._tails(x, params)
        means[censored] += math.sqrt(params.variance) * excess
        variances[censored] = params.variance * spread
        return Responses(means, variances)

    def entropy(self, x, params):
        """The entropy of the censored responses."""
        x, params = self.checked_pair(x, params)
        _, bounds, log_tails, excess, _ = self._tails(x, params)
        squares = 1 + bounds * (bounds + excess)  # E[Z² | Z > z]
        return ((np.log(2 * np.pi * params.variance) + squares) / 2 + log_tails).sum()

    def e_step(self, x, params):
        """The moments of the data with the censored responses filled in, and ℓ. Returns (`ExpectedResponses`, ℓ).

        As with missing values, the variance of what is filled in goes into the scatter.
        """
        x, params = self.checked_pair(x, params)
        responses = self.posterior(x, params)
        completed = np.column_stack([x[:, :-2], responses.means])
        moments = Moments.of(completed, np.ones((len(x), 1)), completed[:1], full=True)
        scatters = moments.scatters.copy()
        scatters[0, -1, -1] += responses.variances.sum()
        statistics = ExpectedResponses(moments._replace(scatters=scatters), x[:, -1].sum())
        return statistics, self.score_samples(x, params).sum()

    def q(self, params, statistics):
        """Q(θ|θᵗ) = −½ [N log 2πσ² + E Σ_n (y_n − a − b·w_n)² / σ²]."""
        statistics = checks.instance(statistics, "statistics", ExpectedResponses)
        return COMPLETE.q(_one_line(self.checked(params)), statistics.completed)

    def m_step(self, statistics):
        """The least-squares line through the completed data, and the mean square about it.

        Raises
        ------
        DegenerateError
            If no response was seen, so that the likelihood rises with the intercept without bound, if the line passes
            through all the points, or if the features are constant or depend linearly on each other.
        """
        completed, seen = checks.instance(statistics, "statistics", ExpectedResponses)
        if seen == 0:
            raise DegenerateError("no response in x was seen: the higher the line, the larger the likelihood")
        return _line(COMPLETE.m_step(completed))

    def score_samples(self, x, params):
        """log p(x_n | θ), (N,): a density where the response was seen, else the probability to exceed the bound."""
        x, params = self.checked_pair(x, params)
        censored, _, log_tails, *_ = self._tails(x, params)
        z = (x[:, -2] - params.intercept - x[:, :-2] @ params.slopes) / math.sqrt(params.variance)
        scores = -(np.log(2 * np.pi * params.variance) + z**2) / 2
        scores[censored] = log_tails
        return scores

    def sample(self, params, n, rng, limit=np.inf):
        """`n` points with standard normal features, censored at `limit`: (n, D + 2), and the responses, (n,)."""
        if limit != np.inf:
            checks.number(limit, "limit", minimum=-np.inf)
        complete, _ = COMPLETE.sample(_one_line(self.checked(params)), n, rng)
        y = complete[:, -1]
        return np.column_stack([complete[:, :-1], np.minimum(y, limit), y <= limit]), y

    def free(self, params):
        """The parameters as a vector without constraints: the intercept, the slopes and log σ."""
        return COMPLETE.free(_one_line(self.checked(params)))

    def from_free(self, vector, like):
        """The parameters that `free` turns into `vector`; `like`, any valid parameters, gives the shapes."""
        return _line(COMPLETE.from_free(vector, _one_line(self.checked(like))))

    def checked(self, params):
        """`params` as floats and a float64 array, the variance greater than 0."""
        params = checks.instance(params, "params", RegressionParams)
        return RegressionParams(
            checks.number(params.intercept, "intercept", minimum=-np.inf),
            checks.array(params.slopes, "slopes", ndim=1),
            checks.number(params.variance, "variance", strict=True),
        )

    def checked_data(self, x):
        """The data: at least one feature, the response, and 0 or 1."""
        x = checks.data(x)
        if x.shape[1] < 3:
            raise ValueError(
                f"x has {x.shape[1]} columns; it needs the features, the response and, if that was seen, 1, else 0"
            )
        last = x.shape[1] - 1
        for n in np.flatnonzero((x[:, -1] != 0) & (x[:, -1] != 1)):
            raise ValueError(f"x[{n}, {last}] is {x[n, -1]:g}; it must be 1 where the response was seen, 0 where not")
        return x

    def checked_pair(self, x, params):
        """The data and the parameters, with as many features each."""
        x, params = self.checked_data(x), self.checked(params)
        if x.shape[1] - 2 != len(params.slopes):
            raise ValueError(f"x has {x.shape[1] - 2} features; the parameters describe {len(params.slopes)}")
        return x, params

    def _tails(self, x, params):
        """Which rows are censored, their bounds z in standard deviations above the line, and of the tail beyond each
        bound the log probability, and how far its mean lies above the bound and its variance, in those units.
        """
        censored = np.flatnonzero(x[:, -1] == 0)
        above = x[censored, -2] - params.intercept - x[censored, :-2] @ params.slopes
        bounds = above / math.sqrt(params.variance)
        return censored, bounds, *np.array([_tail(z) for z in bounds.tolist()]).reshape(-1, 3).T


def _tail(z):
    """Of a standard normal Z: log p(Z > z), E[Z − z | Z > z] and Var[Z | Z > z], however far out z lies."""
    if z < 10:
        log_tail = math.log(math.erfc(z / math.sqrt(2)) / 2) if z > 0 else math.log1p(-math.erfc(-z / math.sqrt(2)) / 2)
        hazard = math.exp(-(z * z + math.log(2 * math.pi)) / 2 - log_tail)
        return log_tail, hazard - z, 1 - hazard * (hazard - z)
    # Laplace's continued fraction: φ(z)/(1 − Φ(z)) = z + 1/(z + 2/(z + 3/(z + …)))
    fraction = z
    for n in range(30, 2, -1):
        fraction = z + n / fraction
    second = z + 2 / fraction
    log_tail = -(z * z + math.log(2 * math.pi)) / 2 - math.log(z + 1 / second)
    return log_tail, 1 / second, (2 / fraction - 1 / second) / second


def _line(params):
    _, (intercept,), (slopes,), (variance,) = params
    return RegressionParams(float(intercept), slopes, float(variance))


def _one_line(params):
    intercept, slopes, variance = params
    return RegressionMixtureParams(np.ones(1), np.array([intercept]), slopes[None], np.array([variance]))
