"""Real data that ship with the package."""

import csv
import os

import numpy as np

from emlib.datasets.record import Dataset, read_only


def faithful():
    """Return 272 eruptions of the Old Faithful geyser: duration and waiting time, both in minutes.

    Returns
    -------
    Dataset
        `x` of shape (272, 2): column 0 is the duration of an eruption, column 1 the wait until the next one.
        There are no labels: that the eruptions fall into short and long ones is for the models to find.
    """
    rows = _rows("faithful.csv")
    return Dataset(
        x=read_only(rows, float),
        feature_names=("eruption (minutes)", "waiting (minutes)"),
        labels=None,
        label_names=(),
        description=(
            "Old Faithful geyser, Yellowstone National Park: for each of 272 eruptions its duration and the waiting "
            "time until the next one, in minutes. The waiting times are whole minutes; the durations were taken in "
            "seconds and are heavily rounded."
        ),
        citation=(
            "The data set `faithful` of R, after W. Härdle (1991), Smoothing Techniques with Implementation in S, "
            "Springer; a fuller version is in A. Azzalini and A. W. Bowman (1990), A look at some data on the Old "
            "Faithful geyser, Applied Statistics 39, 357–365."
        ),
    )


def iris():
    """Return Anderson's 150 iris flowers: four lengths and widths in centimetres, and the species.

    Returns
    -------
    Dataset
        `x` of shape (150, 4): length and width of the sepals, length and width of the petals. `labels` holds the
        species, 50 flowers of each.
    """
    rows = _rows("iris.csv")
    species = ("setosa", "versicolor", "virginica")
    return Dataset(
        x=read_only([row[:4] for row in rows], float),
        feature_names=("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"),
        labels=read_only([species.index(row[4]) for row in rows], int),
        label_names=species,
        description=(
            "Length and width of sepals and petals, in centimetres, of 50 flowers each of Iris setosa, versicolor and "
            "virginica, measured by Edgar Anderson. The first species stands apart; the other two overlap."
        ),
        citation=(
            "The data set `iris` of R, after E. Anderson (1935), The irises of the Gaspé Peninsula, Bulletin of the "
            "American Iris Society 59, 2–5, and R. A. Fisher (1936), The use of multiple measurements in taxonomic "
            "problems, Annals of Eugenics 7, 179–188."
        ),
    )


def death_notices():
    """Return the number of death notices of women of 80 and over in *The Times* on each of 1096 days, 1910–1912.

    Returns
    -------
    Dataset
        `x` of shape (1096, 1): one count per day, in increasing order, as the source gives only how often each count
        came up. There are no labels.
    """
    counts, days = zip(*(map(int, row) for row in _rows("death_notices.csv")), strict=True)
    return Dataset(
        x=read_only(np.repeat(counts, days)[:, None], float),
        feature_names=("notices per day",),
        labels=None,
        label_names=(),
        description=(
            "Death notices of women aged 80 and over in The Times of London on each day of 1910 to 1912. One Poisson "
            "distribution does not fit: there seem to be two rates, one for winter and one for summer."
        ),
        citation=(
            "V. Hasselblad (1969), Estimation of finite mixtures of distributions from the exponential family, "
            "Journal of the American Statistical Association 64, 1459–1471."
        ),
    )


def earthquakes():
    """Return the number of earthquakes of magnitude 7 and more in the world in each of the 107 years 1900–2006.

    Returns
    -------
    Dataset
        `x` of shape (107, 1): one count per year, in the order of the years. There are no labels.
    """
    return Dataset(
        x=read_only([row[1:] for row in _rows("earthquakes.csv")], float),
        feature_names=("earthquakes per year",),
        labels=None,
        label_names=(),
        description=(
            "Earthquakes of magnitude 7 and more in the world in each year from 1900 to 2006. The counts vary more "
            "than those of one Poisson distribution, and quiet and busy years come in runs."
        ),
        citation=(
            "W. Zucchini and I. L. MacDonald (2009), Hidden Markov Models for Time Series, Chapman & Hall, Table 1.1; "
            "counted in the catalogue of the US Geological Survey."
        ),
    )


def cement():
    """Return four ingredients of 13 cements and the heat that each gives off as it hardens, with 15 values missing.

    Returns
    -------
    Dataset
        `x` of shape (13, 5): tricalcium aluminate, tricalcium silicate, tetracalcium aluminoferrite, dicalcium silicate
        (per cent of weight) and heat (calories per gram); nan marks a gap. There are no labels.
    """
    return Dataset(
        x=read_only([[value or "nan" for value in row] for row in _rows("cement_missing.csv")], float),
        feature_names=("C₃A (%)", "C₃S (%)", "C₄AF (%)", "C₂S (%)", "heat (cal/g)"),
        labels=None,
        label_names=(),
        description=(
            "Composition of 13 Portland cements and the heat given off in 180 days of hardening. The data were "
            "complete; D. B. Rubin took out 15 values, in a pattern, to have an example of missing data."
        ),
        citation=(
            "H. Woods, H. H. Steinour and H. R. Starke (1932), Effect of composition of Portland cement on heat "
            "evolved during hardening, Industrial and Engineering Chemistry 24, 1207–1214; the gaps after D. B. Rubin "
            "(1976), Comparing regressions when some predictor values are missing, Technometrics 18, 201–205."
        ),
    )


def motorettes():
    """Return how long 40 motorettes ran at four temperatures, 23 of which were still running when the test ended.

    Returns
    -------
    Dataset
        `x` of shape (40, 2): temperature (°C) and hours until failure, or until the end of the test. `labels` is 1
        where the motorette had failed and 0 where it was still running: its life is then known only to be longer.
    """
    rows = np.array(_rows("motorettes.csv"), dtype=float)
    return Dataset(
        x=read_only(rows[:, :2], float),
        feature_names=("temperature (°C)", "time (hours)"),
        labels=read_only(rows[:, 2], int),
        label_names=("running", "failed"),
        description=(
            "Accelerated life test of the insulation of 40 small motors, ten at each of four temperatures. At 150 °C "
            "none had failed when the test ended. The logarithm of the life is taken to be a line in 1/(absolute "
            "temperature)."
        ),
        citation=(
            "J. Schmee and G. J. Hahn (1979), A simple method for regression analysis with censored data, "
            "Technometrics 21, 417–432; after W. B. Nelson and G. J. Hahn (1972)."
        ),
    )


def remissions():
    """Return how many weeks 42 children with leukaemia stayed in remission, for 12 of them only a lower bound.

    Returns
    -------
    Dataset
        `x` of shape (42, 2): weeks watched, and 1 where they ended in a relapse or 0 where the child was still in
        remission. `labels` holds the treatment, 21 children each.
    """
    rows = _rows("remissions.csv")
    groups = ("placebo", "6-MP")
    return Dataset(
        x=read_only([row[:2] for row in rows], float),
        feature_names=("time watched (weeks)", "relapse seen (1) or not (0)"),
        labels=read_only([groups.index(row[2]) for row in rows], int),
        label_names=groups,
        description=(
            "A trial of 6-mercaptopurine against a placebo in 42 children with acute leukaemia: the weeks from "
            "remission to relapse. Twelve of those given 6-MP had no relapse while they were watched."
        ),
        citation=(
            "E. J. Freireich and others (1963), The effect of 6-mercaptopurine on the duration of steroid-induced "
            "remissions in acute leukemia, Blood 21, 699–716; the weeks after E. A. Gehan (1965), A generalized "
            "Wilcoxon test for comparing arbitrarily singly-censored samples, Biometrika 52, 203–223."
        ),
    )


def role_conflict():
    """Return the answers of 216 students to four questions that set a duty to a friend against one to the public.

    Returns
    -------
    Dataset
        `x` of shape (216, 4): 0 where the student sided with the public (the universalistic answer), 1 where with the
        friend (the particularistic one). The source gives only how often each pattern came up: rows are in the order of
        the patterns. There are no labels.
    """
    *patterns, students = np.array(_rows("role_conflict.csv"), dtype=int).T
    return Dataset(
        x=read_only(np.repeat(np.transpose(patterns), students, axis=0), float),
        feature_names=("situation A", "situation B", "situation C", "situation D"),
        labels=None,
        label_names=(),
        description=(
            "Four situations in which a friend asks for a favour that is against the rules. Two latent classes explain "
            "the answers: a student is more or less bound to friends, and beyond that the four answers are independent."
        ),
        citation=(
            "S. A. Stouffer and J. Toby (1951), Role conflict and personality, American Journal of Sociology 56, "
            "395–406; after L. A. Goodman (1974), Biometrika 61, 215–231."
        ),
    )


def _rows(filename):
    # importlib.resources would cost a third of the time that `import emlib` takes
    path = os.path.join(os.path.dirname(__file__), filename)
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]
