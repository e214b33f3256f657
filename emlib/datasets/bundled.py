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


def _rows(filename):
    # importlib.resources would cost a third of the time that `import emlib` takes
    path = os.path.join(os.path.dirname(__file__), filename)
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]
