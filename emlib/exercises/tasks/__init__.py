"""The exercises by name, one file per group."""

from emlib.exercises.tasks import (
    chains,
    diagnosis,
    exam,
    further,
    incomplete,
    poissons,
    rates,
    relatives,
    scale,
    warm_ups,
)

EXERCISES = (
    warm_ups.EXERCISES
    | exam.EXERCISES
    | further.EXERCISES
    | poissons.EXERCISES
    | incomplete.EXERCISES
    | chains.EXERCISES
    | diagnosis.EXERCISES
    | rates.EXERCISES
    | relatives.EXERCISES
    | scale.EXERCISES
)
