"""Statistics add: whatever their form, those of two pieces of the data make those of the whole."""


def add(a, b):
    """a + b by the statistics' own ``+``; tuples, lists and dicts, whose + does not add or is missing, part by part."""
    if isinstance(a, dict):
        return {key: add(a[key], b[key]) for key in a}
    if type(a).__add__ in (tuple.__add__, list.__add__):
        return _like(a, [add(left, right) for left, right in zip(a, b, strict=True)])
    return a + b


def scale(a, factor):
    """The statistics of data that count `factor` times: by their own ``times(factor)``, or part by part."""
    if hasattr(a, "times"):
        return a.times(factor)
    if isinstance(a, dict):
        return {key: scale(part, factor) for key, part in a.items()}
    if isinstance(a, (tuple, list)):
        return _like(a, [scale(part, factor) for part in a])
    return factor * a


def _like(a, parts):
    return type(a)(*parts) if hasattr(a, "_fields") else type(a)(parts)
