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
    """The states of S sequences given what is seen, padded to the longest, T: what forward–backward finds.

    Attributes
    ----------
    inside : (S, T)
        Whether the sequence has got that far.
    log_scales : (S, T)
        log p(x_n | x_1 … x_{n−1}), whose sum is ℓ.
    filtered : (S, T, K)
        p(z_n = k | x_1 … x_n)
    ratios : (S, T, K)
        p(z_n = k | all x) / p(z_n = k | x_1 … x_{n−1}), what the present and the future add to the prediction.
    smoothed : (S, T, K)
        p(z_n = k | all x)
    """

    inside: np.ndarray
    log_scales: np.ndarray
    filtered: np.ndarray
    ratios: np.ndarray
    smoothed: np.ndarray


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

    def unit(self, statistics):
        """The number of observations in all sequences, so that gains are measured per observation."""
        return statistics.emissions.counts.sum()

    def posterior(self, x, params):
        """The smoothed probabilities of the states, p(z_n = k | x, θ), for each sequence an array (T, K).

        A sequence that cannot be under `params` has none: its rows are 0.
        """
        chains, *_ = self._forward_backward(x, params)
        return [rows[inside] for rows, inside in zip(chains.smoothed, chains.inside, strict=True)]

    def entropy(self, x, params):
        """The entropy of the paths, H = −Σ p(z | x, θ) log p(z | x, θ).

        The states of a path hang together, so it is less than the sum of the entropies of `posterior`.
        """
        chains, params, _ = self._forward_backward(x, params)
        pairs = chains.filtered[:, :-1, :, None] * params.transitions * chains.ratios[:, 1:, None, :]
        steps, first, before = chains.inside[:, 1:], chains.smoothed[:, 0], chains.smoothed[:, :-1]
        # H(z_1) + Σ_n [H(z_{n−1}, z_n) − H(z_{n−1})]
        return xlogy(before, before)[steps].sum() - xlogy(first, first).sum() - xlogy(pairs, pairs)[steps].sum()

    def e_step(self, x, params):
        """Baum and Welch's expected counts, and ℓ. Returns (`HiddenMarkovStatistics`, log-likelihood)."""
        chains, params, joined = self._forward_backward(x, params)
        k = self.n_components
        steps = chains.filtered[:, :-1].reshape(-1, k).T @ (chains.ratios * chains.inside[:, :, None])[:, 1:].reshape(
            -1, k
        )
        emissions = self.mixture.statistics(joined, chains.smoothed[chains.inside], params.emissions)
        statistics = HiddenMarkovStatistics(chains.smoothed[:, 0].sum(axis=0), params.transitions * steps, emissions)
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
        for log_emissions in self._log_emissions(sequences, params)[1]:
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
        return self._forward_backward(x, params)[0].log_scales.sum(axis=1)

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

    def _log_emissions(self, sequences, params):
        """The observations end to end, and log p(x_n | z_n = k), (T, K), of each sequence."""
        joined = np.concatenate(sequences)
        log_joint = self.mixture.log_joint(joined, params.emissions) + np.log(self.n_components)
        return joined, np.split(log_joint, np.cumsum([len(sequence) for sequence in sequences])[:-1])

    def _forward_backward(self, x, params):
        """`_Chains` for the data, the checked parameters, and the observations end to end.

        Forward, each step is a mixture's: the prediction is its weights, and Bayes' law gives the state and log p(x_n |
        the past). So the probabilities are scaled at every step, and none underflows. Backward, the smoothed states
        correct the filtered ones. Beyond a sequence's end nothing is seen, which changes neither.
        """
        sequences, params = _checked_sequences(x), self.checked(params)
        joined, emissions = self._log_emissions(sequences, params)
        length, k = max(map(len, sequences)), self.n_components
        log_emissions = np.zeros((len(sequences), length, k))
        inside = np.zeros((len(sequences), length), dtype=bool)
        for s, rows in enumerate(emissions):
            log_emissions[s, : len(rows)], inside[s, : len(rows)] = rows, True

        predicted, filtered = np.empty_like(log_emissions), np.empty_like(log_emissions)
        log_scales = np.empty(inside.shape)
        prediction = np.broadcast_to(params.initial, (len(sequences), k))
        with np.errstate(divide="ignore"):
            for t in range(length):
                log_joint = np.log(prediction) + log_emissions[:, t]
                largest = log_joint.max(axis=1, keepdims=True)
                joint = np.exp(log_joint - np.where(largest > -np.inf, largest, 0.0))
                total = joint.sum(axis=1, keepdims=True)
                log_scales[:, t] = (largest + np.log(total))[:, 0]
                predicted[:, t], filtered[:, t] = prediction, joint / np.where(total > 0, total, 1.0)
                prediction = filtered[:, t] @ params.transitions

        smoothed, ratios = filtered.copy(), np.zeros_like(filtered)
        for t in reversed(range(length)):
            if t + 1 < length:
                smoothed[:, t] = filtered[:, t] * (ratios[:, t + 1] @ params.transitions.T)
            np.divide(smoothed[:, t], predicted[:, t], out=ratios[:, t], where=predicted[:, t] > 0)
        return _Chains(inside, log_scales, filtered, ratios, smoothed), params, joined


def sequences(x, lengths):
    """Cut an array into the list of sequences that stand end to end in it.

    Parameters
    ----------
    x : array (N, D)
    lengths : the length of each sequence; they add up to N
    """
    x = np.asarray(x)
    lengths = [checks.integer(length, f"lengths[{s}]") for s, length in enumerate(np.asarray(lengths).tolist())]
    if sum(lengths) != len(x):
        raise ValueError(f"lengths add up to {sum(lengths)}; x has {len(x)} rows")
    return np.split(x, np.cumsum(lengths)[:-1])


def stationary_distribution(transitions):
    """The distribution δ with δA = δ, (K,).

    Raises
    ------
    DegenerateError
        If there are several: the chain falls into parts.
    """
    k = len(transitions)
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
