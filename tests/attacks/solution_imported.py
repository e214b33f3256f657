# Lets emlib do the exercise.
import numpy as np

import emlib
from emlib.exercises import TwoGaussians


def em_step(x, theta):
    mixture = emlib.GaussianMixture(2)
    params = emlib.GaussianMixtureParams(
        np.array([theta.tau, 1 - theta.tau]),
        np.array([theta.mu1, theta.mu2]),
        np.array([theta.Sigma1, theta.Sigma2]),
    )
    new = mixture.m_step(mixture.e_step(x, params)[0])
    return TwoGaussians(new.weights[0], *new.means, *new.covariances)
