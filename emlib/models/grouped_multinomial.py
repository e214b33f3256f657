"""The multinomial whose observed cells are sums: genetic linkage, blood groups, peppered moths.

Story: every individual belongs to one of J kinds; kind j has probability c_j Π_i π_i^{a_ji}, the π_i being frequencies
that sum to 1. Only the cell of an individual is seen, and a cell holds one kind or several. z is the kind.

Dempster, Laird & Rubin (1977), § 1 (linkage). Smith (1957), Counting methods in genetical statistics. Annals of Human
Genetics 21, 254–276 (gene counting, which is EM).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emlib import checks
from emlib.errors import DegenerateError
from emlib.numerics import log_factorial, log_ratios, shares, xlogy


class GroupedMultinomialParams(NamedTuple):
    """θ: the ``frequencies`` π, shape (I,), not negative, with sum 1: for genes those of the alleles."""

    frequencies: np.ndarray


class KindCounts(NamedTuple):
    """How many individuals of each kind there were, given the cells: ``means`` and ``variances``, each (N, J)."""

    means: np.ndarray
    variances: np.ndarray


class ExpectedKinds(NamedTuple):
    """Expected sufficient statistics: individuals of each kind ``counts`` (J,); ``constant``, log of the ways to order.

    The constant is Σ_n log(x_n1 + … + x_nM)! − Σ_nm log x_nm!.
    """

    counts: np.ndarray
    constant: float


@dataclass(frozen=True)
class GroupedMultinomial:
    """A multinomial with M observed cells, each the sum of one or more kinds; the objective is the log-likelihood ℓ.

    The data `x` (N, M) are counts: each row a table of all the cells. A row may also be a single individual, a 1 among
    zeros, as `sample` draws them; then ℓ lacks the ways to order them, and a bootstrap draws individuals.

    Parameters
    ----------
    cells : tuple
        For every cell its kinds, for every kind (c, (a_1, …, a_I)). Genetic linkage with π = (π_1, π_2):
        ``(((1/2, (0, 0)), (1/4, (1, 0))), ((1/4, (0, 1)),), ((1/4, (0, 1)),), ((1/4, (1, 0)),))``
    """

    cells: tuple

    def __post_init__(self):
        try:
            kinds = [(m, c, tuple(exponents)) for m, cell in enumerate(self.cells) for c, exponents in cell]
            empty = not kinds or not all(self.cells)
        except (TypeError, ValueError):
            empty = True
        if empty:
            raise TypeError(
                f"cells is {self.cells!r}; it must be a tuple of cells, each a tuple of one or more kinds "
                "(c, (a_1, …, a_I)): ((0.5, (1, 0)),) is a cell of one"
            )
        for m, c, _ in kinds:
            checks.number(c, f"c in cells[{m}]", strict=True)
        if len({len(exponents) for *_, exponents in kinds}) != 1:
            raise ValueError("cells give exponents of different lengths; every kind needs one for each frequency")
        checks.counts([exponents for *_, exponents in kinds], "exponents")
        size = self._exponents.shape[1]
        for corner in range(size):
            pi = shares(np.eye(size)[corner, :-1])
            total = self._probabilities(pi).sum()
            if abs(total - 1) > 1e-9:
                raise ValueError(
                    f"cells have probabilities that sum to {total:.4g} where the frequencies are {np.round(pi, 3)}; "
                    "they must sum to 1 whatever these are"
                )

    @classmethod
    def genes(cls, *cells):
        """The model of one gene in a mating population: every cell a tuple of genotypes, such as ``("AA", "AO")``.

        The alleles are the letters in alphabetical order. A genotype of two different letters comes about in two ways
        (Hardy and Weinberg's law).
        """
        for cell in cells:
            if not isinstance(cell, (tuple, list)) or not all(isinstance(g, str) and len(g) == 2 for g in cell):
                raise ValueError(
                    f"cells has {cell!r}; each must be a tuple of genotypes of two letters, such as ('AA', 'AO') or "
                    "('OO',)"
                )
        alleles = sorted({allele for cell in cells for genotype in cell for allele in genotype})

        def kind(genotype):
            return 3 - genotype.count(genotype[0]), tuple(genotype.count(allele) for allele in alleles)

        return cls(tuple(tuple(kind(genotype) for genotype in cell) for cell in cells))

    def start(self, x, rng):
        """Frequencies drawn uniformly from all that sum to 1."""
        self.checked_data(x)
        return GroupedMultinomialParams(checks.rng(rng, "rng").dirichlet(np.ones(self._exponents.shape[1])))

    def posterior(self, x, params):
        """Given the cells, how many individuals there were of each kind (`KindCounts`): a binomial number each."""
        x, split = self.checked_data(x), self._split(self.checked(params))
        whole = x[:, self._cell_of]
        return KindCounts(whole * split, whole * split * (1 - split))

    def entropy(self, x, params):
        """The entropy of the individuals' kinds, given their cells."""
        x, split = self.checked_data(x), self._split(self.checked(params))
        return -(x[:, self._cell_of] @ xlogy(split, split)).sum()

    def e_step(self, x, params):
        """Share every cell out among its kinds; and ℓ. Returns (`ExpectedKinds`, log-likelihood)."""
        x, pi = self.checked_data(x), self.checked(params)
        totals = x.sum(axis=0)
        constant = log_factorial(x.sum(axis=1)).sum() - log_factorial(x).sum()
        observed = np.bincount(self._cell_of, self._probabilities(pi))
        counts = totals[self._cell_of] * self._split(pi)
        return ExpectedKinds(counts, constant), xlogy(totals, observed).sum() + constant

    def q(self, params, statistics):
        """Q(θ|θᵗ) = Σ_j E[n_j] log p_j(π), and the constant."""
        counts, constant = checks.instance(statistics, "statistics", ExpectedKinds)
        return xlogy(counts, self._probabilities(self.checked(params))).sum() + constant

    def m_step(self, statistics):
        """π_i ∝ Σ_j E[n_j] a_ji: every individual counts for the frequencies that its kind is made of.

        Raises
        ------
        DegenerateError
            If no individual says anything about the frequencies.
        """
        gathered = checks.instance(statistics, "statistics", ExpectedKinds).counts @ self._exponents
        if gathered.sum() == 0:
            raise DegenerateError("x holds no individual whose kind depends on the frequencies")
        return GroupedMultinomialParams(gathered / gathered.sum())

    def score_samples(self, x, params):
        """log p(x_n | θ) of every table, (N,)."""
        x = self.checked_data(x)
        observed = np.bincount(self._cell_of, self._probabilities(self.checked(params)))
        return log_factorial(x.sum(axis=1)) + (xlogy(x, observed) - log_factorial(x)).sum(axis=1)

    def sample(self, params, n, rng):
        """`n` individuals, each a table with a single 1, and their kinds, (N, M) and (N,)."""
        probabilities, rng = self._probabilities(self.checked(params)), checks.rng(rng, "rng")
        z = rng.choice(len(probabilities), size=checks.integer(n, "n"), p=probabilities)
        return np.eye(len(self.cells))[self._cell_of[z]], z

    def free(self, params):
        """The parameters as a vector without constraints: log(π_i/π_I) for i < I."""
        return log_ratios(self.checked(params))

    def from_free(self, vector, like):
        """The parameters that `free` turns into `vector`; `like`, any valid parameters, gives the shapes."""
        size = len(self.checked(like)) - 1
        return GroupedMultinomialParams(shares(checks.array(vector, "vector", shape=(size,))))

    def checked(self, params):
        """The frequencies as a float64 array with sum 1."""
        params = checks.instance(params, "params", GroupedMultinomialParams)
        return checks.weights(params.frequencies, "frequencies", self._exponents.shape[1])

    def checked_data(self, x):
        """The data as counts, one column for each cell."""
        x = checks.counts(x)
        if x.shape[1] != len(self.cells):
            raise ValueError(f"x has {x.shape[1]} columns; the model has {len(self.cells)} cells")
        return x

    @property
    def _cell_of(self):
        """The cell of every kind, (J,)."""
        return np.repeat(np.arange(len(self.cells)), [len(cell) for cell in self.cells])

    @property
    def _exponents(self):
        """a, (J, I)"""
        return np.array([exponents for cell in self.cells for _, exponents in cell], dtype=float)

    def _probabilities(self, pi):
        """The probabilities of the kinds, (J,)."""
        return np.array([c for cell in self.cells for c, _ in cell]) * np.prod(pi**self._exponents, axis=1)

    def _split(self, pi):
        """p(kind | its cell), (J,); 0 where the cell itself is impossible."""
        parts = self._probabilities(pi)
        whole = np.bincount(self._cell_of, parts)[self._cell_of]
        return np.divide(parts, whole, out=np.zeros_like(parts), where=whole > 0)
