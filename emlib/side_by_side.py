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
    takes : function of (runs, iteration, objectives)
        Is given what the runs that go on yield, (R,) each, and returns which of them are over, (R,), and by the row the
        errors in which they are.

    Returns
    -------
    function of a run
        Gives all params and all objectives that it yielded.
    dict
        By the run, the error in which it ended, if it did.
    """
    failures, steps, runs = {}, [], np.array(list(starts))
    params = _together(list(starts.values()), np.stack)
    for iteration in itertools.count():
        statistics, objectives, errors = model.e_steps(x, params)
        gone = _noted(errors, runs, iteration, failures)
        runs, objectives, params, statistics = _without(gone, runs, objectives, params, statistics)
        over, errors = takes(runs, iteration, objectives)
        steps.append((runs, _changed(params, np.ndarray.copy), objectives.copy()))  # whatever the model does to its own
        for row, error in errors.items():
            failures[int(runs[row])] = error
        runs, statistics = _without([*over.nonzero()[0], *errors], runs, statistics)
        if len(runs):
            params, errors = model.m_steps(statistics)
            runs, params = _without(_noted(errors, runs, iteration, failures), runs, params)
        if not len(runs):
            return _paths(steps), failures


def _noted(errors, runs, iteration, failures):
    """Enter the `errors` among the failures, each with the iteration in which it arose. Returns their rows."""
    for row, error in errors.items():
        error.add_note(f"in iteration {iteration}")
        failures[int(runs[row])] = error
    return list(errors)


def _without(rows, *each):
    """Arrays, and named tuples of arrays, without these rows."""
    return [_changed(one, lambda array: np.delete(array, rows, axis=0)) for one in each] if rows else each


def _changed(fields, change):
    """An array, or a named tuple of arrays, each changed."""
    return change(fields) if isinstance(fields, np.ndarray) else type(fields)(*map(change, fields))


def _paths(steps):
    """From all the steps' (runs, params, objectives) the function which gives the params and objectives of one run."""
    runs, params, objectives = zip(*steps, strict=True)
    runs, objectives = np.concatenate(runs), np.concatenate(objectives)
    params = _together(params, np.concatenate)

    def path(run):
        rows = np.flatnonzero(runs == run)
        own = [field[rows] for field in params]  # not a view, which would keep the other runs'
        for field in own:
            field.flags.writeable = False
        return map(type(params)._make, zip(*own, strict=True)), objectives[rows].tolist()

    return path


def _together(fields, join):
    """Named tuples of arrays as one."""
    return type(fields[0])(*map(join, zip(*fields, strict=True)))
