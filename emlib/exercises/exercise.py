"""What one exercise is."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Exercise:
    """What one exercise asks for. All but the first four attributes may be left out.

    Attributes
    ----------
    task : what the function has to return, with shapes, in one sentence
    see : where the chapter treats it
    inputs : ``inputs(rng) -> tuple of arguments``, fresh for every case
    reference : the right answer to those arguments
    mistakes : the wrong answers known by name: whoever returns what the function returns is told the sentence
    varied : ``varied(rng, arguments) -> arguments``; where it is given, an answer may differ from the reference by a
        constant that is the same for all arguments so varied, as an additive constant in Q does no harm
    symbols : ``symbols(*arguments) -> dict`` of the names that a formula may use in place of a function
    objective : ``objective(*arguments) -> (pieces -> number)``, what the right answer maximises; a wrong answer is told
        how it still rises
    replay : ``replay(arguments, pieces)`` yields pairs (causes, steps), in the same order for all arguments, where
        steps are triples (exercise, arguments, value): the steps inside the answer, each from the answer's own numbers
        before it, so that one mistake does not spoil the next. The pair that needs the fewest mistakes is told.
    law : ``law(arguments, value) -> str``; says what is wrong, or "", where no single value is right
    published : what is known of published data, and a function for the arguments with them: one more case
    forbids : modules of emlib that hold the answer; graded code may not import them
    fresh : how many cases are drawn
    tolerance : relative to the size of the value
    """

    task: str
    see: str
    inputs: Callable
    reference: Callable
    mistakes: dict[str, Callable] = field(default_factory=dict)
    varied: Callable | None = None
    symbols: Callable | None = None
    objective: Callable | None = None
    replay: Callable | None = None
    law: Callable | None = None
    published: tuple[str, Callable] | None = None
    forbids: tuple[str, ...] = ("emlib.models",)
    fresh: int = 5
    tolerance: float = 1e-7
