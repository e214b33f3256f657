"""hmmlearn, with the recursions in logarithms, its default, and with scaling. Priors that it adds are taken away."""

import hmmlearn
import numpy as np
from hmmlearn.hmm import GaussianHMM

import emlib
from benchmarks.measure import timed

VERSION = hmmlearn.__version__


def contestants(problem):
    if not isinstance(problem.model, emlib.HiddenMarkov):
        return {}
    return {
        f"hmmlearn ({how})": timed(lambda how=how: [fit(problem, *problem.starts, how)]) for how in ("log", "scaling")
    }


def fit(problem, start, implementation):
    peer = GaussianHMM(
        problem.model.n_components,
        "full",
        covars_prior=0,
        covars_weight=0,
        init_params="",
        tol=-np.inf,
        n_iter=problem.iterations,
        implementation=implementation,
    )
    peer.startprob_, peer.transmat_ = start.initial, start.transitions
    peer.means_, peer.covars_ = start.emissions.means, start.emissions.covariances
    peer.fit(np.concatenate(problem.x), [len(sequence) for sequence in problem.x])
    emissions = emlib.GaussianMixtureParams(start.emissions.weights, peer.means_, peer.covars_)
    return emlib.HiddenMarkovParams(peer.startprob_, peer.transmat_, emissions)
