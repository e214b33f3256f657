"""Several runs of one model on the same data, side by side: one step for all of them, not one step each.

A model that can do so has, beside ``e_step`` and ``m_step``,

    e_steps(x, params) -> (statistics, objectives, errors)
    m_steps(statistics) -> (params, errors)

in which the arrays of the named tuples have one more axis in front, a row for each run, and ``errors`` says by the row
what ``e_step`` or ``m_step`` would have raised.
"""

import itertools

import numpy as np


def possible(model):
    """Whether `model` can; and who gave it other single steps gave it other steps for several as well."""
    homes = {}
    for kind in reversed(type(model).__mro__):
        homes.update(dict.fromkeys(vars(kind), kind))
    steps = [[homes.get(name) for name in pair] for pair in (("e_step", "e_steps"), ("m_step", "m_steps"))]
    return all(several is not None and one is several for one, several in steps)


def run(model, x, starts, takes):
    """Step from all starts until every run is over: after an error, or when ``takes`` says so.

    Parameters
    ----------
    model : a model for which this is `possible`
    x : the data, prepared
    starts : dict
        By the run, where it starts: a named tuple of arrays.
    takes : function of (run, iteration, params, objective)
        Is given what the run yields, and returns whether it is over.

    Returns
    -------
    dict
        By the run, the error in which it ended, if it did.
    """
    failures, runs = {}, np.array(list(starts))
    params = type(starts[runs[0]])(*map(np.stack, zip(*starts.values(), strict=True)))
    for iteration in itertools.count():
        statistics, objectives, errors = model.e_steps(x, params)
        over = _noted(errors, runs, iteration, failures)
        for row, (i, objective) in enumerate(zip(runs.tolist(), objectives.tolist(), strict=True)):
            if row not in errors:
                try:
                    if takes(i, iteration, _rows(params, row), objective):
                        over.append(row)
                except Exception as error:
                    failures[i] = error
                    over.append(row)
        runs, statistics = _without(over, runs, statistics)
        if not len(runs):
            return failures
        params, errors = model.m_steps(statistics)
        runs, params = _without(_noted(errors, runs, iteration, failures), runs, params)
        if not len(runs):
            return failures


def _noted(errors, runs, iteration, failures):
    """Enter the `errors` among the failures, each with the iteration in which it arose. Returns their rows."""
    for row, error in errors.items():
        error.add_note(f"in iteration {iteration}")
        failures[int(runs[row])] = error
    return list(errors)


def _without(rows, runs, fields):
    """The runs, and the named tuple of what belongs to them, without these rows."""
    if not rows:
        return runs, fields
    rest = np.delete(np.arange(len(runs)), rows)
    return runs[rest], _rows(fields, rest)


def _rows(fields, rows):
    return type(fields)(*(field[rows] for field in fields))
