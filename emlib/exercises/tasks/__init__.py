"""The exercises by name, one file per group."""

from emlib.exercises.tasks import diagnosis, exam, further, poissons, rates, relatives, warm_ups

EXERCISES = (
    warm_ups.EXERCISES
    | exam.EXERCISES
    | further.EXERCISES
    | poissons.EXERCISES
    | diagnosis.EXERCISES
    | rates.EXERCISES
    | relatives.EXERCISES
)
