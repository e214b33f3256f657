import numpy as np
from scipy.special import expit
from scipy.stats import multivariate_normal as normal


def joints(theta, x):
    a = np.log(theta.tau) + normal(theta.mu1, theta.Sigma1).logpdf(x)
    b = np.log(1 - theta.tau) + normal(theta.mu2, theta.Sigma2).logpdf(x)
    return a, b


def e_step(theta, x):
    return expit(np.subtract(*joints(theta, x)))


def expectation(r, a, b):
    return np.sum(r * a + (1 - r) * b)


def right_vectors(theta, theta_t, x):
    return expectation(e_step(theta_t, x), *joints(theta, x))


def right_loops(theta, theta_t, x):
    total = 0.0
    for point in x:
        r = e_step(theta_t, point)
        a, b = joints(theta, point)
        total = total + r * a + (1 - r) * b
    return total


def right_columns(theta, theta_t, x):
    r = e_step(theta_t, x)
    return np.sum(np.column_stack([r, 1 - r]) * np.column_stack(joints(theta, x)))


def right_sufficient_statistics(theta, theta_t, x):
    r = e_step(theta_t, x)
    total = -x.size / 2 * np.log(2 * np.pi)
    for w, tau, mu, S in ((r, theta.tau, theta.mu1, theta.Sigma1), (1 - r, 1 - theta.tau, theta.mu2, theta.Sigma2)):
        scatter = (w[:, None] * (x - mu)).T @ (x - mu)
        total += w.sum() * (np.log(tau) - np.log(np.linalg.det(S)) / 2) - np.trace(np.linalg.inv(S) @ scatter) / 2
    return [total]


right_formula = "sum(r*(log(tau) + log_normal(x, mu1, Sigma1)) + (1-r)*(log(1-tau) + log_normal(x, mu2, Sigma2)))"
right_formula_by_hand = """Q = N1*log(τ) + N2*log(1-τ) - N1/2*log(det(Σ₁)) - N2/2*log(det(Σ₂))
    - 1/2*sum(r*(x-μ₁)ᵀ @ Σ₁⁻¹ @ (x-μ₁)) - 1/2*sum((1-r)*(x-μ₂)ᵀ @ Σ₂⁻¹ @ (x-μ₂))"""
right_formula_of_densities = "sum(r*log(tau*normal(x,mu1,Sigma1)) + (1-r)*log((1-tau)*normal(x,mu2,Sigma2)))"


def wrong_log_likelihood(theta, theta_t, x):
    "this is ℓ(θ)"
    return np.log(np.exp(joints(theta, x)).sum(axis=0)).sum()


def wrong_at_theta_t(theta, theta_t, x):
    "evaluated at θᵗ"
    return expectation(e_step(theta_t, x), *joints(theta_t, x))


def wrong_r_at_theta(theta, theta_t, x):
    "computed at θ; they belong to θᵗ"
    return expectation(e_step(theta, x), *joints(theta, x))


def wrong_roles(theta, theta_t, x):
    "roles of θ and θᵗ"
    return expectation(e_step(theta, x), *joints(theta_t, x))


def wrong_no_log_tau(theta, theta_t, x):
    "log τ and log(1 − τ) are missing"
    a, b = normal(theta.mu1, theta.Sigma1).logpdf(x), normal(theta.mu2, theta.Sigma2).logpdf(x)
    return expectation(e_step(theta_t, x), a, b)


def wrong_log_tau_twice(theta, theta_t, x):
    "log τ was used for both"
    a, b = normal(theta.mu1, theta.Sigma1).logpdf(x), normal(theta.mu2, theta.Sigma2).logpdf(x)
    return expectation(e_step(theta_t, x), a + np.log(theta.tau), b + np.log(theta.tau))


def wrong_log_tau_once(theta, theta_t, x):
    "log τ stands once"
    a, b = normal(theta.mu1, theta.Sigma1).logpdf(x), normal(theta.mu2, theta.Sigma2).logpdf(x)
    return np.log(theta.tau) + np.log(1 - theta.tau) + expectation(e_step(theta_t, x), a, b)


def wrong_r_for_both(theta, theta_t, x):
    "both components were weighted with r_n"
    r, (a, b) = e_step(theta_t, x), joints(theta, x)
    return sum(r * a) + sum(r * b)


def wrong_unweighted(theta, theta_t, x):
    "not weighted with their responsibilities"
    a, b = joints(theta, x)
    return a.sum() + b.sum()


def wrong_hard(theta, theta_t, x):
    "hard assignment"
    return expectation((e_step(theta_t, x) > 0.5) * 1.0, *joints(theta, x))


def wrong_log_outside(theta, theta_t, x):
    "the log was taken of the weighted sum"
    r, (a, b) = e_step(theta_t, x), np.exp(joints(theta, x))
    return np.log(r * a + (1 - r) * b).sum()


def wrong_mean(theta, theta_t, x):
    "mean over the points"
    r, (a, b) = e_step(theta_t, x), joints(theta, x)
    return np.mean(r * a + (1 - r) * b)


def wrong_loss(theta, theta_t, x):
    "the sign is wrong"
    return -expectation(e_step(theta_t, x), *joints(theta, x))


def wrong_e_step_without_prior(theta, theta_t, x):
    "weights τ and 1 − τ are missing"
    return expectation(e_step(theta_t._replace(tau=0.5), x), *joints(theta, x))


def wrong_exchanged(theta, theta_t, x):
    "other component's"
    return expectation(1 - e_step(theta_t, x), *joints(theta, x))


def wrong_per_point(theta, theta_t, x):
    "add them up"
    r, (a, b) = e_step(theta_t, x), joints(theta, x)
    return r * a + (1 - r) * b


wrong_formula_tau_alone = ("sum(r*log(tau) + (1-r)*log(1-tau))", "terms with τ alone")
wrong_formula_no_determinant = (
    "sum(r*(log(tau) - (x-mu1)@inv(Sigma1)@(x-mu1)/2) + (1-r)*(log(1-tau) - (x-mu2)@inv(Sigma2)@(x-mu2)/2))",
    "determinants |Σ| are missing",
)
wrong_formula_log_likelihood = ("sum(log(tau*normal(x,mu1,Sigma1) + (1-tau)*normal(x,mu2,Sigma2)))", "this is ℓ(θ)")
wrong_formula_old_tau = (
    "sum(r*(log(tau_t)+log_normal(x,mu1,Sigma1)) + (1-r)*(log(1-tau_t)+log_normal(x,mu2,Sigma2)))",
    "log τᵗ was used",
)
wrong_formula_first_alone = ("sum(r*(log(tau) + log_normal(x, mu1, Sigma1)))", "second component is missing")
wrong_formula_no_index = ("r*log(tau)", "the shape is")
