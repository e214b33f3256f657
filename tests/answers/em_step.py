import numpy as np
from scipy.special import expit
from scipy.stats import multivariate_normal as normal

from emlib import GaussianMixture, GaussianMixtureParams
from emlib.exercises import TwoGaussians


def e_step(x, theta):
    a = np.log(theta.tau) + normal(theta.mu1, theta.Sigma1).logpdf(x)
    return expit(a - np.log(1 - theta.tau) - normal(theta.mu2, theta.Sigma2).logpdf(x))


def mean(x, w):
    return np.average(x, axis=0, weights=w)


def covariance(x, w, mu, n=None):
    d = x - mu
    return (d.T * w) @ d / (n or w.sum())


def m_step(x, r):
    mu1, mu2 = mean(x, r), mean(x, 1 - r)
    return TwoGaussians(r.mean(), mu1, mu2, covariance(x, r, mu1), covariance(x, 1 - r, mu2))


def right_steps(x, theta):
    return m_step(x, e_step(x, theta))


def right_list(x, theta):
    return list(m_step(x, e_step(x, theta)))


def right_dict(x, theta):
    tau, mu1, mu2, Sigma1, Sigma2 = m_step(x, e_step(x, theta))
    return {"Sigma1": Sigma1, "Sigma2": Sigma2, "mu1": mu1[None], "mu2": mu2[None], "tau": [tau]}


def right_library(x, theta):
    model = GaussianMixture(2)
    params = GaussianMixtureParams(np.array([theta[0], 1 - theta[0]]), np.array(theta[1:3]), np.array(theta[3:5]))
    new = model.m_step(model.e_step(x, params)[0])
    return new.weights[0], *new.means, *new.covariances


def right_loops(x, theta):
    r = [float(e_step(point, theta)) for point in x]
    n1 = sum(r)
    mu1 = sum(w * p for w, p in zip(r, x, strict=True)) / n1
    mu2 = sum((1 - w) * p for w, p in zip(r, x, strict=True)) / (len(x) - n1)
    Sigma1 = sum(w * np.outer(p - mu1, p - mu1) for w, p in zip(r, x, strict=True)) / n1
    Sigma2 = sum((1 - w) * np.outer(p - mu2, p - mu2) for w, p in zip(r, x, strict=True)) / (len(x) - n1)
    return TwoGaussians(n1 / len(x), mu1, mu2, Sigma1, Sigma2)


def wrong_old_means(x, theta):
    "*old* means"
    r = e_step(x, theta)
    old = covariance(x, r, theta.mu1), covariance(x, 1 - r, theta.mu2)
    return TwoGaussians(r.mean(), mean(x, r), mean(x, 1 - r), *old)


def wrong_hard(x, theta):
    "in the responsibilities, this is a hard assignment"
    return m_step(x, np.round(e_step(x, theta)))


def wrong_no_prior(x, theta):
    "in the responsibilities, the weights τ and 1 − τ are missing"
    return m_step(x, e_step(x, theta._replace(tau=0.5)))


def wrong_tau_kept(x, theta):
    "τ was not updated"
    return right_steps(x, theta)._replace(tau=theta.tau)


def wrong_covariances_kept(x, theta):
    "covariances were not updated"
    r = e_step(x, theta)
    return theta._replace(tau=r.mean(), mu1=mean(x, r), mu2=mean(x, 1 - r))


def wrong_means_kept(x, theta):
    "means were not updated"
    r = e_step(x, theta)
    return TwoGaussians(r.mean(), theta.mu1, theta.mu2, covariance(x, r, theta.mu1), covariance(x, 1 - r, theta.mu2))


def wrong_n(x, theta):
    "divide by N_k"
    r = e_step(x, theta)
    mu1, mu2 = r @ x / len(x), (1 - r) @ x / len(x)
    return r.mean(), mu1, mu2, covariance(x, r, mu1), covariance(x, 1 - r, mu2)


def wrong_n_in_covariances(x, theta):
    "divided by N; divide by N_k"
    r = e_step(x, theta)
    mu1, mu2 = mean(x, r), mean(x, 1 - r)
    return r.mean(), mu1, mu2, covariance(x, r, mu1, len(x)), covariance(x, 1 - r, mu2, len(x))


def wrong_n_twice(x, theta):
    "; and"
    r = e_step(x, theta)
    mu1, mu2 = r @ x / len(x), (1 - r) @ x / len(x)
    return r.mean(), mu1, mu2, covariance(x, r, mu1, len(x)), covariance(x, 1 - r, mu2, len(x))


def wrong_hard_and_unbiased(x, theta):
    "hard assignment; give the probability itself; and divide by N_k, not by N_k − 1"
    r = (e_step(x, theta) > 0.5).astype(float)
    mu1, mu2 = mean(x, r), mean(x, 1 - r)
    return r.mean(), mu1, mu2, np.cov(x[r == 1].T), np.cov(x[r == 0].T)


def wrong_tau_sum(x, theta):
    "this is N₁"
    r = e_step(x, theta)
    return m_step(x, r)._replace(tau=r.sum())


def wrong_swapped(x, theta):
    "components are exchanged"
    return m_step(x, 1 - e_step(x, theta))


def wrong_refreshed(x, theta):
    "computed anew"
    theta = theta._replace(tau=e_step(x, theta).mean())
    r = e_step(x, theta)
    theta = theta._replace(mu1=mean(x, r), mu2=mean(x, 1 - r))
    r = e_step(x, theta)
    return theta._replace(Sigma1=covariance(x, r, theta.mu1), Sigma2=covariance(x, 1 - r, theta.mu2))


def wrong_unchanged(x, theta):
    "came back unchanged"
    theta._replace(tau=e_step(x, theta).mean())
    return theta


def wrong_twice(x, theta):
    "two steps"
    return right_steps(x, right_steps(x, theta))


def wrong_diagonal(x, theta):
    "only the diagonal was kept"
    new = right_steps(x, theta)
    return new._replace(Sigma1=np.diag(np.diag(new.Sigma1)), Sigma2=np.diag(np.diag(new.Sigma2)))


def wrong_no_determinants(x, theta):
    "determinants |Σ| are missing"

    def exponent(mu, Sigma):
        return -0.5 * np.sum((x - mu) @ np.linalg.inv(Sigma) * (x - mu), axis=1)

    a = theta.tau * np.exp(exponent(theta.mu1, theta.Sigma1))
    b = (1 - theta.tau) * np.exp(exponent(theta.mu2, theta.Sigma2))
    return m_step(x, a / (a + b))


def wrong_pair(x, theta):
    "give θᵗ⁺¹ alone"
    a = theta.tau * normal(theta.mu1, theta.Sigma1).pdf(x)
    b = (1 - theta.tau) * normal(theta.mu2, theta.Sigma2).pdf(x)
    return right_steps(x, theta), np.log(a + b).sum()
