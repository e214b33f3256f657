import numpy as np
from em_step import e_step, m_step, mean
from scipy.stats import multivariate_normal as normal

from emlib.exercises import TwoGaussians


def log_likelihood(x, theta):
    a = theta.tau * normal(theta.mu1, theta.Sigma1).pdf(x)
    return np.log(a + (1 - theta.tau) * normal(theta.mu2, theta.Sigma2).pdf(x)).sum()


def step(x, theta):
    return m_step(x, e_step(x, theta))


def right_while(x, theta):
    values = [log_likelihood(x, theta)]
    while True:
        theta = step(x, theta)
        values.append(log_likelihood(x, theta))
        if values[-1] - values[-2] < 1e-8:
            return theta, values


def right_for(x, theta):
    values = [log_likelihood(x, theta)]
    for _ in range(2000):
        new = step(x, theta)
        value = log_likelihood(x, new)
        theta = new
        values += [value]
        if abs(value - values[-2]) < 1e-9:
            break
    return [list(theta), np.array(values)]


def right_parameters(x, theta):
    values = [log_likelihood(x, theta)]
    change = 1.0
    while change > 1e-7:
        new = step(x, theta)
        change = max(np.abs(a - b).max() for a, b in zip(map(np.asarray, new), map(np.asarray, theta), strict=True))
        theta = new
        values.append(log_likelihood(x, theta))
    return theta._asdict(), values


def right_other_labels(x, theta):
    theta, values = right_while(x, theta)
    return TwoGaussians(1 - theta.tau, theta.mu2, theta.mu1, theta.Sigma2, theta.Sigma1), values


def until(x, theta, stop, step=step, value=log_likelihood):
    values = [value(x, theta)]
    for _ in range(300):
        theta = step(x, theta)
        values.append(value(x, theta))
        if stop(values):
            break
    return theta, values


def wrong_first_small_change(x, theta):
    "a small gain"
    return until(x, theta, lambda values: values[-1] - values[-2] < 1e-2)


def wrong_five_steps(x, theta):
    "a fixed number of steps"
    return until(x, theta, lambda values: len(values) > 5)


def wrong_relative(x, theta):
    "a small gain"
    return until(x, theta, lambda values: abs(values[-1] / values[-2] - 1) < 1e-3)


def wrong_coarse(x, theta):
    "the next one still gains"
    return until(x, theta, lambda values: values[-1] - values[-2] < 1e-6)


def wrong_per_point(x, theta):
    "the next one still gains"
    return until(x, theta, lambda values: (values[-1] - values[-2]) / len(x) < 1e-8)


def wrong_fifty_steps(x, theta):
    "where is the test"
    return until(x, theta, lambda values: len(values) > 50)


def wrong_no_test(x, theta):
    "where is the test"
    return until(x, theta, lambda values: False)


def wrong_late_theta(x, theta):
    "before the last M-step"
    values = []
    for _ in range(4):
        values.append(log_likelihood(x, theta))
        theta = step(x, theta)
    return theta, values


def wrong_record_after_step(x, theta):
    "ℓ after one step"
    theta, values = right_while(x, theta)
    return theta, values[1:]


def wrong_mean(x, theta):
    "mean over the points"
    theta, values = right_while(x, theta)
    return theta, np.array(values) / len(x)


def wrong_sign(x, theta):
    "negative log-likelihood"
    theta, values = right_while(x, theta)
    return theta, [-value for value in values]


def wrong_step_old_means(x, theta):
    "after step"

    def old_means(x, theta):
        r = e_step(x, theta)
        d1, d2 = x - theta.mu1, x - theta.mu2
        Sigma1, Sigma2 = (d1.T * r) @ d1 / r.sum(), (d2.T * (1 - r)) @ d2 / (1 - r).sum()
        return TwoGaussians(r.mean(), mean(x, r), mean(x, 1 - r), Sigma1, Sigma2)

    return until(x, theta, lambda values: len(values) > 150, old_means)


def wrong_unbiased(x, theta):
    "ℓ falls"

    def inflated(x, theta):
        new = step(x, theta)
        return new._replace(Sigma1=new.Sigma1 * 1.3, Sigma2=new.Sigma2 * 1.3)

    return until(x, theta, lambda values: len(values) > 60, inflated)


def wrong_theta_alone(x, theta):
    "give the pair (θ, ℓ)"
    return right_while(x, theta)[0]


def wrong_last_value_alone(x, theta):
    "give the pair (θ, ℓ)"
    theta, values = right_while(x, theta)
    return theta, values[-1]


def wrong_no_weights(x, theta):
    "weights τ are missing in ℓ"

    def value(x, theta):
        return np.log(normal(theta.mu1, theta.Sigma1).pdf(x) + normal(theta.mu2, theta.Sigma2).pdf(x)).sum()

    return until(x, theta, lambda values: len(values) > 50, value=value)


def wrong_sum_of_logs(x, theta):
    "inside the logarithm"

    def value(x, theta):
        a = np.log(theta.tau) + normal(theta.mu1, theta.Sigma1).logpdf(x)
        return (a + np.log(1 - theta.tau) + normal(theta.mu2, theta.Sigma2).logpdf(x)).sum()

    return until(x, theta, lambda values: len(values) > 50, value=value)


def wrong_q(x, theta):
    "Q(θ|θ)"

    def value(x, theta):
        r = e_step(x, theta)
        a = np.log(theta.tau) + normal(theta.mu1, theta.Sigma1).logpdf(x)
        b = np.log(1 - theta.tau) + normal(theta.mu2, theta.Sigma2).logpdf(x)
        return (r * a + (1 - r) * b).sum()

    return until(x, theta, lambda values: len(values) > 50, value=value)
