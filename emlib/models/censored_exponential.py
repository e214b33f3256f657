"""Exponential lifetimes, some of them censored: still going on when the watching ended.

Story: t_n ~ Exponential with mean μ. Where the end was seen, x_n is the lifetime t_n; where not, x_n is how long it was
watched, t_n > x_n, and t_n is what is missing.

Dempster, Laird & Rubin (1977), § 4.2 (censored data). Kalbfleisch & Prentice (2002), The Statistical Analysis of
Failure Time Data, ch. 3.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emlib import checks
from emlib.errors import DegenerateError


class ExponentialParams(NamedTuple):
    """θ: the ``mean`` lifetime μ > 0, in the data's unit of time."""

    mean: float


class Lifetimes(NamedTuple):
    """Lifetimes given what was seen of them: ``means`` and ``variances``, each (N,); a seen one has variance 0."""

    means: np.ndarray
    variances: np.ndarray


class ExpectedLifetimes(NamedTuple):
    """Expected sufficient statistics: the number of lifetimes, how many of them ended, and their expected sum."""

    count: float
    ended: float
    total: float


@dataclass(frozen=True)
class CensoredExponential:
    """Exponential lifetimes with right-censored data; the objective is the log-likelihood ℓ.

    The data `x` (N, 2) hold in column 0 how long each was watched, in column 1 whether it ended then: 1 where the end
    was seen, 0 where the lifetime was censored.
    """

    def start(self, x, rng):
        """Around the mean time watched, between a third and three times of it; it takes censoring for the end."""
        times, _ = self.checked_data(x)
        return ExponentialParams(self._positive(times.mean()) * 3 ** checks.rng(rng, "rng").uniform(-1, 1))

    def posterior(self, x, params):
        """The `Lifetimes`, given the data: a censored one is expected to last μ more, whatever its age."""
        mean = self.checked(params)
        times, ended = self.checked_data(x)
        return Lifetimes(times + (1 - ended) * mean, (1 - ended) * mean**2)

    def entropy(self, x, params):
        """The entropy of the censored lifetimes: 1 + log μ each."""
        _, ended = self.checked_data(x)
        return (1 - ended).sum() * (1 + np.log(self.checked(params)))

    def e_step(self, x, params):
        """Fill in the expected lifetimes; and ℓ. Returns (`ExpectedLifetimes`, log-likelihood)."""
        total = self.posterior(x, params).means.sum()
        ended = self.checked_data(x)[1].sum()
        return ExpectedLifetimes(float(len(x)), ended, total), self.score_samples(x, params).sum()

    def q(self, params, statistics):
        """Q(θ|θᵗ) = −N log μ − Σ_n E[t_n] / μ."""
        mean = self.checked(params)
        count, _, total = checks.instance(statistics, "statistics", ExpectedLifetimes)
        return -count * np.log(mean) - total / mean

    def m_step(self, statistics):
        """μ = Σ_n E[t_n] / N.

        Raises
        ------
        DegenerateError
            If no lifetime ended, so that the likelihood rises with μ without bound, or if all ended at once.
        """
        count, ended, total = checks.instance(statistics, "statistics", ExpectedLifetimes)
        if ended == 0:
            raise DegenerateError("no lifetime in x was seen to end: the larger the mean, the larger the likelihood")
        return ExponentialParams(self._positive(total / count))

    def score_samples(self, x, params):
        """log p(x_n | θ), (N,): a density where the end was seen, the probability to last longer where not."""
        mean = self.checked(params)
        times, ended = self.checked_data(x)
        return -ended * np.log(mean) - times / mean

    def sample(self, params, n, rng, limit=np.inf):
        """`n` lifetimes, each watched up to the time `limit`: the data (N, 2), and the lifetimes themselves (N,)."""
        if limit != np.inf:
            checks.number(limit, "limit", strict=True)
        t = checks.rng(rng, "rng").exponential(self.checked(params), checks.integer(n, "n"))
        return np.column_stack([np.minimum(t, limit), t <= limit]).astype(float), t

    def free(self, params):
        """The parameter as a vector without constraints: log μ."""
        return np.log([self.checked(params)])

    def from_free(self, vector, like):
        """The parameters that `free` turns into `vector`."""
        self.checked(like)
        with np.errstate(over="ignore"):
            mean = float(np.exp(checks.array(vector, "vector", shape=(1,))[0]))
        return ExponentialParams(self.checked(ExponentialParams(mean)))

    def checked(self, params):
        """The mean as a float greater than 0."""
        return checks.number(checks.instance(params, "params", ExponentialParams).mean, "mean", strict=True)

    def checked_data(self, x):
        """The times, none negative, and whether each ended, (N,) and (N,)."""
        x = checks.data(x)
        if x.shape[1] != 2:
            raise ValueError(
                f"x has {x.shape[1]} columns; it needs 2: the time watched and, if it ended then, 1, else 0"
            )
        times, ended = x.T
        for n in np.flatnonzero(times < 0):
            raise ValueError(f"x[{n}, 0] is {times[n]:g}; no time may be negative")
        for n in np.flatnonzero((ended != 0) & (ended != 1)):
            raise ValueError(f"x[{n}, 1] is {ended[n]:g}; it must be 1 where the end was seen and 0 where it was not")
        return times, ended

    def _positive(self, mean):
        if mean == 0:
            raise DegenerateError("every time in x is 0: the smaller the mean, the larger the likelihood")
        return float(mean)
