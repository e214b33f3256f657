"""The hidden Markov model.

Story: z_1 = k with probability π_k; then z_n = k with probability a_jk if z_{n−1} = j; x_n | z_n = k comes from
component k of a mixture, whatever that is. The hidden Markov model is a mixture whose weights change with n: they are
what the past predicts.

Baum, Petrie, Soules & Weiss (1970), A maximization technique occurring in the statistical analysis of probabilistic
functions of Markov chains. Annals of Mathematical Statistics 41, 164–171. Rabiner (1989), A tutorial on hidden Markov
models. Proceedings of the IEEE 77, 257–286. Zucchini & MacDonald (2009), Hidden Markov Models for Time Series.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from emlib import checks
from emlib.errors import DegenerateError
from emlib.models.mixture import Mixture
from emlib.numerics import log_ratios, shares, xlogy

#: A sum is scaled again before it falls below this: what underflows beside it has never counted.
SMALL = 1e-100
#: A state that is predicted with less counts as impossible: no ratio to a larger probability overflows.
TINY = 1e-300


class HiddenMarkovParams(NamedTuple):
    """θ of a hidden Markov model.

    Attributes
    ----------
    initial : (K,)
        π, the probabilities of the first state.
    transitions : (K, K)
        A: in row j the probabilities of the next state after state j.
    emissions : parameters of the mixture
        Their weights are all 1/K: the chain takes the place of weights.
    """

    initial: np.ndarray
    transitions: np.ndarray
    emissions: Any


class HiddenMarkovStatistics(NamedTuple):
    """Expected sufficient statistics.

    Attributes
    ----------
    initial : (K,)
        How many sequences begin in each state.
    transitions : (K, K)
        How many steps lead from state j to state k.
    emissions : statistics of the mixture
    """

    initial: np.ndarray
    transitions: np.ndarray
    emissions: Any


class _Chains(NamedTuple):
    """The states given what is seen, all sequences end to end: what forward–backward finds.

    Attributes
    ----------
    begins : (S,)
        Where the sequences begin.
    log_scales : (N,)
        log p(x_n | x_1 … x_{n−1}), whose sum is ℓ.
    filtered : (N, K)
        p(z_n = k | x_1 … x_n)
    ratios : (N, K)
        p(z_n = k | all x) / p(z_n = k | x_1 … x_{n−1}), what the present and the future add to the prediction.
    smoothed : (N, K)
        p(z_n = k | all x)
    """

    begins: np.ndarray
    log_scales: np.ndarray
    filtered: np.ndarray
    ratios: np.ndarray
    smoothed: np.ndarray

    def steps(self, transitions):
        """How many steps are expected to lead from state j to state k, (K, K)."""
        ratios = self.ratios.copy()
        ratios[self.begins] = 0.0
        return transitions * (self.filtered[:-1].T @ ratios[1:])


@dataclass(frozen=True)
class HiddenMarkov:
    """A mixture whose components follow each other as a Markov chain; the objective is the log-likelihood ℓ.

    The data `x` are a list of sequences, each an array (T, D) such as the mixture reads: ``[x]`` for a single one,
    ``emlib.sequences(x, lengths)`` for several that stand end to end in one array. Gains are measured per observation.
    Where an error of the mixture names a row of x, rows are counted through all sequences.

    Parameters
    ----------
    mixture : a mixture of emlib
        Its components are what the states emit: ``HiddenMarkov(PoissonMixture(3))``.
    stationary : bool
        Whether the chain has been running for ever when a sequence begins: π is then the stationary distribution of A,
        and no parameter of its own.
    """

    mixture: Mixture
    stationary: bool = False

    def __post_init__(self):
        if not isinstance(self.mixture, Mixture):
            raise TypeError(f"mixture is {self.mixture!r}; it must be a mixture of emlib")
        if getattr(self.mixture, "equal_weights", False):
            raise ValueError("mixture has equal_weights; give one without: the chain takes the place of weights")
        if not isinstance(self.stationary, bool):
            raise TypeError(f"stationary is {self.stationary!r}; it must be True or False")

    @property
    def n_components(self):
        """K, the number of states."""
        return self.mixture.n_components

    def start(self, x, rng, **how):
        """Emissions as the mixture starts; each state lasts at least every other time; random transitions else."""
        rng, k = checks.rng(rng, "rng"), self.n_components
        emissions = self._without_weights(self.mixture.start(np.concatenate(_checked_sequences(x)), rng, **how))
        transitions = (np.eye(k) + rng.dirichlet(np.ones(k), size=k)) / 2
        initial = stationary_distribution(transitions) if self.stationary else np.full(k, 1 / k)
        return HiddenMarkovParams(initial, transitions, emissions)

    def overall(self, x):
        """The number of observations in all sequences."""
        return sum(map(len, _checked_sequences(x)))

    def unit(self, overall):
        """The same, so that gains are measured per observation."""
        return float(overall)

    def posterior(self, x, params):
        """The smoothed probabilities of the states, p(z_n = k | x, θ), for each sequence an array (T, K).

        A sequence that cannot be under `params` has none: its rows are 0.
        """
        chains, *_ = self._forward_backward(x, params)
        return np.split(chains.smoothed, chains.begins[1:])

    def entropy(self, x, params):
        """The entropy of the paths, H = −Σ p(z | x, θ) log p(z | x, θ).

        The states of a path hang together, so it is less than the sum of the entropies of `posterior`.
        """
        chains, params, _ = self._forward_backward(x, params)
        first, others = chains.smoothed[chains.begins], np.delete(chains.smoothed, chains.begins, axis=0)
        # H(z_1) + Σ_n [H(z_{n−1}, z_n) − H(z_{n−1})], where p(z_{n−1}, z_n | x) = filtered · transition · ratio
        future = np.divide(
            chains.smoothed, chains.filtered, out=np.ones(chains.smoothed.shape), where=chains.filtered > 0
        )
        steps = chains.steps(params.transitions)
        return (
            xlogy(chains.smoothed, future).sum()
            - xlogy(first, first).sum()
            - xlogy(steps, params.transitions).sum()
            - xlogy(others, np.delete(chains.ratios, chains.begins, axis=0)).sum()
        )

    def e_step(self, x, params):
        """Baum and Welch's expected counts, and ℓ. Returns (`HiddenMarkovStatistics`, log-likelihood)."""
        chains, params, joined = self._forward_backward(x, params)
        emissions = self.mixture.statistics(joined, chains.smoothed, params.emissions)
        first = chains.smoothed[chains.begins].sum(axis=0)
        statistics = HiddenMarkovStatistics(first, chains.steps(params.transitions), emissions)
        return statistics, chains.log_scales.sum()

    def q(self, params, statistics):
        """Q(θ|θᵗ) = Σ_k m_k log π_k + Σ_jk m_jk log a_jk + E Σ_n log p(x_n | z_n), m the expected counts."""
        initial, transitions, emissions = self.checked(params)
        starts, steps, emitted = checks.instance(statistics, "statistics", HiddenMarkovStatistics)
        # the mixture's Q counts log 1/K for each observation: the weights that are none
        weights = emitted.counts.sum() * np.log(self.n_components)
        return (
            xlogy(starts, initial).sum()
            + xlogy(steps, transitions).sum()
            + (self.mixture.q(emissions, emitted) + weights)
        )

    def m_step(self, statistics):
        """π_k and a_jk are shares of the expected counts; the emissions are those of the mixture.

        A state that is never left may go anywhere, each state being as good as another. A stationary π has no closed
        form: A is improved until it changes no more.

        Raises
        ------
        DegenerateError
            If a state is never visited, or the mixture's component for it collapses.
        """
        starts, steps, emitted = checks.instance(statistics, "statistics", HiddenMarkovStatistics)
        emissions = self._without_weights(self.mixture.m_step(emitted))
        if self.stationary:
            transitions = _stationary_transitions(starts, steps)
            return HiddenMarkovParams(stationary_distribution(transitions), transitions, emissions)
        return HiddenMarkovParams(starts / starts.sum(), _rows(steps), emissions)

    def viterbi(self, x, params):
        """The most probable path of each sequence, (T,), and log p(x, z | θ) of it: two lists.

        Viterbi (1967), Error bounds for convolutional codes and an asymptotically optimum decoding algorithm. IEEE
        Trans. Information Theory 13, 260–269.
        """
        sequences, params = _checked_sequences(x), self.checked(params)
        with np.errstate(divide="ignore"):
            log_initial, log_transitions = np.log(params.initial), np.log(params.transitions)
        paths, log_probabilities = [], []
        every = self._log_emissions(np.concatenate(sequences), params)
        for log_emissions in np.split(every, np.cumsum([len(sequence) for sequence in sequences])[:-1]):
            best, backs = log_initial + log_emissions[0], []
            for step in log_emissions[1:]:
                through = best[:, None] + log_transitions
                backs.append(through.argmax(axis=0))
                best = through.max(axis=0) + step
            path = [best.argmax()]
            for back in reversed(backs):
                path.append(back[path[-1]])
            paths.append(np.array(path[::-1]))
            log_probabilities.append(float(best.max()))
        return paths, log_probabilities

    def sample(self, params, n, rng):
        """One sequence of `n` observations and its states, (n, D) and (n,)."""
        params, rng = self.checked(params), checks.rng(rng, "rng")
        n, draws = checks.integer(n, "n"), rng.random
        cumulative = np.cumsum(params.transitions, axis=1)
        z = np.empty(n, dtype=int)
        row = np.cumsum(params.initial)
        for t, u in enumerate(draws(n)):
            z[t] = np.searchsorted(row, u * row[-1], side="right")
            row = cumulative[z[t]]
        x = None
        for k in np.unique(z):
            only = params.emissions._replace(weights=np.eye(self.n_components)[k])
            emitted = self.mixture.sample(only, int((z == k).sum()), rng)[0]
            x = np.empty((n, emitted.shape[1])) if x is None else x
            x[z == k] = emitted
        return x, z

    def score_samples(self, x, params):
        """log p of each sequence, (S,); −inf for one that cannot be under `params`."""
        chains, *_ = self._forward_backward(x, params)
        return np.add.reduceat(chains.log_scales, chains.begins)

    def free(self, params):
        """The parameters as a vector without constraints.

        log(π_k/π_K) for k < K unless stationary, log(a_jk/a_jK) likewise, and the mixture's but for its weights.
        """
        initial, transitions, emissions = self.checked(params)
        first = [] if self.stationary else log_ratios(initial)
        steps = log_ratios(transitions).ravel()
        return np.concatenate([first, steps, self.mixture.free(emissions)[self.n_components - 1 :]])

    def from_free(self, vector, like):
        """The parameters that `free` turns into `vector`; `like`, any valid parameters, gives the shapes."""
        like, k = self.checked(like), self.n_components
        vector = checks.array(vector, "vector", shape=self.free(like).shape)
        first, steps, others = np.split(vector, np.cumsum([0 if self.stationary else k - 1, k * (k - 1)]))
        transitions = shares(steps.reshape(k, k - 1))
        emissions = self.mixture.from_free(np.concatenate([np.zeros(k - 1), others]), like.emissions)
        initial = stationary_distribution(transitions) if self.stationary else shares(first)
        return HiddenMarkovParams(initial, transitions, self._without_weights(emissions))

    def permute(self, params, order):
        """The same model, its states numbered anew: state k becomes what ``order[k]`` was."""
        initial, transitions, emissions = self.checked(params)
        order = checks.order(order, self.n_components)
        return HiddenMarkovParams(
            initial[order], transitions[np.ix_(order, order)], self.mixture.permute(emissions, order)
        )

    def checked(self, params):
        """`params` as float64 arrays of the right shapes, every distribution summing to 1."""
        params, k = checks.instance(params, "params", HiddenMarkovParams), self.n_components
        initial = checks.distributions(checks.array(params.initial, "initial", shape=(k,)), "initial")
        transitions = checks.distributions(checks.array(params.transitions, "transitions", shape=(k, k)), "transitions")
        emissions = self.mixture.checked(params.emissions)
        if np.ptp(emissions.weights) > 1e-8:
            raise ValueError(
                f"emissions.weights are {emissions.weights}; each must be 1/{k}: the chain has the weights"
            )
        if self.stationary and np.abs(initial @ transitions - initial).max() > 1e-8:
            raise ValueError("initial is not the stationary distribution of transitions, as a stationary model needs")
        return HiddenMarkovParams(initial, transitions, emissions)

    def _without_weights(self, emissions):
        return emissions._replace(weights=np.full(self.n_components, 1 / self.n_components))

    def _log_emissions(self, joined, params):
        """log p(x_n | z_n = k), (N, K), of observations end to end."""
        return self.mixture.log_joint(joined, params.emissions) + np.log(self.n_components)

    def _forward_backward(self, x, params):
        """`_Chains` for the data, the checked parameters, and the observations end to end."""
        sequences, params = _checked_sequences(x), self.checked(params)
        joined, begins = np.concatenate(sequences), np.cumsum([0, *map(len, sequences[:-1])])
        log_emissions = np.split(self._log_emissions(joined, params), begins[1:])
        longest, width = max(map(len, sequences)), len(sequences) * self.n_components**2
        # about as many blocks as steps in each, unless it is short or arrays are large as they are
        steps = longest if longest < 60 or width > 800 else round((longest / 2) ** 0.5)
        with np.errstate(divide="ignore"):
            found = _side_by_side(log_emissions, params.initial, params.transitions, steps)
        return _Chains(begins, *found), params, joined


def _side_by_side(log_emissions, initial, transitions, steps):
    """`_Chains`' log_scales, filtered, ratios and smoothed of sequences of log p(x_n | z_n = k), each (T, K).

    All sequences are cut into blocks of some `steps`, and all blocks gone through side by side: first from each state
    that a block may begin in, which says where it leads, then from what its past predicts. Beyond a sequence's end
    nothing is seen, which changes neither what was predicted nor what is known.
    """
    n, k, longest = len(log_emissions), len(initial), max(map(len, log_emissions))
    blocks = -(-longest // steps)
    padded = np.zeros((n, blocks * steps, k))
    for rows, own in zip(padded, log_emissions, strict=True):
        rows[: len(own)] = own
    # from sequence, step, state to step in the block, state, sequence and block
    emitted = np.ascontiguousarray(padded.reshape(n * blocks, steps, k).transpose(1, 2, 0))
    peaks = _largest(emitted)
    emitted -= peaks
    each = np.broadcast_to(transitions, (steps, k, k))
    if blocks == 1:
        first, news, expected = np.broadcast_to(initial[:, None], (k, n)), np.ones((k, n)), None
    else:
        first, news, expected = _between_blocks(emitted, initial, each, n)
    predicted, filtered, log_scales = _forward(first, emitted, each)
    ratios = _backward(predicted, filtered, each, news)
    smoothed = np.multiply(predicted, ratios, out=predicted)
    if expected is not None and not (np.abs(smoothed[0] - expected) < 1e-6).all():
        # a state that underflowed in one of the two rounds turns out to be the one that matters
        return _side_by_side(log_emissions, initial, transitions, longest)

    def end_to_end(rows):
        rows = rows.transpose(2, 0, 1).reshape(n, blocks * steps, -1)
        return np.concatenate([own[: len(e)] for own, e in zip(rows, log_emissions, strict=True)])

    return end_to_end(log_scales + peaks)[:, 0], *map(end_to_end, (filtered, ratios, smoothed))


def _filter(prediction, log_emissions, transitions):
    """Yield, step by step, the prediction, times the emission, and the logarithm of what that is to be multiplied by.

    It is the recursion p(x_1 … x_n, z_n), which is scaled again before it can underflow.

    Parameters
    ----------
    prediction : (…, K, R)
        The first one; what is side by side stands on the other axes.
    log_emissions : (T, …, K, R)
        Those of each step up to a constant, so that the largest is 0.
    transitions : (T, …, K, K)
        Those from each step to the next.
    """
    emissions, onwards = np.exp(log_emissions), transitions.swapaxes(-1, -2)
    none = np.zeros(emissions[0, ..., :1, :].shape)
    # the sum shrinks at most by the smallest transition: where one is 0, each step has to be taken in logarithms
    together = max(1, int(np.log(SMALL) / np.log(min(transitions.min(), 0.5))))
    for t in range(len(emissions)):
        if t % together:
            joint, shift = prediction * emissions[t], none
        else:
            prediction = np.where(prediction > TINY, prediction, 0.0)
            log_joint = np.log(prediction) + log_emissions[t]
            shift = _largest(log_joint)
            joint = np.exp(log_joint - shift)
        yield prediction, joint, shift
        prediction = onwards[t] @ joint


def _forward(prediction, log_emissions, transitions):
    """Predicted and filtered probabilities, and log p(x_n | the past): Bayes' law, the prediction being the prior."""
    predicted, joint, shifts = map(np.array, zip(*_filter(prediction, log_emissions, transitions), strict=True))
    total = joint.sum(axis=-2, keepdims=True)
    before = np.concatenate([np.ones(total[:1].shape), total[:-1]])
    log_scales = np.log(total / _or_one(before)) + shifts
    predicted /= _or_one(before)
    joint /= _or_one(total)
    return predicted, joint, log_scales


def _backward(predicted, filtered, transitions, news):
    """The ratios of smoothed to predicted probabilities; `news` is what the future says of the last states.

    Each step corrects what is known by what was not predicted.
    """
    ratios = np.divide(filtered, predicted, out=np.zeros(filtered.shape), where=predicted > 0)
    for t in reversed(range(len(ratios))):
        ratios[t] *= news
        news = transitions[t - 1] @ ratios[t]
    return ratios


def _between_blocks(log_emissions, initial, transitions, n):
    """What is predicted for the first state of each block, the news that its last has, and its first state smoothed.

    A block is a long step: its emission is the probability of the block from each state that it may begin in, and its
    transitions lead to the first state of the next block. All three are (K, R), for `n` sequences and their blocks.
    """
    k, r = log_emissions.shape[1:]
    log_weights = 0.0
    for step in _filter(np.eye(k)[:, :, None], log_emissions, transitions):
        log_weights = log_weights + step[-1]
    _, joint, _ = step
    total = joint.sum(axis=1, keepdims=True)
    onwards = transitions[-1].T @ (joint / _or_one(total))
    log_weights = (log_weights + np.log(total)).reshape(k, 1, n, -1).transpose(3, 2, 0, 1)  # block, sequence, state, 1
    onwards = onwards.reshape(k, k, n, -1).transpose(3, 2, 0, 1)
    log_weights -= _largest(log_weights)
    predicted, filtered, _ = _forward(np.broadcast_to(initial[:, None], (n, k, 1)), log_weights, onwards)
    ratios = _backward(predicted, filtered, onwards, np.ones((k, 1)))
    news = np.ones(ratios.shape)
    news[:-1] = transitions[-1] @ ratios[1:]
    return (rows[..., 0].transpose(2, 1, 0).reshape(k, r) for rows in (predicted, news, predicted * ratios))


def _largest(logarithms):
    """Over the states, to be subtracted before the exponential is taken; 0 where all are −inf."""
    largest = logarithms.max(axis=-2, keepdims=True)
    return np.where(largest > -np.inf, largest, 0.0)


def _or_one(sums):
    """The sums to divide by; where a sum is 0, so is what it divides."""
    return np.where(sums > 0, sums, 1.0)


def sequences(x, lengths):
    """Cut an array into the list of sequences that stand end to end in it.

    Parameters
    ----------
    x : array (N, D)
    lengths : the length of each sequence; they add up to N
    """
    x, lengths = checks.rows(x), np.atleast_1d(checks.plain(lengths, "lengths"))
    lengths = [checks.integer(length, f"lengths[{s}]") for s, length in enumerate(lengths.tolist())]
    if sum(lengths) != len(x):
        raise ValueError(f"lengths add up to {sum(lengths)}; x has {len(x)} rows")
    return np.split(x, np.cumsum(lengths)[:-1])


def stationary_distribution(transitions):
    """The distribution δ with δA = δ, (K,).

    Parameters
    ----------
    transitions : array (K, K)
        A: in row j the probabilities of the next state after state j.

    Raises
    ------
    DegenerateError
        If there are several: the chain falls into parts.
    """
    transitions = checks.array(transitions, "transitions", ndim=2)
    k = len(transitions)
    checks.distributions(checks.array(transitions, "transitions", shape=(k, k)), "transitions")
    try:
        # δ(I − A + 11ᵀ) = 1ᵀ (Zucchini & MacDonald 2009, Exercise 1.8)
        found = np.linalg.solve((np.eye(k) - transitions + 1).T, np.ones(k))
    except np.linalg.LinAlgError:
        found = np.full(k, np.nan)
    if not (np.isfinite(found).all() and np.abs(found @ transitions - found).max() < 1e-8):
        raise DegenerateError("transitions have several stationary distributions: the chain falls into parts")
    found = np.maximum(found, 0.0)
    return found / found.sum()


def _stationary_transitions(starts, steps):
    """The A that maximises Σ_k m_k log δ_k(A) + Σ_jk m_jk log a_jk, δ(A) its stationary distribution.

    Each round is one growth transform, a_jk ∝ a_jk (∂/∂a_jk + c_j), shortened should it go too far.

    Gopalakrishnan, Kanevsky, Nádas & Nahamoo (1991), An inequality for rational functions with applications to some
    statistical estimation problems. IEEE Trans. Information Theory 37, 107–113.
    """

    def value(a):
        return xlogy(starts, stationary_distribution(a)).sum() + xlogy(steps, a).sum()

    a, k = _rows(steps), len(starts)
    for _ in range(1000):
        delta = stationary_distribution(a)
        wanted = np.divide(starts, delta, out=np.zeros(k), where=delta > 0)
        slope = np.linalg.solve(np.eye(k) - a + delta, wanted)
        new = _rows(steps + a * delta[:, None] * (slope - slope.min()))
        while np.abs(new - a).max() > 1e-15 and value(new) < value(a):
            new = (a + new) / 2
        if np.abs(new - a).max() <= 1e-15:
            break
        a = new
    return a


def _rows(counts):
    """Shares of each row; a row without any counts goes everywhere alike."""
    totals = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, totals, out=np.full(counts.shape, 1 / len(counts)), where=totals > 0)


def _checked_sequences(x):
    """The sequences as float arrays (T, D) with as many features each."""
    if not isinstance(x, (list, tuple)):
        raise TypeError(f"x is a {type(x).__name__}; give a list of sequences: [x] for a single one")
    if not x:
        raise ValueError("x is empty; give a list of at least one sequence")
    checked = [checks.array(sequence, f"x[{s}]", ndim=2) for s, sequence in enumerate(x)]
    for s, sequence in enumerate(checked):
        if sequence.shape[1] != checked[0].shape[1]:
            raise ValueError(f"x[{s}] has {sequence.shape[1]} features; x[0] has {checked[0].shape[1]}")
    return checked
