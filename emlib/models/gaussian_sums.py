"""The quick E-step of a Gaussian mixture: two matrix products for each block of points.

log τ_k + log Normal(x; μ_k, Σ_k) is linear in the features φ(x) = (1, x, products of the x), and what an M-step needs
are the sums Σ_n r_nk φ(x_n). So with the points of a block as the columns of Φ, one product C Φ gives all log-densities
and, once they have become responsibilities R, another one, R Φᵀ, all sums.

Products of coordinates lose digits where a component is narrow, or far from the centre of the data. Both are measured,
before and after, and where too much would be lost (`LOSS`) the answer is not to be used.

Every array may have more axes in front, one run for each place along them: they only make C taller.
"""

import functools
from typing import NamedTuple

import numpy as np

from emlib.blocks import total
from emlib.numerics import Moments

#: How large, by a bound, the rounding may become: in a log-density, and relative in a scatter in any direction.
LOSS = 1e-10, 1e-11
#: About how many numbers a block may hold, so that it stays in the cache.
ROOM = 200_000
_EPS = np.finfo(float).eps


class Quick(NamedTuple):
    """The statistics and the log-likelihood, and whether they are as exact as they should be."""

    moments: Moments
    log_likelihood: np.ndarray
    sound: np.ndarray


def e_step(table, weights, means, covariances, family):
    """One E-step over `table`, an `emlib.blocks.Table`, for parameters (…, K), (…, K, D) and the family's covariances."""
    with np.errstate(all="ignore"):  # what is not finite is not sound
        lens = _LENSES[family](table)
        nu = (means - table.centre) / lens.scale
        linear, quadratic, constant, norm = lens.precisions(covariances, nu)
        size = np.sqrt(nu.shape[-1]) * table.reach + np.sqrt(np.square(nu).sum(axis=-1))
        sound = (_EPS * np.square(size) * norm < LOSS[0]).all(axis=-1)
        # where a weight is 0 no logarithm, but a number of which the exponential is 0
        constant = constant + np.where(weights > 0, np.log(weights), -1e300)
        coefficients = np.concatenate([constant[..., None], linear, quadratic], axis=-1)
        if sound.any():
            sums, log_likelihood = _pass(table, lens, coefficients)
        else:
            sums, log_likelihood = np.zeros(coefficients.shape), np.zeros(sound.shape)
        counts = sums[..., 0]
        divisor = np.where(counts > 0, counts, 1.0)[..., None]
        shifts, squares = sums[..., 1 : 1 + nu.shape[-1]] / divisor, sums[..., 1 + nu.shape[-1] :] / divisor
        scatters, correction, precise = lens.scatters(counts, shifts, squares, covariances)
        sound = sound & precise
        log_likelihood = log_likelihood + correction - len(table) * np.log(lens.scale).sum()
        shifts = np.where(counts[..., None] > 0, (table.centre - means) + lens.scale * shifts, 0.0)
    return Quick(Moments(means, counts, shifts, scatters), log_likelihood, sound)


def _pass(table, lens, coefficients):
    """Σ_n r_nk φ(x_n), (…, K, F), and Σ_n log Σ_k exp(…), (…)."""
    *runs, k, f = coefficients.shape
    tall = coefficients.reshape(-1, f)
    rows = int(np.clip(ROOM // (f + 2 * len(tall)) // 32 * 32, 256, 16_384))

    def worker():
        @functools.cache
        def room(n):
            features = np.empty((f, n))
            features[0] = 1
            return features, np.empty((len(tall), n))

        def block(start, stop):
            features, scores = room(stop - start)
            lens.look(start, stop, features)
            np.matmul(tall, features, out=scores)
            log_likelihood = to_responsibilities(scores.reshape(*runs, k, -1))
            return scores @ features.T, log_likelihood

        return block

    sums, log_likelihood = total(worker, len(table), rows, len(table) * tall.size)
    return sums.reshape(coefficients.shape), log_likelihood


def to_responsibilities(scores):
    """Turn log p(x_n, z_n = k), (…, K, N), into responsibilities where they stand. Returns Σ_n log p(x_n), (…).

    After the maximum is subtracted a normaliser is at least 1 and at most K; so it takes one logarithm for the product
    of 32 of them.
    """
    largest = np.maximum.reduce(scores, axis=-2)
    np.subtract(scores, largest[..., None, :], out=scores)
    np.exp(scores, out=scores)
    normaliser = np.add.reduce(scores, axis=-2)
    cut = normaliser.shape[-1] // 32 * 32
    head, tail = normaliser[..., :cut], normaliser[..., cut:]
    products = np.multiply.reduce(head.reshape(*head.shape[:-1], 32, -1), axis=-2)
    log_likelihood = largest.sum(axis=-1) + np.log(products).sum(axis=-1) + np.log(tail).sum(axis=-1)
    np.divide(1.0, normaliser, out=normaliser)
    np.multiply(scores, normaliser[..., None, :], out=scores)
    return log_likelihood


def least(matrices):
    """A lower bound, within a factor of D, of the smallest eigenvalue of each symmetric matrix; not positive if unsure."""
    d = matrices.shape[-1]
    if d == 1:
        return matrices[..., 0, 0]
    if d == 2:
        (a, b), (_, c) = np.moveaxis(matrices, (-2, -1), (0, 1))
        return (a * c - b * b) / (a + c)
    try:
        inverse = np.linalg.inv(np.linalg.cholesky(matrices))
    except np.linalg.LinAlgError:
        return np.zeros(matrices.shape[:-2])
    return 1 / np.square(inverse).sum(axis=(-2, -1))


class _Lens:
    """The data seen in units of their own: their centre is 0, and lengths are measured in their standard deviations."""

    def __init__(self, table):
        self.table, self.scale = table, table.scale

    def look(self, start, stop, features):
        """Fill `features` for a block: below the row of ones x and its products."""
        x, centre, inverse = self.table.x[start:stop], self.table.centre, 1 / self.scale
        d = x.shape[1]
        for i in range(d):
            np.subtract(x[:, i], centre[i], out=features[1 + i])
            features[1 + i] *= inverse[i]
        self.products(features[1 : 1 + d], features[1 + d :])


class _Full(_Lens):
    def products(self, u, out):
        at = 0
        for i in range(len(u)):
            np.multiply(u[i], u[i:], out=out[at : at + len(u) - i])
            at += len(u) - i

    def precisions(self, covariances, nu):
        precision, log_det, norm = _inverted(covariances / np.multiply.outer(self.scale, self.scale))
        linear, constant = _shifted(precision, log_det, nu)
        pairs, factors, _ = _pairs(nu.shape[-1])
        return linear, precision.reshape(*precision.shape[:-2], -1).take(pairs, axis=-1) * factors, constant, norm

    def scatters(self, counts, means, squares, _):
        squares = squares.take(_pairs(means.shape[-1])[2], axis=-1)
        scatters = squares - means[..., :, None] * means[..., None, :]
        precise = _precise(np.trace(squares, axis1=-2, axis2=-1), least(scatters)) | (counts == 0)
        unit = np.multiply.outer(self.scale, self.scale)
        return scatters * counts[..., None, None] * unit, 0.0, precise.all(axis=-1)


class _Tied(_Lens):
    """The product of all the data is what it is: it shifts the log-densities of all components alike."""

    def products(self, u, out):
        pass

    def precisions(self, covariances, nu):
        precision, log_det, norm = _inverted(covariances / np.multiply.outer(self.scale, self.scale))
        linear, constant = _shifted(precision[..., None, :, :], log_det[..., None], nu)
        self.precision = precision
        return linear, linear[..., :0], constant, norm[..., None]

    def scatters(self, counts, means, _, covariances):
        products = self.table.products
        scatter = products - np.swapaxes(means * counts[..., None], -2, -1) @ means
        precise = _precise(np.trace(products), least(scatter))
        unit = np.multiply.outer(self.scale, self.scale)
        return scatter[..., None, :, :] * unit, -(self.precision * products).sum(axis=(-2, -1)) / 2, precise


class _Diag(_Lens):
    def products(self, u, out):
        np.square(u, out=out)

    def precisions(self, covariances, nu):
        precision = np.square(self.scale) / covariances
        positive = np.where(precision.min(axis=-1) > 0, 1.0, np.nan)
        linear = precision * nu
        constant = -((linear * nu).sum(axis=-1) + nu.shape[-1] * np.log(2 * np.pi) - np.log(precision).sum(axis=-1)) / 2
        return linear, -precision / 2, constant, precision.max(axis=-1) * positive

    def scatters(self, counts, means, squares, _):
        scatters = squares - np.square(means)
        precise = _precise(squares, scatters) | (counts == 0)[..., None]
        return scatters * counts[..., None] * np.square(self.scale), 0.0, precise.all(axis=(-2, -1))


class _Spherical(_Lens):
    """One unit for all features, or what is round would be round no longer."""

    def __init__(self, table):
        self.table, self.scale = table, np.full_like(table.scale, table.scale.max())

    def products(self, u, out):
        np.einsum("dn,dn->n", u, u, out=out[0])

    def precisions(self, covariances, nu):
        precision = np.square(self.scale[0]) / covariances
        positive = np.where(precision > 0, 1.0, np.nan)
        constant = -(precision * np.square(nu).sum(axis=-1) + nu.shape[-1] * np.log(2 * np.pi / precision)) / 2
        return precision[..., None] * nu, -precision[..., None] / 2, constant, precision * positive

    def scatters(self, counts, means, squares, _):
        scatters = squares - np.square(means).sum(axis=-1, keepdims=True)
        precise = _precise(squares, scatters)[..., 0] | (counts == 0)
        return scatters * counts[..., None] * np.square(self.scale[0]), 0.0, precise.all(axis=-1)


_LENSES = {"full": _Full, "tied": _Tied, "diag": _Diag, "spherical": _Spherical}


def _inverted(covariances):
    """Σ⁻¹, log |Σ| and a norm of Σ⁻¹; nan for all where any of them is not symmetric and positive definite."""
    try:
        factor = np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError:
        factor = np.full_like(covariances, np.nan)
    whiten = np.linalg.inv(factor)
    precision = np.swapaxes(whiten, -2, -1) @ whiten
    log_det = 2 * np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(axis=-1)
    norm = np.sqrt(np.square(precision).sum(axis=(-2, -1)))
    askew = np.abs(covariances - np.swapaxes(covariances, -2, -1)).max(axis=(-2, -1))
    return precision, log_det, np.where(askew * norm < 1e-10, norm, np.nan)


def _shifted(precision, log_det, nu):
    """What Σ⁻¹ becomes in the log-density before x, and before 1."""
    linear = (precision @ nu[..., None])[..., 0]
    return linear, -((linear * nu).sum(axis=-1) + nu.shape[-1] * np.log(2 * np.pi) + log_det) / 2


def _precise(squares, variances):
    """Whether `variances`, what is left of `squares` when the mean's are subtracted, are left with digits enough."""
    return _EPS * squares < LOSS[1] * variances


@functools.cache
def _pairs(d):
    """For x_i x_j with i ≤ j: where in a flat matrix they stand, and with which factor; where in a matrix they go."""
    i, j = np.triu_indices(d)
    places = np.empty((d, d), dtype=int)
    places[i, j] = places[j, i] = np.arange(len(i))
    return i * d + j, np.where(i == j, -0.5, -1.0), places
