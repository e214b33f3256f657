"""The further problems of chapter 5 about the exam question's model."""

import numpy as np

from emlib.exercises.exercise import Exercise
from emlib.exercises.tasks.exam import WRONG_E_STEPS, covariances_objective
from emlib.exercises.tasks.two_gaussians import (
    data_and_theta,
    data_r_means,
    hard,
    responsibility,
    tied_covariance,
    weighted_covariances,
)


def _partly_labelled(rng):
    x, theta = data_and_theta(rng)
    z = rng.integers(0, 3, size=len(x))
    z[:3] = 0, 1, 2
    return x, theta, z


def _partly_known(x, theta, z):
    return np.where(z == 0, responsibility(x, theta), z == 1)


EXERCISES = {
    "update_tied_covariance": Exercise(
        task="the one Σ that both components share and that maximises Q given the new means, shape (D, D)",
        see="chapter 4, the covariance families",
        inputs=data_r_means,
        reference=tied_covariance,
        symbols=lambda x, r, mu1, mu2: {"x": x, "r": r, "mu1": mu1, "mu2": mu2, "N1": r.sum(), "N2": (1 - r).sum()},
        objective=lambda *arguments: lambda Sigma: covariances_objective(*arguments)(Sigma * 2),
        mistakes={
            "the two covariances were averaged alike; each counts with its N_k": lambda x, r, m1, m2: np.mean(
                weighted_covariances(x, r, m1, m2), axis=0
            ),
            "the two covariances were added": lambda x, r, m1, m2: np.sum(weighted_covariances(x, r, m1, m2), axis=0),
            "this is the covariance of all the data; take each point from its component's mean": lambda x, r, m1, m2: (
                np.cov(x.T, bias=True)
            ),
            "the sum was not divided by N": lambda x, r, m1, m2: len(x) * tied_covariance(x, r, m1, m2),
            "divide by N, not by N − 2: maximum likelihood, not the unbiased estimate": lambda x, r, m1, m2: (
                tied_covariance(x, r, m1, m2) * len(x) / (len(x) - 2)
            ),
            "this is the first component's covariance alone": lambda x, r, m1, m2: weighted_covariances(x, r, m1, m2)[
                0
            ],
            "the responsibilities are missing: every point was weighted alike": lambda x, r, m1, m2: tied_covariance(
                x, np.full(len(x), 0.5), m1, m2
            ),
            "a hard assignment was used": lambda x, r, m1, m2: tied_covariance(x, hard(r), m1, m2),
            "the pair of the components' own covariances came; both share one": weighted_covariances,
            "the pair came back; both components share one matrix": lambda x, r, m1, m2: (
                (tied_covariance(x, r, m1, m2),) * 2
            ),
        },
    ),
    "partly_known": Exercise(
        task="P(Z_n = 1 | x_n, z_n if known, θ) for every point, shape (N,), where z_n = 0 means unknown",
        see="chapter 3, the posterior of the latent variables",
        inputs=_partly_labelled,
        reference=_partly_known,
        mistakes={
            "the known labels were not used": lambda x, theta, z: responsibility(x, theta),
            "a point whose label is unknown has the posterior of the E-step, not ½": lambda x, theta, z: np.where(
                z == 0, 0.5, z == 1
            ),
            "a point whose label is unknown has the posterior of the E-step, not the prior τ": lambda x, theta, z: (
                np.where(z == 0, theta.tau, z == 1)
            ),
            "points without a label count too: they got 0": lambda x, theta, z: (z == 1).astype(float),
            "the known labels are exchanged: z_n = 1 makes the probability 1": lambda x, theta, z: np.where(
                z == 0, responsibility(x, theta), z == 2
            ),
            "the label itself, 1 or 2, was returned; give the probability, 1 or 0": lambda x, theta, z: np.where(
                z == 0, responsibility(x, theta), z
            ),
            "points known to belong to component 2 still have a posterior; it is 0": lambda x, theta, z: np.where(
                z == 1, 1.0, responsibility(x, theta)
            ),
            "a known label makes the probability 1 or 0; it was mixed with the posterior": lambda x, theta, z: np.where(
                z == 0, responsibility(x, theta), (responsibility(x, theta) + (z == 1)) / 2
            ),
            **{
                f"for unknown labels, {says}": lambda x, theta, z, e_step=e_step: np.where(
                    z == 0, e_step(x, theta), z == 1
                )
                for says, e_step in WRONG_E_STEPS.items()
            },
        },
    ),
}
