"""Every law holds for every model of the table, and every law is seen to break."""

import re
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from models import (
    ANIMALS,
    BLOOD_GROUPS,
    CALM_AND_BUSY,
    COIN_HEADS,
    COINS,
    HEAVY_TAILS,
    LIFETIMES,
    LINKAGE_COUNTS,
    MOTORETTES,
    ROWS,
    TESTS,
    THREE_KINDS,
    TWO_LINES,
)

import emlib
from emlib import (
    BinomialMixture,
    CategoricalMixture,
    CensoredExponential,
    CensoredRegression,
    CentreParams,
    FactorAnalysis,
    GaussianMixture,
    GaussianMixtureParams,
    IncompleteNormal,
    KMeans,
    PoissonMixture,
    RegressionMixture,
    SoftAssignment,
    StudentT,
)
from emlib.laws import LAWS

X = emlib.datasets.faithful().x
MIXTURE, SOFT = GaussianMixture(2), SoftAssignment(2, stiffness=0.05)
START = GaussianMixtureParams(
    np.array([0.4, 0.6]), np.array([[2.2, 57.0], [4.0, 75.0]]), np.array([[[0.3, 1.0], [1.0, 40.0]]] * 2)
)
CENTRES = CentreParams(START.means)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_law_holds(row):
    report = emlib.check_laws(row.model, row.x, row.params)
    assert not report.broken, report
    assert {law.name for law in report.laws if law.holds is None} == row.unchecked, report


@pytest.mark.parametrize("rule", ["distance", "inverse_distance"])
def test_weights_from_no_likelihood_lose_exactly_the_laws_of_the_likelihood(rule):
    model = SoftAssignment(2, rule, stiffness=0.05)
    report = emlib.check_laws(model, X, CENTRES)
    assert {law.name for law in report.broken} >= {"touches", "fisher"}
    # whatever the weights are, Q + H bounds the likelihood from below, and the M-step takes the largest Q
    for name in ("additive", "distribution", "bound", "maximum", "record", "permutation", "untouched"):
        assert report[name].holds, report


# Mutations: a right model with one thing wrong.


def mutant(base=MIXTURE, x=X, params=START, only=None, **functions):
    """`base` with some functions replaced, each of which gets the right one first; and data and θᵗ to try it on."""
    names = only or ["posterior", "e_step", "q", "m_step", "free", "from_free", "permute"]
    parts = {name: getattr(base, name) for name in names}
    return SimpleNamespace(**parts | {name: partial(f, parts[name]) for name, f in functions.items()}), x, params


def coins(**functions):
    return mutant(COINS, COIN_HEADS, np.array([0.6, 0.5]), **functions)


def other(model, x, **functions):
    """A mutant of a model that starts from the data."""
    names = ("posterior", "entropy", "e_step", "q", "m_step", "free", "from_free", "permute")
    return mutant(model, x, model.start(x, 1), [name for name in names if hasattr(model, name)], **functions)


def statistics_with(responsibilities):
    """An E-step whose statistics come from other responsibilities, while ℓ stays right."""

    def e_step(right, x, params):
        return emlib.Moments.of(x, responsibilities(x, params), params.means, full=True), right(x, params)[1]

    return e_step


def hard(x, params):
    return np.eye(2)[MIXTURE.posterior(x, params).argmax(axis=1)]


def no_log_tau(x, params):
    return MIXTURE.posterior(x, params._replace(weights=np.array([0.5, 0.5])))


def n_instead_of_n_k(right, statistics):
    n, new = statistics.counts.sum(), right(statistics)
    return new._replace(means=new.means * (statistics.counts / n)[:, None])


def covariance_over_n(right, statistics):
    new = right(statistics)
    return new._replace(covariances=new.covariances * new.weights[:, None, None])


def old_mean_in_the_covariance(right, statistics):
    scatters = statistics.about(statistics.reference)
    return right(statistics)._replace(covariances=scatters / statistics.counts[:, None, None])


def correlation_forgotten(right, statistics):
    new = right(statistics)
    return new._replace(covariances=new.covariances * np.eye(2))


def weights_left_equal(right, statistics):
    return right(statistics)._replace(weights=np.array([0.5, 0.5]))


def off_by(factor):
    def m_step(right, statistics):
        new = right(statistics)
        return new._replace(means=new.means + factor * np.sqrt(new.covariances[:, [0, 1], [0, 1]]))

    return m_step


def half_way(right, statistics):
    new = right(statistics)
    return new._replace(means=(new.means + statistics.reference) / 2)


def first_count_for_all(right, statistics):
    new = right(statistics)
    return new._replace(covariances=statistics.scatters / statistics.counts[0])


def q_without_log_tau(right, params, statistics):
    return right(params, statistics) - statistics.counts @ np.log(params.weights)


def q_without_the_half(right, params, statistics):
    squares = np.einsum("kij,kji->", np.linalg.inv(params.covariances), statistics.about(params.means))
    return right(params, statistics) - squares / 2


def q_too_generous(right, params, statistics):
    squares = np.einsum("kij,kji->", np.linalg.inv(params.covariances), statistics.about(params.means))
    return right(params, statistics) + squares / 4


def q_off_in_one_small_coordinate(right, params, statistics):
    # a millionth of a standard deviation's worth of slope in one mean, where the largest slopes are hundreds
    return right(params, statistics) + 1e-3 * params.means[1, 0]


def remembers(right):
    """An E-step that reports the ℓ of the call before."""
    last = [0.0]

    def e_step(_, x, params):
        statistics, objective = right(x, params)
        last.append(objective)
        return statistics, last[-2]

    return e_step


def e_step_of_the_next(right, x, params):
    statistics, _ = right(x, params)
    return statistics, right(x, MIXTURE.m_step(statistics))[1]


def centres_x(right, x, params):
    result = right(x, params)
    x -= 0.1
    return result


def rounds_the_means(right, x, params):
    if params.means.flags.writeable:
        params.means[:] = params.means.round()
    return right(x, params)


def normalises_in_place(right, statistics):
    new = right(statistics)
    np.divide(statistics.scatters, 2, out=statistics.scatters)
    return new


def swapped(right, statistics):
    return MIXTURE.permute(right(statistics), [1, 0])


CEMENT = emlib.datasets.cement().x


def incomplete(**functions):
    names = ["posterior", "entropy", "e_step", "q", "m_step", "free", "from_free"]
    return mutant(IncompleteNormal(), CEMENT, IncompleteNormal().start(CEMENT, 0), names, **functions)


def gaps_filled_in_and_no_more(right, x, params):
    filled, log_likelihood = IncompleteNormal().posterior(x, params).means, right(x, params)[1]
    return right(filled, params)[0], log_likelihood


def fills_x(right, x, params):
    result = right(x, params)
    x[np.isnan(x)] = 0.0
    return result


def one_toss_too_many(right, statistics):
    return right(statistics._replace(powers=statistics.powers + np.array([0.0, 1.0])))


def first_answer_only(right, x, params):
    model = CategoricalMixture(2, n_categories=3)
    r = model.posterior(x[:, :1], params._replace(probabilities=params.probabilities[:, :1]))
    return model.statistics(x, r, params), right(x, params)[1]


def as_many_hidden_as_seen(right, x, params):
    statistics, objective = right(x, params)
    first = statistics.counts[:2].sum() / 2
    return statistics._replace(counts=np.array([first, first, *statistics.counts[2:]])), objective


def both_genes_counted_once(right, statistics):
    return right(statistics._replace(counts=statistics.counts * np.array([0.5, 1, 0.5, 1, 1, 0.5])))


def censoring_taken_for_the_end(right, x, params):
    statistics, objective = right(x, params)
    return statistics._replace(total=x[:, 0].sum()), objective


def censored_left_out(right, statistics):
    return right(statistics._replace(count=statistics.ended))


def unbiased_variance(right, statistics):
    new = right(statistics)
    return new._replace(variances=new.variances * statistics.counts / (statistics.counts - 3))


def variance_of_the_response(right, statistics):
    return right(statistics)._replace(variances=statistics.scatters[:, -1, -1] / statistics.counts)


def responses_filled_in_and_no_more(right, x, params):
    statistics, log_likelihood = right(x, params)
    scatters = statistics.completed.scatters.copy()
    scatters[0, -1, -1] -= CensoredRegression().posterior(x, params).variances.sum()
    return statistics._replace(completed=statistics.completed._replace(scatters=scatters)), log_likelihood


def divided_by_the_weights(right, statistics):
    new = right(statistics)
    return new._replace(scale=new.scale * statistics.count / statistics.weighted.counts[0])


def log_of_the_mean(right, x, params):
    statistics, log_likelihood = right(x, params)
    shapes, rates = StudentT().posterior(x, params)
    return statistics._replace(log_precisions=np.log(shapes / rates).sum()), log_likelihood


def factors_taken_at_their_means(right, x, params):
    statistics, log_likelihood = right(x, params)
    scatters = statistics.scatters.copy()
    scatters[0, -2:, -2:] -= len(x) * FactorAnalysis(2).posterior(x, params).covariance
    return statistics._replace(scatters=scatters), log_likelihood


def noise_left_at_the_variances(right, statistics):
    return right(statistics)._replace(noise=(statistics.scatters[0] / statistics.counts[0]).diagonal()[:-2])


BROKEN = {
    # what is wrong: (the model, the law that must break, what its report must say)
    "N instead of N_k in the means": (mutant(m_step=n_instead_of_n_k), "maximum", r"Q is larger by \d"),
    "N instead of N_k in the covariances": (mutant(m_step=covariance_over_n), "maximum", r"Q is larger by \d"),
    "old mean in the covariance": (mutant(m_step=old_mean_in_the_covariance), "maximum", "Q is larger by|coordinate"),
    "only the diagonal": (mutant(m_step=correlation_forgotten), "maximum", "Q is larger by|coordinate"),
    "weights that stay equal, still climbs": (
        mutant(m_step=weights_left_equal),
        "maximum",
        "larger|coordinate 0 of 11",
    ),
    "half a step, still climbs": (mutant(m_step=half_way), "maximum", "Q is larger by"),
    "M-step off by 1e-4": (mutant(m_step=off_by(1e-4)), "maximum", r"free coordinate [1-4] of 11: ∂Q = -?\d"),
    "M-step off by 1e-6": (mutant(m_step=off_by(1e-6)), "maximum", r"free coordinate [1-4] of 11: ∂Q = -?\d"),
    "hard posterior, soft objective": (
        mutant(e_step=statistics_with(hard), posterior=lambda right, x, params: hard(x, params)),
        "touches",
        r"apart by -\d",
    ),
    "hard statistics only": (mutant(e_step=statistics_with(hard)), "fisher", r"coordinate \d+ of 11: ∂Q = "),
    "missing log τ in the posterior": (mutant(e_step=statistics_with(no_log_tau)), "touches", r"apart by -\d"),
    "missing log τ in Q": (mutant(q=q_without_log_tau), "fisher", r"coordinate 0 of 11: ∂Q = -?0 |coordinate 0"),
    "missing log τ in Q, at θᵗ": (mutant(q=q_without_log_tau), "touches", r"apart by \+\d"),
    "Q with the wrong sign": (mutant(q=lambda right, p, s: -right(p, s)), "maximum", r"Q is larger by \d"),
    "missing half in Q": (mutant(q=q_without_the_half), "maximum", r"Q is larger by \d"),
    "Q above its bound": (mutant(q=q_too_generous), "bound", r"exceeds the objective by \d"),
    "one small coordinate of Q": (
        mutant(q=q_off_in_one_small_coordinate),
        "fisher",
        r"free coordinate 3 of 11: ∂Q = .*, ∂objective = ",
    ),
    "posterior not normalised": (
        mutant(posterior=lambda right, x, p: 1.01 * right(x, p)),
        "distribution",
        r"row \d+ of the posterior, the worst, sums to 1 \+0\.01",
    ),
    "negative probability": (
        mutant(posterior=lambda right, x, p: right(x, p) + np.array([-0.5, 0.5])),
        "distribution",
        r"posterior\[\d+, 0\] is -0\.\d+; a probability is not negative",
    ),
    "nan in the posterior": (
        mutant(posterior=lambda right, x, p: np.where(np.arange(len(x)) == 7, np.nan, right(x, p).T).T),
        "distribution",
        r"posterior\[7, 0\] is nan",
    ),
    "posterior on its side": (mutant(posterior=lambda right, x, p: right(x, p).T), "distribution", "2 rows for 272"),
    "objective one too high": (
        mutant(e_step=lambda right, x, p: (right(x, p)[0], right(x, p)[1] + 1)),
        "touches",
        r"apart by -1$",
    ),
    "constant of the density left out": (
        mutant(e_step=lambda right, x, p: (right(x, p)[0], right(x, p)[1] + len(x) * np.log(2 * np.pi))),
        "touches",
        r"apart by -500$",
    ),
    "objective of the next θ": (mutant(e_step=e_step_of_the_next), "touches", r"apart by -\d"),
    "objective of the θ before": (
        mutant(e_step=remembers(MIXTURE.e_step)),
        "record",
        r"iteration \d+ recorded -\d.*; its own θ gives -\d",
    ),
    "objective averaged": (
        mutant(e_step=lambda right, x, p: (right(x, p)[0], right(x, p)[1] / len(x))),
        "additive",
        r"the objective is -\d.*, the sum over two pieces -\d",
    ),
    "statistics averaged": (
        mutant(
            e_step=lambda right, x, p: (right(x, p)[0]._replace(counts=right(x, p)[0].counts / len(x)), right(x, p)[1])
        ),
        "additive",
        r"counts of the whole and the sum over two pieces differ by \d",
    ),
    "component 0 is special": (
        mutant(m_step=first_count_for_all),
        "permutation",
        r"covariances differs by \d.* after renumbering",
    ),
    "columns not renumbered": (
        mutant(posterior=lambda right, x, p: np.sort(right(x, p), axis=1)),
        "permutation",
        r"the posterior differs by \d",
    ),
    "objective prefers component 0": (
        mutant(e_step=lambda right, x, p: (right(x, p)[0], right(x, p)[1] + p.weights[0])),
        "permutation",
        r"the objective is -\d.*, and -\d.* after renumbering",
    ),
    "E-step writes into x": (mutant(e_step=centres_x), "untouched", r"changed x in place, by 0\.1"),
    "E-step writes into θ": (mutant(e_step=rounds_the_means), "untouched", r"changed means in place, by 0\.2"),
    "M-step writes into S": (mutant(m_step=normalises_in_place), "untouched", r"changed scatters in place, by \d"),
    "labels swap in every step": (
        mutant(only=["e_step", "m_step"], m_step=swapped),
        "fixed point",
        r"θ goes on changing by \d.* \(relative\) in every step",
    ),
    "a step beyond the maximum": (
        mutant(m_step=lambda right, s: right(s)._replace(means=s.reference + 3 * s.shifts)),
        "ascent",
        r"it falls by \d.*, from -\d.* to -\d.*, in iteration \d+",
    ),
    "k-means with means over N": (
        mutant(
            KMeans(2),
            params=CENTRES,
            m_step=lambda right, s: CentreParams(s.means * (s.counts / s.counts.sum())[:, None]),
        ),
        "maximum",
        r"Q is larger by \d",
    ),
    "soft assignment with half the stiffness in Q": (
        mutant(SOFT, params=CENTRES, q=lambda right, p, s: SoftAssignment(2, stiffness=0.025).q(p, s)),
        "fisher",
        r"coordinate \d of 4",
    ),
    "coins: the throws of both in the denominator": (
        coins(m_step=lambda right, s: s[0] / s.sum()),
        "maximum",
        r"Q is larger by \d",
    ),
    "gaps: the covariance of the fill-ins forgotten": (
        incomplete(e_step=gaps_filled_in_and_no_more),
        "fisher",
        r"free coordinate \d+ of 20: ∂Q = ",
    ),
    "gaps: entropy in bits": (incomplete(entropy=lambda right, x, p: right(x, p) / np.log(2)), "touches", "apart by "),
    "gaps: E-step fills x": (incomplete(e_step=fills_x), "untouched", "changed x in place, by nan"),
    "m_step returns nothing": (mutant(m_step=lambda right, s: None), "ascent", "m_step returned None"),
    "m_step raises": (mutant(m_step=lambda right, s: s.no_such_field), "maximum", "AttributeError: .*no_such_field"),
    "m_step changes a shape": (
        coins(m_step=lambda right, s: right(s)[:, None]),
        "ascent",
        "ValueError: operands could not be broadcast",
    ),
    "q is nan": (mutant(q=lambda right, p, s: np.nan), "touches", "Q \\+ H = nan"),
    "q is nan away from θᵗ": (
        mutant(q=lambda right, p, s: right(p, s) if np.array_equal(p.means, START.means) else np.nan),
        "bound",
        "nan",
    ),
    "coins: one toss too many": (
        other(BinomialMixture(2, trials=10), COIN_HEADS[:, None], m_step=one_toss_too_many),
        "maximum",
        r"Q is larger by \d|free coordinate [12] of 3",
    ),
    "Poisson: log x! left out of the likelihood": (
        other(
            PoissonMixture(2),
            CALM_AND_BUSY,
            e_step=lambda right, x, p: (right(x, p)[0], right(x, p)[1] - right(x, p)[0].constant),
        ),
        "touches",
        r"apart by -\d",
    ),
    "latent classes told by the first answer only": (
        other(CategoricalMixture(2, n_categories=3), THREE_KINDS, e_step=first_answer_only),
        "fisher",
        r"free coordinate \d+ of 13: ∂Q = ",
    ),
    "linkage: half of the cell is hidden": (
        other(ANIMALS, np.array(LINKAGE_COUNTS), e_step=as_many_hidden_as_seen),
        "fisher",
        "free coordinate 0 of 1: ∂Q = ",
    ),
    "blood groups: two equal genes counted once": (
        other(BLOOD_GROUPS, np.array([[186, 38, 13, 284], [9, 2, 1, 14]]), m_step=both_genes_counted_once),
        "maximum",
        r"Q is larger by \d",
    ),
    "lifetimes: censoring taken for the end": (
        other(CensoredExponential(), LIFETIMES, e_step=censoring_taken_for_the_end),
        "fisher",
        "free coordinate 0 of 1: ∂Q = ",
    ),
    "lifetimes: divided by those that ended": (
        other(CensoredExponential(), LIFETIMES, m_step=censored_left_out),
        "maximum",
        r"Q is larger by \d",
    ),
    "motorettes: the variance of the filled-in responses forgotten (Schmee and Hahn's first paper)": (
        other(CensoredRegression(), MOTORETTES, e_step=responses_filled_in_and_no_more),
        "fisher",
        "free coordinate 2 of 3: ∂Q = ",
    ),
    "heavy tails: the scatter divided by the sum of the weights (still climbs: Kent, Tyler & Vardi 1994)": (
        other(StudentT(4.0), HEAVY_TAILS, m_step=divided_by_the_weights),
        "maximum",
        r"Q is larger by \d|free coordinate",
    ),
    "heavy tails: log of the mean precision for the mean of its log": (
        other(StudentT(), HEAVY_TAILS, e_step=log_of_the_mean),
        "fisher",
        "free coordinate 5 of 6: ∂Q = ",
    ),
    "factors: their uncertainty forgotten": (
        other(FactorAnalysis(2), TESTS, e_step=factors_taken_at_their_means),
        "fisher",
        r"free coordinate \d+ of 24: ∂Q = ",
    ),
    "factors: all the variance taken for noise": (
        other(FactorAnalysis(2), TESTS, m_step=noise_left_at_the_variances),
        "maximum",
        r"Q is larger by \d",
    ),
    "lines: the unbiased variance": (
        other(RegressionMixture(2), TWO_LINES, m_step=unbiased_variance),
        "maximum",
        "Q is larger by|free coordinate [78] of 9",
    ),
    "lines: the variance of the response": (
        other(RegressionMixture(2), TWO_LINES, m_step=variance_of_the_response),
        "maximum",
        r"Q is larger by \d",
    ),
}


@pytest.mark.parametrize(("case", "law", "says"), BROKEN.values(), ids=BROKEN)
def test_a_wrong_model_breaks_the_law_that_says_so(case, law, says):
    report = emlib.check_laws(*case)
    assert report[law].holds is False, report
    assert re.search(says, report[law].detail), report
    assert f"BROKEN       {law}" in repr(report)
    assert report[law] in report.broken


def test_every_law_is_seen_to_break():
    assert {law for _, law, _ in BROKEN.values()} == set(LAWS)


def test_a_parameter_on_which_nothing_depends_breaks_no_law():
    def on_both(name):
        return lambda a, b: getattr(COINS, name)(*(v[:2] if np.shape(v) == (3,) else v for v in (a, b)))

    idle = SimpleNamespace(
        **{name: on_both(name) for name in ("posterior", "e_step", "q")},
        m_step=lambda s: np.append(COINS.m_step(s), 1.0),
        free=lambda p: np.append(COINS.free(p[:2]), np.log(p[2])),
        from_free=lambda v, like: np.append(COINS.from_free(v[:2], like[:2]), np.exp(v[2])),
    )
    report = emlib.check_laws(idle, COIN_HEADS, np.array([0.6, 0.5, 1.0]))
    assert not report.broken, report
    assert report["fisher"].holds


def test_the_right_model_of_the_mutations_breaks_nothing():
    for case in (mutant(), coins()):
        assert not emlib.check_laws(*case).broken
