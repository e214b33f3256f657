import numpy as np
from scipy.special import expit, softmax
from scipy.stats import multivariate_normal as normal


def joints(x, theta):
    a = np.log(theta.tau) + normal(theta.mu1, theta.Sigma1).logpdf(x)
    b = np.log(1 - theta.tau) + normal(theta.mu2, theta.Sigma2).logpdf(x)
    return a, b


def right_expit(x, theta):
    return expit(np.subtract(*joints(x, theta)))


def right_softmax(x, theta):
    return softmax(np.array(joints(x, theta)), axis=0)[0]


def right_loops(x, theta):
    r = []
    for a, b in zip(*joints(x, theta), strict=True):
        top = max(a, b)
        r.append(np.exp(a - top) / (np.exp(a - top) + np.exp(b - top)))
    return r


def right_column(x, theta):
    a, b = joints(x, theta)
    return np.exp(a - np.logaddexp(a, b))[:, np.newaxis]


def wrong_no_prior(x, theta):
    "weights τ and 1 − τ are missing"
    return expit(normal(theta.mu1, theta.Sigma1).logpdf(x) - normal(theta.mu2, theta.Sigma2).logpdf(x))


def wrong_hard(x, theta):
    "hard assignment"
    a, b = joints(x, theta)
    return np.where(a > b, 1, 0)


def wrong_other(x, theta):
    "P(Z_n = 2"
    return softmax(np.stack(joints(x, theta), axis=1), axis=1)[:, 1]


def wrong_not_normalised(x, theta):
    "not yet divided"
    return theta.tau * normal(theta.mu1, theta.Sigma1).pdf(x)


def wrong_density(x, theta):
    "density p(x_n | Z = 1) alone"
    return [normal(theta.mu1, theta.Sigma1).pdf(row) for row in x]


def wrong_axis(x, theta):
    "over the points"
    return softmax(np.stack(joints(x, theta), axis=1), axis=0)[:, 0]


def wrong_underflow(x, theta):
    "work with logarithms"
    p = theta.tau * normal(theta.mu1, theta.Sigma1).pdf(x)
    q = (1 - theta.tau) * normal(theta.mu2, theta.Sigma2).pdf(x)
    return p / (p + q)


def wrong_underflow_patched(x, theta):
    "work with logarithms"
    p = theta.tau * normal(theta.mu1, theta.Sigma1).pdf(x)
    q = (1 - theta.tau) * normal(theta.mu2, theta.Sigma2).pdf(x)
    return p / (p + q + 1e-300)


def wrong_log(x, theta):
    "this is log r_n"
    a, b = joints(x, theta)
    return a - np.logaddexp(a, b)


def wrong_odds(x, theta):
    "odds"
    a, b = joints(x, theta)
    return np.exp(a - b)


def wrong_columns(x, theta):
    "both columns"
    return softmax(np.stack(joints(x, theta), axis=1), axis=1)


def wrong_ratio_of_logs(x, theta):
    "logarithms"
    a, b = joints(x, theta)
    return a / (a + b)


def wrong_exchanged_weights(x, theta):
    "weights are exchanged"
    a = np.log(1 - theta.tau) + normal(theta.mu1, theta.Sigma1).logpdf(x)
    b = np.log(theta.tau) + normal(theta.mu2, theta.Sigma2).logpdf(x)
    return expit(a - b)


def exponent(x, mu, Sigma, matrix):
    d = x - mu
    return -0.5 * np.array([v @ matrix(Sigma) @ v for v in d])


def wrong_no_determinant(x, theta):
    "determinants |Σ| are missing"
    a = np.log(theta.tau) + exponent(x, theta.mu1, theta.Sigma1, np.linalg.inv)
    b = np.log(1 - theta.tau) + exponent(x, theta.mu2, theta.Sigma2, np.linalg.inv)
    return expit(a - b)


def wrong_sigma_not_inverted(x, theta):
    "Σ was used where Σ⁻¹ belongs"
    a = np.log(theta.tau) + exponent(x, theta.mu1, theta.Sigma1, np.array)
    b = np.log(1 - theta.tau) + exponent(x, theta.mu2, theta.Sigma2, np.array)
    a -= np.log(np.linalg.det(theta.Sigma1)) / 2
    b -= np.log(np.linalg.det(theta.Sigma2)) / 2
    return expit(a - b)


def wrong_diagonal(x, theta):
    "only the diagonal"
    a = np.log(theta.tau) + normal(theta.mu1, np.diag(theta.Sigma1.diagonal())).logpdf(x)
    b = np.log(1 - theta.tau) + normal(theta.mu2, np.diag(theta.Sigma2.diagonal())).logpdf(x)
    return expit(a - b)
