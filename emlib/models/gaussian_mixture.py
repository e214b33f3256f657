"""The Gaussian mixture.

Story: z_n = k with probability τ_k; x_n | z_n = k ~ Normal(μ_k, Σ_k). The families restrict Σ_k: "full" not at all,
"tied" to one Σ for all components, "diag" to a diagonal matrix, "spherical" to σ_k² I.

McLachlan & Peel (2000), Finite Mixture Models, ch. 3. Bishop (2006), Pattern Recognition and Machine Learning, § 9.2.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emlib import checks, starts
from emlib.blocks import Table, total
from emlib.errors import DegenerateError
from emlib.models import gaussian_sums
from emlib.models.mixture import DEAD, Mixture
from emlib.numerics import Moments, condition, row_squares

FAMILIES = ("full", "tied", "diag", "spherical")
#: A variance below this fraction of the data's own, in any direction, is a collapse.
COLLAPSE = 1e-14
#: A standard deviation below this fraction of a feature's values drowns in the rounding of the means.
FLAT = 1e-11
#: The square of a mean times this is what its rounding alone can leave of a variance.
_DROWNED = (4 * np.finfo(float).eps) ** 2
_ROWS = 8192


class GaussianMixtureParams(NamedTuple):
    """θ of a Gaussian mixture, with scikit-learn's shapes.

    Attributes
    ----------
    weights : (K,)
        τ, not negative, with sum 1.
    means : (K, D)
        μ
    covariances : (K, D, D) full, (D, D) tied, (K, D) diag, (K,) spherical
        Σ, in the data's unit squared: for "diag" and "spherical" the variances.
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray


@dataclass(frozen=True)
class GaussianMixture(Mixture):
    """A mixture of K normal distributions; the objective is the log-likelihood ℓ.

    Nothing is added to a covariance to keep it away from zero: rescaling the data rescales the fit. A component that
    collapses is a `DegenerateError`.

    Parameters
    ----------
    n_components : int
        K, the number of components.
    covariance_type : "full", "tied", "diag" or "spherical"
    """

    covariance_type: str = "full"

    def __post_init__(self):
        super().__post_init__()
        checks.choice(self.covariance_type, "covariance_type", FAMILIES)

    def start(self, x, rng, how="kmeans++"):
        """Equal weights, centres by a recipe of `emlib.starts`, in every component the covariance of all the data."""
        table = Table.of(x)
        x, k = table.x, self.n_components
        if self not in table.memory:
            checks.components_for(x, k)
            middle = np.tile(x.mean(axis=0), (k, 1))
            table.memory[self] = self.m_step(Moments.of(x, np.full((len(x), k), 1 / k), middle, self._full))
        return table.memory[self]._replace(means=starts.drawn(x, k, rng, how))

    #: The data looked over once for a whole run, an `emlib.blocks.Table`, which ``e_step`` takes as well.
    prepared = staticmethod(Table.of)

    def e_step(self, x, params):
        """The expected counts, means and scatters, `emlib.Moments`, and ℓ. Returns (statistics, log-likelihood).

        They are found as `emlib.models.gaussian_sums` does it; where that would lose digits, from the differences to
        every mean.
        """
        if not self._in_form(params):
            params = self.checked(params)
        table = Table.of(x, n_features=params.means.shape[1])
        quick = gaussian_sums.e_step(table, *params, self.covariance_type)
        return quick[:2] if quick.sound else self._exact_e_step(table.x, self.checked(params))

    def e_steps(self, table, params):
        """The E-steps of several runs at once: `params`, and all that is returned, have one more axis in front.

        Returns (statistics, log-likelihoods, errors), the errors by the run; what else is said of such a run is void.
        """
        errors, quick = {}, gaussian_sums.e_step(table, *params, self.covariance_type)
        for run in (~quick.sound).nonzero()[0]:
            try:
                moments, log_likelihood = self._exact_e_step(table.x, _of_run(params, run))
            except (ValueError, ArithmeticError) as error:
                errors[run] = error
            else:
                quick.log_likelihood[run] = log_likelihood
                for whole, part in zip(quick.moments[1:], moments[1:], strict=True):  # all but the reference
                    whole[run] = part
        return *quick[:2], errors

    def q(self, params, statistics):
        """Q(θ|θᵗ) = Σ_k N_k log τ_k − ½ Σ_k [N_k log |2πΣ_k| + tr(Σ_k⁻¹ Σ_n r_nk (x_n − μ_k)(x_n − μ_k)ᵀ)]."""
        weights, means, covariances = self.checked(params)
        statistics = self._checked_statistics(statistics)
        counts, scatters = statistics.counts, self._summed(statistics.about(means))
        factors = self._precision_factors(covariances, *means.shape)
        with np.errstate(divide="ignore"):
            q = (counts[counts > 0] * np.log(weights[counts > 0])).sum()
        for count, (_, log_det) in zip(counts, factors, strict=True):
            q -= count * (means.shape[1] * np.log(2 * np.pi) + log_det) / 2
        for scatter, (whiten, _) in zip(scatters, factors, strict=False):  # one scatter, if all have one covariance
            q -= (np.sum(whiten @ scatter * whiten) if self._full else whiten[: len(scatter)] ** 2 @ scatter) / 2
        return q

    def m_step(self, statistics):
        """τ_k = N_k/N; μ_k the weighted mean; Σ_k the weighted scatter about the *new* mean, averaged by family.

        Raises
        ------
        DegenerateError
            If a feature is constant or depends linearly on others, or a component has no points left or has collapsed.
        """
        params, sound = self._maximum(self._checked_statistics(statistics))
        if not sound:
            self._new_weights(statistics.counts)
            self._refuse_collapse(statistics, params.means, params.covariances)
        return params

    def m_steps(self, statistics):
        """The M-steps of several runs at once. Returns (params, errors), the errors by the run."""
        params, sound = self._maximum(statistics)
        errors = {}
        for run in (~sound).nonzero()[0]:
            try:
                self.m_step(_of_run(statistics, run))
            except DegenerateError as error:
                errors[run] = error
        return params, errors

    def sample(self, params, n, rng):
        """`n` points and their components, (N, D) and (N,)."""
        params, rng = self.checked(params), checks.rng(rng, "rng")
        z = rng.choice(self.n_components, size=checks.integer(n, "n"), p=params.weights)
        x = rng.standard_normal((n, params.means.shape[1]))
        for k, covariance in enumerate(self.full_covariances(params)):
            x[z == k] = params.means[k] + x[z == k] @ cholesky(covariance, f"covariances[{k}]").T
        return x, z

    def full_covariances(self, params):
        """The covariances as K matrices, (K, D, D), whatever the family."""
        _, means, covariances = self.checked(params)
        n_features = means.shape[1]
        if self.covariance_type == "diag":
            return positive(covariances)[:, :, None] * np.eye(n_features)
        if self.covariance_type == "spherical":
            return positive(covariances)[:, None, None] * np.eye(n_features)
        return np.broadcast_to(covariances, (self.n_components, n_features, n_features)).copy()

    def free(self, params):
        """The parameters as a vector without constraints, as long as the model has free parameters.

        log(τ_k/τ_K) for k < K, the means, and per covariance the Cholesky factor with its diagonal's logarithm (log σ
        for "diag" and "spherical").
        """
        weights, means, covariances = self.checked(params)
        if self._full:
            rows, columns = np.tril_indices(means.shape[1])
            factors = np.array([cholesky(covariance, name) for name, covariance in self._named(covariances)])
            spread = factors[:, rows, columns]
            spread[:, rows == columns] = np.log(spread[:, rows == columns])
        else:
            spread = np.log(positive(covariances)) / 2
        return np.concatenate([self._free_weights(weights), means.ravel(), spread.ravel()])

    def from_free(self, vector, like):
        """The parameters that `free` turns into `vector`; `like`, any valid parameters, gives the shapes."""
        like = self.checked(like)
        n_features = like.means.shape[1]
        weights, others = self._weights_from(checks.array(vector, "vector", shape=self.free(like).shape))
        means, spread = np.split(others, [like.means.size])
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows, `checked` refuses
            if self._full:
                factors = np.zeros(like.covariances.shape)
                rows, columns = np.tril_indices(n_features)
                factors[..., rows, columns] = spread.reshape(*factors.shape[:-2], -1)
                i = np.arange(n_features)
                factors[..., i, i] = np.exp(factors[..., i, i])
                covariances = factors @ factors.swapaxes(-1, -2)
            else:
                covariances = np.exp(2 * spread).reshape(like.covariances.shape)
        return self.checked(GaussianMixtureParams(weights, means.reshape(like.means.shape), covariances))

    def permute(self, params, order):
        """The same mixture, its components numbered anew: component k becomes what ``order[k]`` was."""
        weights, means, covariances = self.checked(params)
        order = checks.order(order, self.n_components)
        tied = self.covariance_type == "tied"
        return GaussianMixtureParams(weights[order], means[order], covariances if tied else covariances[order])

    def checked(self, params):
        """`params` as float64 arrays of the right shapes, weights summing to 1.

        Whether the covariances are positive definite shows when they are factored.
        """
        params = checks.instance(params, "params", GaussianMixtureParams)
        weights = checks.weights(params.weights, n_components=self.n_components)
        means = checks.means(params.means, self.n_components)
        covariances = checks.array(params.covariances, "covariances", shape=self._shape(means.shape[1]))
        return GaussianMixtureParams(weights, means, covariances)

    def _in_form(self, params):
        """Whether an E-step can do with `params` as they are: if it is sound, their values are in order as well."""
        if type(params) is not GaussianMixtureParams or any(type(array) is not np.ndarray for array in params):
            return False
        weights, means, covariances = params
        return (
            weights.dtype == means.dtype == covariances.dtype == np.float64
            and weights.shape == (self.n_components,)
            and means.ndim == 2
            and len(means) == self.n_components
            and covariances.shape == self._shape(means.shape[1])
            and abs(np.add.reduce(weights) - 1) <= 1e-8
        )

    def _shape(self, d):
        """The shape of the covariances."""
        k = self.n_components
        return {"full": (k, d, d), "tied": (d, d), "diag": (k, d), "spherical": (k,)}[self.covariance_type]

    def checked_pair(self, x, params):
        """The data and the parameters, with as many features each."""
        params = self.checked(params)
        n_features = params.means.shape[1]
        return checks.data(x.x if isinstance(x, Table) else x, n_features=n_features), params

    @property
    def _full(self):
        """Whether the scatter has to be kept as matrices."""
        return self.covariance_type in ("full", "tied")

    def _expected(self, x, responsibilities, params):
        """The expected counts, means and scatters."""
        moments = Moments.of(x, responsibilities, params.means, self._full)
        return moments._replace(scatters=self._summed(moments.scatters))

    def _exact_e_step(self, x, params):
        """An E-step from the differences to every mean."""

        def block(start, stop):
            responsibilities, log_density = condition(self._log_joint(x[start:stop], params), start)
            return self._expected(x[start:stop], responsibilities, params), log_density.sum()

        return total(lambda: block, len(x), _ROWS, x.size * len(params.weights))

    def _log_joint(self, x, params):
        """log τ_k + log Normal(x_n; μ_k, Σ_k), (N, K)."""
        weights, means, covariances = params
        log_joint = np.empty((len(x), len(means)))
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # what overflows, `condition` refuses
            for k, (whiten, log_det) in enumerate(self._precision_factors(covariances, *means.shape)):
                d = x - means[k]
                white = d @ whiten.T if self._full else d * whiten
                log_joint[:, k] = -(means.shape[1] * np.log(2 * np.pi) + log_det + row_squares(white)) / 2
            return log_joint + np.log(weights)

    def _precision_factors(self, covariances, n_components, n_features):
        """For each component W with WᵀW = Σ⁻¹ (its diagonal unless full or tied), and log |Σ|."""
        if self._full:
            factors = [precision_factor(covariance, name) for name, covariance in self._named(covariances)]
            return factors * n_components if self.covariance_type == "tied" else factors
        variances = np.broadcast_to(positive(covariances).reshape(n_components, -1), (n_components, n_features))
        return [(v**-0.5, np.log(v).sum()) for v in variances]

    def _named(self, covariances):
        """The matrices of full or tied covariances, each with its name."""
        if self.covariance_type == "tied":
            return [("covariances", covariances)]
        return [(f"covariances[{k}]", covariance) for k, covariance in enumerate(covariances)]

    def _summed(self, scatters):
        """Of the scatters what the family needs: for tied their sum, for spherical their sum over the features."""
        axis = {"tied": -3, "spherical": -1}.get(self.covariance_type)
        return scatters if axis is None else scatters.sum(axis=axis, keepdims=True)

    def _maximum(self, statistics):
        """The parameters where Q is largest, and whether it is plain at once that they describe the data.

        `statistics` may be those of several runs.
        """
        counts, means, scatters = statistics.counts, statistics.means, self._summed(statistics.scatters)
        total = np.add.reduce(counts, axis=-1, keepdims=True)
        with np.errstate(all="ignore"):  # what is not finite is not plain
            if self.covariance_type == "full":
                covariances = scatters / counts[..., None, None]
            elif self.covariance_type == "tied":
                covariances = scatters / total[..., None, None]
            elif self.covariance_type == "diag":
                covariances = scatters / counts[..., None]
            else:
                covariances = scatters / (counts * means.shape[-1])[..., None]
            weights = counts / total
            sound = self._plainly_regular(weights, means, covariances)
            sound &= np.minimum.reduce(counts, axis=-1) > DEAD
        if self.covariance_type == "tied":
            covariances = covariances[..., 0, :, :]
        elif self.covariance_type == "spherical":
            covariances = covariances[..., 0]
        return GaussianMixtureParams(weights, means, covariances), sound

    def _plainly_regular(self, weights, means, covariances):
        """Whether a bound says already that `_refuse_collapse` has nothing to refuse.

        With the features' root mean squares about 0 for units, the covariance of D features is at most D times the unit
        matrix, and at least that of any component times its weight; and no mean is larger than 1, which is no offset to
        drown in. `covariances` have an axis of length 1 where one serves all components, or all features.
        """
        variances = covariances.diagonal(axis1=-2, axis2=-1) if self._full else covariances
        squares = weights[..., None, :] @ (variances + means * means)
        if self._full:
            unit = np.sqrt(squares)
            narrow = gaussian_sums.least(covariances / (unit[..., None] * unit[..., None, :]))
        else:
            if self.covariance_type == "spherical":
                squares = squares.mean(axis=-1, keepdims=True)
            narrow = np.minimum.reduce(variances / squares, axis=-1)
        return np.minimum.reduce(narrow, axis=-1) > 10 * means.shape[-1] * COLLAPSE

    def _refuse_collapse(self, statistics, means, covariances):
        """Compare every component's covariance with that of all the data, direction by direction.

        The comparison does not depend on units: for full and tied it is the same after any affine map of the data.
        """
        counts = statistics.counts
        centre = counts @ means / counts.sum()
        overall = statistics.about(centre).sum(axis=0) / counts.sum()
        variances = np.diagonal(overall) if self._full else overall
        # means come from references and shifts, and are rounded as the larger of both
        rounding = _DROWNED * np.square(np.maximum(np.abs(centre), np.abs(statistics.reference).max(axis=0)))
        flat = np.maximum(np.square(FLAT * centre), rounding)
        if self.covariance_type == "spherical":  # one variance for all features: some of them may be constant
            flat, rounding = (values.mean(keepdims=True) for values in (flat, rounding))
            variances = variances.sum(keepdims=True) / len(centre)
        for d in np.flatnonzero(variances <= flat):
            which = "every feature" if self.covariance_type == "spherical" else f"feature {d}"
            raise DegenerateError(
                f"{which} of x is constant, or all but constant around {centre[d]:.6g}: no normal density fits; "
                "leave it out, or subtract its offset"
            )
        if self._full:
            scale = np.sqrt(variances)
            correlation = overall / np.outer(scale, scale)
            values, vectors = np.linalg.eigh(correlation)
            if values[0] < COLLAPSE * 10 * len(values):
                raise DegenerateError(
                    f"the features depend linearly on each other: direction {np.round(vectors[:, 0] / scale, 3)} "
                    "of x is constant; leave one of them out"
                )
            whiten = vectors / np.sqrt(values) / scale[:, None]
            spread = np.linalg.eigvalsh(whiten.T @ covariances @ whiten).min(axis=-1)
        else:
            spread = (covariances.reshape(len(means), -1) / variances).min(axis=1)
        for k in np.flatnonzero(np.atleast_1d(spread) < COLLAPSE + (rounding / variances).max()):
            around = f"{np.array2string(means[k], precision=4)} (expected count {counts[k]:.3g})"
            which = "the tied covariance" if self.covariance_type == "tied" else f"component {k}, around {around},"
            raise DegenerateError(
                f"{which} has collapsed: the likelihood is unbounded there; "
                "use another start, fewer components or a simpler covariance_type"
            )

    def _checked_statistics(self, statistics):
        """`statistics` if they are moments that hold what the family needs."""
        scatters = checks.instance(statistics, "statistics", Moments).scatters
        if (scatters.ndim == 3) != self._full:
            needed = "(K, D, D)" if self._full else "(K, D)"
            raise ValueError(
                f"statistics hold scatters of shape {scatters.shape}; "
                f"covariance_type {self.covariance_type!r} needs {needed}"
            )
        if len(statistics.counts) != self.n_components:
            raise ValueError(
                f"statistics are those of {len(statistics.counts)} components; n_components is {self.n_components}"
            )
        return statistics


def _of_run(fields, run):
    """Of parameters or statistics of several runs those of one."""
    return type(fields)(*(field[run] for field in fields))


def positive(variances):
    """`variances` if all are greater than 0."""
    for place, value in np.ndenumerate(variances):
        if value <= 0:
            raise ValueError(f"covariances{list(place)} is {value:g}; every variance must be greater than 0")
    return variances


def cholesky(covariance, name="covariances"):
    """The lower triangular L with L Lᵀ = Σ, through the correlation matrix: features keep their units.

    Raises
    ------
    ValueError
        If `covariance` is not symmetric and positive definite.
    """
    variances = np.diagonal(covariance)
    if variances.min() > 0:
        scale = np.sqrt(variances)
        correlation = covariance / np.outer(scale, scale)
        if np.abs(correlation - correlation.T).max() > 1e-8:
            raise ValueError(f"{name} is not symmetric; a covariance must be")
        try:
            return scale[:, None] * np.linalg.cholesky(correlation)
        except np.linalg.LinAlgError:
            pass
    raise ValueError(f"{name} is not positive definite: every variance, in every direction, must be greater than 0")


def precision_factor(covariance, name="covariances"):
    """W with WᵀW = Σ⁻¹, and log |Σ|. Raises as `cholesky` does."""
    factor, scale = cholesky(covariance, name), np.sqrt(np.diagonal(covariance))
    return np.linalg.inv(factor / scale[:, None]) / scale, 2 * np.log(np.diagonal(factor)).sum()
