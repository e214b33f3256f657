import numpy as np
from responsibility import right_expit as posterior
from scipy.stats import multivariate_normal as normal


def right_where(x, theta, z):
    return np.where(z == 0, posterior(x, theta), z == 1)


def right_masks(x, theta, z):
    r = posterior(x, theta)
    r[z == 1] = 1
    r[z == 2] = 0
    return r


def right_loop(x, theta, z):
    return [1 if k == 1 else 0 if k == 2 else p for k, p in zip(z, posterior(x, theta), strict=True)]


def right_column(x, theta, z):
    return np.choose(z, [posterior(x, theta), 1.0, 0.0])[:, None]


def wrong_ignored(x, theta, z):
    "known labels were not used"
    return posterior(x, theta)


def wrong_half(x, theta, z):
    "not ½"
    return np.array([{0: 0.5, 1: 1.0, 2: 0.0}[k] for k in z])


def wrong_prior(x, theta, z):
    "not the prior"
    return np.select([z == 1, z == 2], [1.0, 0.0], theta.tau)


def wrong_zero(x, theta, z):
    "they got 0"
    return (z == 1) * 1


def wrong_exchanged(x, theta, z):
    "known labels are exchanged"
    r = posterior(x, theta)
    r[z > 0] = z[z > 0] - 1
    return r


def wrong_label_itself(x, theta, z):
    "the label itself"
    return np.where(z == 0, posterior(x, theta), z)


def wrong_hard(x, theta, z):
    "for unknown labels, this is a hard assignment"
    r = np.round(posterior(x, theta))
    r[z == 1], r[z == 2] = 1, 0
    return r


def wrong_second_forgotten(x, theta, z):
    "it is 0"
    r = posterior(x, theta)
    r[z == 1] = 1
    return r


def wrong_other_component(x, theta, z):
    "for unknown labels, this is P(Z_n = 2"
    return np.where(z == 0, 1 - posterior(x, theta), z == 1)


def wrong_no_prior(x, theta, z):
    "for unknown labels, the weights τ and 1 − τ are missing"
    a, b = normal(theta.mu1, theta.Sigma1).logpdf(x), normal(theta.mu2, theta.Sigma2).logpdf(x)
    return np.where(z == 0, 1 / (1 + np.exp(np.minimum(b - a, 700))), z == 1)


def wrong_selected(x, theta, z):
    "the shape is"
    return posterior(x[z == 0], theta)
