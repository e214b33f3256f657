"""Compare what a learner returned, as plain data, with what was right, and put the difference into words."""

import numpy as np


def pieces(value, like):
    """The value as a list of arrays in the form of `like`, or a sentence on why it has no such form.

    A tuple wants as many values, in a list, a dict or a named tuple; axes of length 1 are forgiven.
    """
    if isinstance(like, tuple):
        if isinstance(value, dict):
            fields = getattr(like, "_fields", ())
            value = [value[field] for field in fields] if set(value) == set(fields) else list(value.values())
        if not isinstance(value, list) or len(value) != len(like):
            return f"it returned {described(value)} where {len(like)} values were expected"
        found = [pieces(v, k) for v, k in zip(value, like, strict=True)]
        wrong = next((i for i, piece in enumerate(found) if isinstance(piece, str)), None)
        if wrong is not None:
            return f"in value {wrong + 1}, {found[wrong]}"
        return [array for piece in found for array in piece]
    array = numbers(value)
    if array is None:
        return f"it returned {described(value)}, which is not an array of numbers"
    like = np.asarray(like, dtype=float)
    if np.squeeze(array).shape != np.squeeze(like).shape:
        transposed = "; it is transposed" if array.shape == like.shape[::-1] else ""
        return f"the shape is {array.shape} where {like.shape} was expected{transposed}"
    return [array.reshape(like.shape)]


def numbers(value):
    """Plain data as an array of floats, or None if it is none."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return None
    return array.astype(float) if array.dtype.kind in "biuf" else None


def described(value):
    """What a value is, in a few words."""
    array = numbers(value)
    if array is not None and array.ndim:
        return f"an array of shape {array.shape}, dtype {np.asarray(value).dtype}"
    return f"{len(value)} values" if isinstance(value, (list, dict)) else f"one {type(value).__name__}"


def difference(got, want, tolerance):
    """The first place where arrays differ from what was expected, in words, or ""."""
    for i, (a, b) in enumerate(zip(got, want, strict=True)):
        which = f"in value {i + 1}, " if len(want) > 1 else ""
        wrong = ~close(a, b, tolerance)
        if wrong.any():
            position = np.argwhere(np.isnan(a) if np.isnan(a).any() else wrong)[0]
            index, place = tuple(position), f" at position [{', '.join(map(str, position))}]" if position.size else ""
            if np.isnan(a[index]):
                return f"{which}nan came out{place}; where does 0/0, log 0 or ∞ − ∞ arise for a far point?"
            came, expected = _told_apart(a[index], b[index])
            return f"{which}{came} came out where {expected} was expected{place}"
    return ""


def _told_apart(a, b):
    """Two different numbers with as many digits as show that they differ, six at least."""
    return next(texts for digits in range(6, 18) if len(set(texts := (f"{a:.{digits}g}", f"{b:.{digits}g}"))) == 2)


def close(a, b, tolerance):
    """Where `a` is `b`, relative to the size of the whole array, so that a true 0 may come out as rounding."""
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.abs(b[np.isfinite(b)]).max(initial=0)
        return (np.abs(a - b) <= tolerance * (size + np.abs(b))) | (a == b)


def likely_cause(got, want, tolerance):
    """What simple operation leads from what was right to what came, in all cases, or "".

    Parameters
    ----------
    got, want : lists with the pieces of each case
    """
    got, want = ([np.atleast_1d(piece) for case in side for piece in case] for side in (got, want))

    def all_are(operation):
        return all(close(a, operation(b), tolerance).all() for a, b in zip(got, want, strict=True))

    if all_are(np.negative):
        return "the sign is wrong"
    if all(b.ndim == 2 and b.shape[0] == b.shape[1] for b in want) and all_are(np.transpose):
        return "this is the transpose of what was expected"
    if all_are(np.trunc):
        return "the decimals were cut off; was an array of integers filled?"
    factors = [_factor(a, b, tolerance) for a, b in zip(got, want, strict=True)]
    if not np.isfinite(factors).all() or f"{factors[0]:.6g}" == "1":
        return ""
    if close(np.array(factors), np.full(len(factors), factors[0]), tolerance).all():
        return f"every value is {factors[0]:.6g} times what was expected"
    if all(np.count_nonzero(b) > 1 for b in want):
        return f"all values are off by one factor, {factors[0]:.4g} on the first data set; by what was divided?"
    return ""


def _factor(a, b, tolerance):
    """The number that makes all of `a` from `b`, or nan if none does."""
    largest = np.abs(b).argmax()
    with np.errstate(all="ignore"):
        factor = a.flat[largest] / b.flat[largest]
        return factor if np.isfinite(factor) and close(a, factor * b, tolerance).all() else np.nan


def slope(objective, value):
    """How far Q lies below its maximum at a wrong answer, and how it still rises there.

    Parameters
    ----------
    objective : ``objective(pieces) -> Q``
    value : list of arrays, the answer's pieces

    Returns
    -------
    Q at the answer, the derivative of largest size by central differences
    """
    steepest = 0.0
    for i, piece in enumerate(value):
        for index in np.ndindex(piece.shape):
            ends = []
            h = 1e-6 * (1 + abs(piece[index]))
            for step in (-h, h):
                moved = [array.copy() for array in value]
                moved[i][index] += step
                ends.append(objective(moved))
            derivative = (ends[1] - ends[0]) / (2 * h)
            steepest = derivative if abs(derivative) > abs(steepest) else steepest
    return objective(value), steepest
