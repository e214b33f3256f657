"""The lattice of a hidden Markov model: its states over time, and what the sweeps forward and backward make of them.

The page computes nothing and phrases nothing: it draws the record and says the words that belong to the step.
"""

import itertools

import numpy as np
from matplotlib.figure import Figure

from emlib import checks, plots
from emlib.plots import style
from emlib.widgets.explorer import Explorer, cut

#: So many columns of numbers can be read on a narrow screen.
LONGEST = 12


def lattice(model, x, params, *, states=None, times=None):
    """Show the states of a short sequence as a lattice, and step through it: forward, backward, most probable path.

    A node is as large as its probability: filtered, given what was seen up to its column, while the sweep goes
    forward; smoothed, given everything, where the sweep backward has been. The last step draws the Viterbi path.

    Parameters
    ----------
    model : emlib.HiddenMarkov
    x : array (T, D)
        One sequence of 2 to 12 observations. The first feature is written above the columns.
    params : emlib.HiddenMarkovParams
    states, times : sequence of str, optional
        What the states and the columns are called; numbers from 1 unless told otherwise.

    Returns
    -------
    Explorer
        With the trait ``step``: 1 … T forward, then T − 1 steps backward, and one for the path.

    Raises
    ------
    TypeError
        If the model is no hidden Markov model.
    ValueError
        If `x` is too long or cannot be under `params`, or names are missing.
    """
    if not hasattr(model, "viterbi"):
        raise TypeError(f"model is {model!r}; it must be an emlib.HiddenMarkov")
    x = checks.array(x, "x", ndim=2)
    length, k = len(x), style.within_palette(model.n_components)
    if not 2 <= length <= LONGEST:
        raise ValueError(f"x has {length} rows; a lattice shows 2 to {LONGEST}")
    states, times = _names(states, "states", k), _names(times, "times", length)
    ell = model.score_samples([x], params)[0]
    if ell == -np.inf:
        raise ValueError("x cannot be under params: its probability is 0, so there is nothing to share out")
    # What is known at t is what the sequence up to t says of its last state.
    filtered = np.array([model.posterior([x[: t + 1]], params)[0][-1] for t in range(length)])
    smoothed = model.posterior([x], params)[0]
    (path,), (log_p,) = model.viterbi([x], params)
    seen = [f"{value:g}".replace("-", "\N{MINUS SIGN}") for value in x[:, 0]]
    predicted = np.vstack([params.initial, filtered[:-1] @ params.transitions])
    words = _words(states, times, seen, predicted, filtered, smoothed, path, np.exp(log_p - ell))
    record = {
        "states": states,
        "times": times,
        "seen": seen,
        "filtered": cut(filtered),
        "smoothed": cut(smoothed),
        "path": path.tolist(),
        "transitions": cut(params.transitions),
        "words": words,
    }
    fig = Figure(figsize=(8.6, 1.6 + 0.85 * k))
    draw = _draw(fig, record)

    def update(step):
        draw(step)
        return "\n".join(words[step - 1])

    return Explorer("lattice", record, {"step": range(1, 2 * length + 1)}, fig, update)


def _names(given, name, count):
    names = [str(i + 1) for i in range(count)] if given is None else list(map(str, given))
    if len(names) != count:
        raise ValueError(f"{name} has {len(names)} names; it needs {count}")
    return names


def _words(states, times, seen, predicted, filtered, smoothed, path, share):
    """Of each step the sentence that says what changed, and the description of all that is drawn."""

    def listed(p):
        return ", ".join(f"{state} {value:.2f}" for state, value in zip(states, p, strict=True))

    def columns(which, rows, first, last):
        if first == last:
            return ""
        parts = (f"{times[t]}: {listed(rows[t])}" for t in range(first, last))
        return f"{which} probabilities, {'; '.join(parts)}. "

    length = len(times)
    words = []
    for t in range(length):
        sentence = f"Forward, {times[t]}: predicted {listed(predicted[t])}; with {seen[t]} seen, {listed(filtered[t])}."
        words.append([sentence, columns("Filtered", filtered, 0, t + 1).strip()])
    for t in reversed(range(length - 1)):
        sentence = f"Backward, {times[t]}: {listed(filtered[t])}; with all that comes later, {listed(smoothed[t])}."
        done = columns("Filtered", filtered, 0, t) + columns("Smoothed", smoothed, t, length)
        words.append([sentence, done.strip()])
    stays = [list(group) for _, group in itertools.groupby(range(length), key=lambda t: path[t])]
    ways = (
        f"{states[path[stay[0]]]} {times[stay[0]]}" + (f" to {times[stay[-1]]}" if len(stay) > 1 else "")
        for stay in stays
    )
    sentence = f"The most probable path: {', '.join(ways)}. Given all that is seen, its probability is {share:.3g}."
    return [*words, [sentence, columns("Smoothed", smoothed, 0, length).strip()]]


def _draw(fig, record):
    """Draw what stands still, and return a function that draws one step."""
    ax = fig.subplots()
    states, times = record["states"], record["times"]
    filtered, smoothed = np.array(record["filtered"]), np.array(record["smoothed"])
    length, k = filtered.shape
    columns = np.arange(length)
    for j, i in itertools.product(range(k), repeat=2):
        width = 0.4 + 3 * record["transitions"][j][i]
        ax.plot([columns[:-1], columns[1:]], [[j], [i]], color="#D9DDE2", ls="-", lw=width, zorder=1)
    (line,) = ax.plot([], [], color=plots.INK, ls="-", lw=2.5, zorder=2)
    nodes = [ax.scatter([], [], marker=plots.MARKERS[i], color=plots.PALETTE[i], zorder=3) for i in range(k)]
    now = ax.axvspan(0, 1, color="#D9DDE2", alpha=0.5, zorder=0)
    numbers = [[ax.text(t, i + 0.42, "", ha="center", fontsize=9) for i in range(k)] for t in columns]
    for t, text in enumerate(record["seen"]):
        ax.text(t, -0.62, text, ha="center", fontsize=10)
    ax.set(xlim=(-0.6, length - 0.4), ylim=(k - 0.35, -0.95), xticks=columns, yticks=range(k))
    ax.set_xticklabels(times)
    ax.set_yticklabels(states)
    ax.grid(False)

    def draw(step):
        reached, turned, column = _reach(step, length)
        shown = np.where((columns >= turned)[:, None], smoothed, filtered)
        shown[reached:] = 0
        for i, node in enumerate(nodes):
            node.set_offsets(np.column_stack([columns, np.full(length, i)]))
            node.set_sizes(330 * shown[:, i])
        for t, i in itertools.product(columns, range(k)):
            numbers[t][i].set_text(f"{shown[t, i]:.2f}" if t < reached else "")
            numbers[t][i].set_fontweight("bold" if t >= turned else "normal")
        line.set_data(*((columns, record["path"]) if column is None else ([], [])))
        now.set_visible(column is not None)
        if column is not None:
            now.set_x(column - 0.5)

    return draw


def _reach(step, length):
    """How many columns have been reached, from which on they are smoothed, and where the sweep is; None at its end."""
    if step <= length:
        return step, length, step - 1
    turned = max(2 * length - 1 - step, 0)
    return length, turned, turned if step < 2 * length else None
