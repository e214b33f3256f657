"""The quick E-step of a Gaussian mixture: two matrix products for each block of points.

log τ_k + log Normal(x; μ_k, Σ_k) is linear in the features φ(x) = (1, x, products of the x), and what an M-step needs
are the sums Σ_n r_nk φ(x_n). So with the points of a block as the columns of Φ, one product C Φ gives all log-densities
and, once they have become responsibilities R, another one, R Φᵀ, all sums.

Products of coordinates lose digits where a component is narrow, or far from the centre of the data. Both are measured,
before and after, and where too much would be lost (`LOSS`) the answer is not to be used.

Every array may have more axes in front, one run for each place along them: they only make C taller.
"""

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np

from emlib.blocks import ALONE, one_thread, total
from emlib.numerics import Moments

#: How large, by a bound, the rounding may become: in a log-density, and relative in a scatter in any direction.
LOSS = 1e-10, 1e-11
#: Above it a density keeps the digits of all that adds to it.
LEAST = 1e-200
#: With so many features points lie as they do in the data.
LONG = 32
#: So many of them are taken as one row, along which numpy is quick.
JOINED = 32
#: About how many numbers a block may hold, so that it stays in the cache.
ROOM = 400_000
_ROWS = 16_384
_EPS = np.finfo(float).eps
#: By which the inverse of a symmetric matrix of order 2 differs from the matrix turned about, but for the determinant.
_SIGNS = np.array([[1.0, -1.0], [-1.0, 1.0]])


class Quick(NamedTuple):
    """The statistics and the log-likelihood, and whether they are as exact as they should be."""

    moments: Moments
    log_likelihood: np.ndarray
    sound: np.ndarray


def e_step(table, weights, means, covariances, family):
    """One E-step over `table`, an `emlib.blocks.Table`, for weights (…, K), means (…, K, D) and the family's Σ."""
    with np.errstate(all="ignore"):  # what is not finite is not sound
        lens = _lens(table, family, weights.size)
        nu = (means - table.centre) / lens.scale
        linear, quadratic, constant, norm = lens.precisions(covariances, nu)
        size = lens.reach + np.sqrt(np.vecdot(nu, nu))
        sound = np.logical_and.reduce(size * size * norm < LOSS[0] / _EPS, axis=-1)
        # where a weight is 0 no logarithm, but a number of which the exponential is 0
        constant = constant + np.maximum(np.log(weights), -1e300)
        coefficients = np.concatenate([constant[..., None], linear, quadratic], axis=-1)
        n = len(table) if np.count_nonzero(sound) else 1  # one point, for the form alone
        sums, log_likelihood = _pass(n, lens, coefficients)
        counts, d = sums[..., 0], nu.shape[-1]
        empty = counts == 0
        centres = sums[..., 1 : 1 + d] / (counts + empty)[..., None]
        scatters, correction, precise = lens.scatters(counts, centres, sums[..., 1 + d :])
        sound &= np.logical_and.reduce(precise | empty, axis=-1)
        log_likelihood += correction - lens.log_unit
        shifts = (centres - nu) * lens.scale
        shifts[empty] = 0
    return Quick(Moments(means, counts, shifts, scatters), log_likelihood, sound)


def _pass(n, lens, coefficients):
    """Over the first `n` points Σ_n r_nk φ(x_n), (…, K, F), and Σ_n log Σ_k exp(…), (…)."""
    *runs, k, f = coefficients.shape
    tall = coefficients.reshape(-1, f)
    rows = min(max(ROOM // lens.numbers(tall) // 32 * 32, 256), 32_768)

    def worker():
        @functools.cache
        def room(size):
            return lens.room(size, f), np.empty((len(tall), size))

        def block(start, stop):
            features, scores = room(stop - start)
            with np.errstate(all="ignore"):  # a thread does not inherit it
                lens.look(start, stop, features)
                return lens.step(tall, features, scores, (*runs, k))

        return block

    if n <= rows and n == len(lens.x):  # one block, which the next E-step finds as it is
        with one_thread(n * lens.work(tall)):
            sums, log_likelihood = lens.step(tall, lens.whole(f), np.empty((len(tall), n)), (*runs, k))
    else:
        sums, log_likelihood = total(worker, n, rows, n * lens.work(tall))
    return sums.reshape(*runs, k, -1), log_likelihood


def to_responsibilities_plainly(scores):
    """What `to_responsibilities` does, without a look at the largest; None, and void scores, where that takes one.

    Few points lie so far off that their densities, in the data's units, leave the range of numbers.
    """
    np.exp(scores, out=scores)
    density = np.add.reduce(scores, axis=-2)
    if not np.minimum.reduce(density, axis=None) > LEAST:  # nan is not
        return None
    log_likelihood = _divided(scores, density)
    return log_likelihood if np.isfinite(log_likelihood).all() else None


def to_responsibilities(scores):
    """Turn log p(x_n, z_n = k), (…, K, N), into responsibilities where they stand. Returns Σ_n log p(x_n), (…)."""
    largest = np.maximum.reduce(scores, axis=-2)
    np.subtract(scores, largest[..., None, :], out=scores)
    np.exp(scores, out=scores)
    return largest.sum(axis=-1) + _divided(scores, np.add.reduce(scores, axis=-2))


def _divided(joint, normaliser):
    """Divide `joint` by its sum over K. Returns the sum of that one's logarithms."""
    log_likelihood = np.add.reduce(np.log(normaliser), axis=-1)
    np.divide(1.0, normaliser, out=normaliser)
    np.multiply(joint, normaliser[..., None, :], out=joint)
    return log_likelihood


def least(matrices):
    """A lower bound, at most D times too low, of the smallest eigenvalue of each matrix; not positive if unsure."""
    d = matrices.shape[-1]
    if d == 1:
        return matrices[..., 0, 0]
    if d == 2:
        a, b, c = matrices[..., 0, 0], matrices[..., 1, 0], matrices[..., 1, 1]
        return (a * c - b * b) / (a + c)
    try:
        inverse = np.linalg.inv(np.linalg.cholesky(matrices))
    except np.linalg.LinAlgError:
        return np.zeros(matrices.shape[:-2])
    return 1 / np.square(inverse).sum(axis=(-2, -1))


class _Stacked:
    """Φ for n points in one matrix, (F, n): the ones, x about the centre and in its units, and its products."""

    def __init__(self, n, d, f):
        self.matrix = np.empty((f, n))
        self.matrix[0] = 1
        self.u, self.products = self.matrix[1 : 1 + d], self.matrix[1 + d :]

    def score(self, coefficients, out):
        np.matmul(coefficients, self.matrix, out=out)

    def sums(self, r):
        if 1 < len(r) < 8 and r.size * len(self.matrix) > ALONE:  # few long rows: one feature after the other
            return (r @ self.matrix[..., None])[..., 0].T
        return (self.matrix @ r.T).T


class _Apart:
    """The same for points with many features, which lie as they do in the data: to turn them would take long."""

    def __init__(self, n, d, f):
        self.u, self.products = np.empty((n, d)).T, np.empty((n, f - 1 - d)).T

    def score(self, coefficients, out):
        behind = 1 + len(self.u)
        np.matmul(coefficients[:, 1:behind], self.u, out=out)
        if len(self.products):  # a matrix product of one column and one row is slow
            out += (np.matmul if len(self.products) > 1 else np.multiply)(coefficients[:, behind:], self.products)
        out += coefficients[:, :1]

    def sums(self, r):
        counts = np.add.reduce(r, axis=1, keepdims=True)
        return np.concatenate([counts, (self.u @ r.T).T, (self.products @ r.T).T], axis=1)


class _Lens:
    """The data in units of their own: the centre is 0, and the unit of each feature is its standard deviation."""

    def __init__(self, table):
        self._measure(table, table.scale)

    def _measure(self, table, scale):
        # not the table, which holds this: neither would go when it should
        self.x, self.centre, self.scale, self.features = table.x, table.centre, scale, None
        self.unit = np.multiply.outer(scale, scale)
        self.reach = np.sqrt(len(scale)) * table.reach
        self.log_unit = len(table) * np.log(np.sqrt(2 * np.pi) * scale).sum()

    def numbers(self, coefficients):
        """About how many numbers a point takes."""
        return len(self.scale) + coefficients.shape[1] + 2 * len(coefficients)

    def work(self, coefficients):
        """About how many multiplications a point takes."""
        return coefficients.size

    def room(self, n, f):
        """A place for the features of n points."""
        return (_Stacked if len(self.scale) < LONG else _Apart)(n, len(self.scale), f)

    @functools.cached_property
    def joined(self):
        """The centre and the units' inverses, as often as points are joined."""
        return np.tile(self.centre, JOINED), np.tile(1 / self.scale, JOINED)

    def whole(self, f):
        """The features of all the data."""
        if self.features is None:
            self.features = self.room(len(self.x), f)
            self.look(0, len(self.x), self.features)
        return self.features

    def step(self, coefficients, features, scores, shape):
        """The sums, and Σ_n log p(x_n), over the points whose features are given."""
        self.score(coefficients, features, scores)
        joint = scores.reshape(*shape, -1)
        log_likelihood = to_responsibilities_plainly(joint)
        if log_likelihood is None:
            self.score(coefficients, features, scores)
            log_likelihood = to_responsibilities(joint)
        return self.sums(scores, features), log_likelihood

    def look(self, start, stop, features):
        """Fill `features` for a block."""
        x, u = self.x[start:stop], features.u
        if u.flags.c_contiguous:
            np.subtract(x.T, self.centre[:, None], out=u)
            u *= 1 / self.scale[:, None]
        else:
            width = math.gcd(len(x), JOINED) * len(u)
            rows, (centre, inverse) = u.T.reshape(-1, width), self.joined
            np.subtract(x.reshape(-1, width), centre[:width], out=rows)
            rows *= inverse[:width]
        self.products(u, features.products)

    def score(self, coefficients, features, out):
        features.score(coefficients, out)

    def sums(self, responsibilities, features):
        return features.sums(responsibilities)


class _Full(_Lens):
    def room(self, n, f):
        return _Stacked(n, len(self.scale), f)

    def products(self, u, out):
        at = 0
        for i in range(len(u)):
            np.multiply(u[i], u[i:], out=out[at : at + len(u) - i])
            at += len(u) - i

    def precisions(self, covariances, nu):
        precision, log_det, norm = _inverted(covariances / self.unit)
        linear, constant = _shifted(precision, log_det, nu)
        pairs, factors, _ = _pairs(nu.shape[-1])
        return linear, _flat(precision).take(pairs, axis=-1) * factors, constant, norm

    def matrices(self, squares):
        """From what stands in the sums behind those of x."""
        return squares.take(_pairs(len(self.scale))[2], axis=-1)

    def scatters(self, counts, centres, squares):
        """The scatters, what is missing in the log-likelihood, and which scatters have kept their digits."""
        squares = self.matrices(squares)
        scatters = squares - counts[..., None, None] * (centres[..., :, None] * centres[..., None, :])
        precise = _precise(squares.trace(axis1=-2, axis2=-1), least(scatters))
        return scatters * self.unit, 0.0, precise


class _Whitened(_Full):
    """Where a point has many more products than there are components to share them.

    ‖W_k (x − μ_k)‖² from the triangular W_k, a few of its rows at a time, which leaves out most of the zeros; and for
    each component one product V Vᵀ of the points times √r_nk.
    """

    def room(self, n, f):
        return super().room(n, 1 + len(self.scale))

    def products(self, u, out):
        pass

    def numbers(self, coefficients):
        d = len(self.scale)
        return len(coefficients) * (d // 8 + 3) + 3 * d

    def work(self, coefficients):
        return len(coefficients) * len(self.scale) ** 2

    def precisions(self, covariances, nu):
        covariances = covariances / self.unit
        whiten, log_det = _factored(covariances)
        norm = _norm(covariances, whiten.mT @ whiten)
        d = nu.shape[-1]
        shifted = np.concatenate([-(whiten @ nu[..., None]), whiten], axis=-1).reshape(-1, d, 1 + d)
        ends = itertools.pairwise(d * i // 8 for i in range(9))
        self.panels = [np.ascontiguousarray(shifted[:, i:j, : 1 + j]).reshape(-1, 1 + j) for i, j in ends]
        return nu[..., :0], nu[..., :0], -log_det / 2, norm

    def score(self, coefficients, features, out):
        out[...] = 0
        features = features.matrix
        for panel in self.panels:
            white = panel @ features[: panel.shape[1]]
            np.square(white, out=white)
            out += white.reshape(len(out), -1, out.shape[1]).sum(axis=1)
        out *= -0.5
        out += coefficients

    def sums(self, responsibilities, features):
        u, weighted = features.u, np.empty_like(features.u)
        products = np.empty((len(responsibilities), len(u), len(u)))
        for root, into in zip(np.sqrt(responsibilities), products, strict=True):
            np.multiply(u, root, out=weighted)
            np.matmul(weighted, weighted.T, out=into)
        return np.concatenate([features.sums(responsibilities), products.reshape(len(products), -1)], axis=1)

    def matrices(self, squares):
        return squares.reshape(*squares.shape[:-1], len(self.scale), len(self.scale))


class _Tied(_Lens):
    """The product of all the data is what it is: it shifts the log-densities of all components alike."""

    def __init__(self, table):
        super().__init__(table)

        def block(start, stop):
            features = self.room(stop - start, 1 + len(self.scale))
            self.look(start, stop, features)
            return (features.u @ features.u.T,)

        [self.products_of_all] = total(lambda: block, len(table), _ROWS, table.x.size * len(self.scale))

    def products(self, u, out):
        pass

    def precisions(self, covariances, nu):
        precision, log_det, norm = _inverted(covariances / self.unit)
        linear, constant = _shifted(precision[..., None, :, :], log_det[..., None], nu)
        self.precision = precision
        return linear, linear[..., :0], constant, norm[..., None]

    def scatters(self, counts, centres, _):
        products = self.products_of_all
        scatter = products - (centres * counts[..., None]).mT @ centres
        precise = _precise(products.trace(), least(scatter))[..., None]
        return scatter[..., None, :, :] * self.unit, -(self.precision * products).sum(axis=(-2, -1)) / 2, precise


class _Diag(_Lens):
    def products(self, u, out):
        np.square(u, out=out)

    def precisions(self, covariances, nu):
        precision = np.square(self.scale) / covariances
        positive = np.where(precision.min(axis=-1) > 0, 1.0, np.nan)
        linear = precision * nu
        constant = -((linear * nu).sum(axis=-1) - np.log(precision).sum(axis=-1)) / 2
        return linear, -precision / 2, constant, precision.max(axis=-1) * positive

    def scatters(self, counts, centres, squares):
        scatters = squares - counts[..., None] * np.square(centres)
        return scatters * np.square(self.scale), 0.0, _precise(squares, scatters).all(axis=-1)


class _Spherical(_Lens):
    """One unit for all features, or what is round would be round no longer."""

    def __init__(self, table):
        self._measure(table, np.full_like(table.scale, table.scale.max()))

    def products(self, u, out):
        np.einsum("dn,dn->n", u, u, out=out[0])

    def precisions(self, covariances, nu):
        precision = np.square(self.scale[0]) / covariances
        positive = np.where(precision > 0, 1.0, np.nan)
        constant = -(precision * np.square(nu).sum(axis=-1) - nu.shape[-1] * np.log(precision)) / 2
        return precision[..., None] * nu, -precision[..., None] / 2, constant, precision * positive

    def scatters(self, counts, centres, squares):
        scatters = squares - (counts * np.vecdot(centres, centres))[..., None]
        return scatters * np.square(self.scale[0]), 0.0, _precise(squares, scatters)[..., 0]


_KINDS = {"full": _Full, "tied": _Tied, "diag": _Diag, "spherical": _Spherical}


def _lens(table, family, components):
    d, kind = len(table.scale), _KINDS[family]
    if family == "full" and d * (d + 1) > 100 * components:
        kind = _Whitened
    if kind not in table.memory:
        table.memory[kind] = kind(table)
    return table.memory[kind]


def _inverted(covariances):
    """Σ⁻¹, log |Σ|, which is nan where Σ is not positive definite, and a bound on the norm of Σ⁻¹: see `_even`."""
    if covariances.shape[-1] == 2:
        a, b, c = covariances[..., 0, 0], covariances[..., 1, 0], covariances[..., 1, 1]
        rest = c - b * b / a
        det = a * rest
        precision = covariances[..., ::-1, ::-1] * _SIGNS / det[..., None, None]
        return precision, np.log(a) + np.log(rest), _even((a + c) / det, np.abs(covariances[..., 0, 1] - b))
    whiten, log_det = _factored(covariances)
    precision = whiten.mT @ whiten
    return precision, log_det, _norm(covariances, precision)


def _factored(covariances):
    """The triangular W with WᵀW = Σ⁻¹, and log |Σ|; all is nan where any Σ is not positive definite."""
    try:
        factor = np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError:
        factor = np.full_like(covariances, np.nan)
    return np.linalg.inv(factor), 2 * np.log(factor.diagonal(axis1=-2, axis2=-1)).sum(axis=-1)


def _norm(covariances, precision):
    """The norm of Σ⁻¹: see `_even`."""
    norm = np.sqrt(np.square(precision).sum(axis=(-2, -1)))
    return _even(norm, np.abs(covariances - covariances.mT).max(axis=(-2, -1)))


def _even(norm, askew):
    """The norm of Σ⁻¹; infinite where Σ is not symmetric."""
    return norm / (askew * norm < 1e-10)


def _flat(matrices):
    return matrices.reshape(*matrices.shape[:-2], -1)


def _shifted(precision, log_det, nu):
    """What Σ⁻¹ becomes in the log-density before x, and before 1."""
    linear = np.vecdot(precision, nu[..., None, :])
    return linear, -(np.vecdot(linear, nu) + log_det) / 2


def _precise(squares, variances):
    """Whether `variances`, what is left of `squares` when the mean's are subtracted, are left with digits enough."""
    return squares * (_EPS / LOSS[1]) < variances


@functools.cache
def _pairs(d):
    """For x_i x_j with i ≤ j: where in a flat matrix they stand, and with which factor; where in a matrix they go."""
    i, j = np.triu_indices(d)
    places = np.empty((d, d), dtype=int)
    places[i, j] = places[j, i] = np.arange(len(i))
    return i * d + j, np.where(i == j, -0.5, -1.0), places
