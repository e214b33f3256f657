"""Arguments are looked at here, once: each check returns the value in its normal form or says what is wrong with it."""

import math
import numbers
import os

import numpy as np

#: Larger values, or smaller differences, cannot be squared in float64 without overflow or underflow.
LARGEST, SMALLEST = 1e150, 1e-150
#: Beyond it, not every whole number is a float.
WHOLE = 2**53


def data(x, name="x", n_features=None, gaps=False):
    """Return `x` as a C-ordered float64 array of shape (N, D), never changing `x` itself. `gaps` allows nan.

    Raises
    ------
    TypeError
        If `x` is masked, sparse or complex, or holds something that is not a number.
    ValueError
        If `x` is not two-dimensional, is empty, ragged, not finite, beyond the range that can be squared, or has
        another number of features than `n_features`.
    """
    return data_and_range(x, name, n_features, gaps)[0]


def data_and_range(x, name="x", n_features=None, gaps=False):
    """What `data` returns, and the least and the largest value of each feature, (D,) each."""
    x = array(x, name, ndim=2, gaps=gaps)
    if n_features is not None and x.shape[1] != n_features:
        raise ValueError(f"{name} has {x.shape[1]} features; the parameters describe {n_features}")
    low, high = _range(x)
    _squarable(max(high.max(), -low.min()), name)
    spread = high - low
    for d in np.flatnonzero((spread > 0) & (spread < SMALLEST)):
        raise ValueError(
            f"feature {d} of {name} holds values that differ by at most {spread[d]:.1e}, whose squares underflow; "
            "rescale the data"
        )
    return x, low, high


def means(value, n_components, name="means"):
    """Return K centres as a float64 array of shape (K, D)."""
    value = components(value, name, n_components)
    _squarable(np.abs(value).max(), name)
    return value


def components(value, name, n_components, ndim=2):
    """Return what belongs to K components as a float64 array with `ndim` axes and K rows."""
    value = array(value, name, ndim=ndim)
    if len(value) != n_components:
        raise ValueError(f"{name} has {len(value)} rows; n_components is {n_components}, and each needs one")
    return value


def counts(x, name="x", maximum=None):
    """Return counts as a float64 array of shape (N, D): whole numbers from 0 to `maximum`, if there is one."""
    x = array(x, name, ndim=2)
    wrong = (x < 0) | (x != np.floor(x)) | (x > (WHOLE if maximum is None else maximum))
    for position in np.argwhere(wrong):
        bound = "0 or greater, at most 2**53" if maximum is None else f"from 0 to {maximum}"
        raise ValueError(f"{_place(name, position)} is {x[tuple(position)]:g}; it must be a whole number {bound}")
    return x


def distributions(value, name):
    """Return probabilities as they are: none negative, with sum 1 along the last axis."""
    for position in np.argwhere(value < 0):
        raise ValueError(f"{_place(name, position)} is {value[tuple(position)]:g}; no probability may be negative")
    sums = value.sum(axis=-1)
    for position in np.argwhere(np.abs(sums - 1) > 1e-8):
        total = sums[tuple(position)]
        raise ValueError(f"{_place(name, position)} sums to {total:.10g}; probabilities must sum to 1")
    return value


def array(value, name, ndim=None, shape=None, gaps=False):
    """Return `value` as a finite, C-ordered float64 array with `ndim` axes, or of exactly `shape`. `gaps` allows nan.

    Raises
    ------
    TypeError
        If `value` is masked, sparse or complex, or holds something that is not a number.
    ValueError
        If it is empty or ragged, holds nan or inf (named by position), or has the wrong shape.
    """
    if _in_form(value) and ndim in (None, value.ndim) and shape in (None, value.shape):
        return value
    value = real(value, name, gaps)
    if value.size == 0:
        raise ValueError(f"{name} is empty: its shape is {value.shape}; it needs at least one value along each axis")
    if ndim is not None and value.ndim != ndim:
        hint = f"; for one feature write {name}[:, None]" if (value.ndim, ndim) == (1, 2) else ""
        raise ValueError(f"{name} has shape {value.shape}; it needs {ndim} axes, not {value.ndim}{hint}")
    if shape is not None and value.shape != shape:
        raise ValueError(f"{name} has shape {value.shape}; it needs {shape}")
    finite = np.isfinite(value) | (gaps & np.isnan(value))
    if not finite.all():
        position = tuple(np.argwhere(~finite)[0])
        or_gap = ", or nan for a gap" if gaps else ""
        raise ValueError(f"{_place(name, position)} is {value[position]}; every value must be finite{or_gap}")
    return value


def real(value, name, gaps=False):
    """Return `value` as a C-ordered float64 array of any shape, whose numbers may be nan and inf."""
    if isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} is {str(value)!r}; give numbers: what is in a file has to be loaded first")
    value = plain(value, name, gaps)
    if value.dtype.kind == "c":
        raise TypeError(f"{name} is complex; give real numbers")
    if value.dtype.kind == "O":
        for position, item in np.ndenumerate(value):
            if not isinstance(item, numbers.Real):
                raise TypeError(f"{_place(name, position)} is {item!r}, which is not a number")
    elif value.dtype.kind not in "biuf":
        raise TypeError(f"{name} holds {value.dtype} values; give numbers")
    try:
        return np.asarray(value, dtype=np.float64, order="C")
    except OverflowError:
        raise ValueError(f"{name} holds an integer too large for a float; rescale the data") from None


def rows(value, name="x"):
    """Return `value` as an array with a row for each point, whatever the rows hold."""
    array = plain(value, name)
    if array.ndim == 0:
        raise TypeError(f"{name} is a {type(value).__name__} without rows; give an array with a row for each point")
    if len(array) == 0:
        raise ValueError(f"{name} is empty: its shape is {array.shape}; it needs at least one row")
    return array


def plain(value, name, gaps=False):
    """Return `value` as an array of whatever it holds, unless it is masked, sparse or ragged."""
    if isinstance(value, np.ma.MaskedArray):
        instead = f"with nan in its gaps: {name}.filled(np.nan)" if gaps else "without missing values"
        raise TypeError(f"{name} is a masked array; give a plain array {instead}")
    if hasattr(value, "toarray"):
        raise TypeError(f"{name} is a sparse matrix; give a dense array, for example {name}.toarray()")
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} is ragged: its rows have different lengths") from None


def integer(value, name, minimum=1, maximum=None):
    """Return `value` as an int of at least `minimum` (and at most `maximum`), refusing bools and fractions."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} is {value!r}; it must be an integer")
    if value < minimum:
        raise ValueError(f"{name} is {value}; it must be at least {minimum}")
    if maximum is not None and value > maximum:
        raise ValueError(f"{name} is {value}; it must be at most {maximum}")
    return int(value)


def number(value, name, minimum=0.0, strict=False):
    """Return `value` as a finite float of at least (`strict`: greater than) `minimum`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} is {value!r}; it must be a number")
    if not np.isfinite(value) or value < minimum or (strict and value == minimum):
        bound = "greater than" if strict else "at least"
        raise ValueError(f"{name} is {value}; it must be finite and {bound} {minimum:g}")
    return float(value)


def instance(value, name, kind):
    """Return `value` if it is a `kind`, one of emlib's named tuples."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} is a {type(value).__name__}; it must be {kind.__name__}({', '.join(kind._fields)})")
    return value


def order(value, n_components):
    """Return a new numbering of the components: each of 0 … K − 1 once."""
    numbering = np.asarray(value)
    if numbering.dtype.kind not in "iu" or sorted(numbering.ravel()) != list(range(n_components)):
        raise ValueError(f"order is {value!r}; it must hold each of 0 to {n_components - 1} once")
    return numbering.ravel()


def choice(value, name, options):
    """Return `value` if it is one of `options`."""
    if not isinstance(value, str) or value not in options:
        raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(map(repr, options))}")
    return value


def rng(seed, name="seed"):
    """Return a `numpy.random.Generator` from a non-negative integer, or the generator itself."""
    if isinstance(seed, np.random.Generator):
        return seed
    if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, numbers.Integral) or seed < 0:
        raise ValueError(f"{name} is {seed!r}; it must be a non-negative integer or a numpy.random.Generator")
    return np.random.default_rng(int(seed))


def weights(value, name="weights", n_components=None):
    """Return mixture weights of shape (K,): none negative, with sum 1, as exactly as the type that they come in can."""
    given, value = value, array(value, name, **({"ndim": 1} if n_components is None else {"shape": (n_components,)}))
    if value.min() < 0:
        raise ValueError(f"{name}[{value.argmin()}] is {value.min():g}; no weight may be negative")
    total, kind = value.sum(), np.asarray(given).dtype
    if abs(total - 1) > max(1e-8, 4 * np.finfo(kind).eps if kind.kind == "f" else 0):
        raise ValueError(f"{name} sum to {total:.10g}; they must sum to 1")
    return value if abs(total - 1) <= 1e-8 else value / total


def components_for(x, n_components):
    """Refuse data `x` that have fewer distinct points than components: a start needs one point for each."""
    if n_components > len(x):
        raise ValueError(f"n_components is {n_components}; x has only {len(x)} points")
    rows, distinct = n_components, 1
    while distinct < n_components and rows < 8 * len(x):  # mostly the first few rows are enough
        distinct = len(np.unique(x[:rows], axis=0))
        rows *= 8
    if n_components > distinct:
        raise ValueError(f"n_components is {n_components}; x has only {distinct} distinct points")


def _in_form(value):
    """Whether `value` is at a glance what `array` returns: where anything is not finite, nor is the sum of squares."""
    if type(value) is not np.ndarray or value.dtype != np.float64 or not value.flags.c_contiguous or not value.size:
        return False
    flat = value.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(np.dot(flat, flat))


def joined(x, numbers):
    """`x` (N, D) as rows of about so many `numbers`, along which numpy is quick: several points in each; the rest."""
    n, d = x.shape
    width = max(1, numbers // d)
    cut = n - n % width
    return x[:cut].reshape(-1, width * d), x[cut:]


def _range(x):
    """The least and the largest value of each feature, but for nan."""
    parts, d = joined(x, 256 if x.size < 100_000 else 1024), x.shape[1]
    low = [np.fmin.reduce(part, axis=0, initial=np.inf).reshape(-1, d).min(axis=0) for part in parts]
    high = [np.fmax.reduce(part, axis=0, initial=-np.inf).reshape(-1, d).max(axis=0) for part in parts]
    return np.minimum(*low), np.maximum(*high)


def _squarable(largest, name):
    if largest > LARGEST:
        raise ValueError(f"{name} holds values up to {largest:.1e}, whose squares overflow; rescale the data")


def _place(name, position):
    return f"{name}[{', '.join(map(str, position))}]" if len(position) else name
