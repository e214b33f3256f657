"""What one exercise is."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Exercise:
    """What one exercise asks for.

    Attributes
    ----------
    task : what the function has to return, with shapes, in one sentence
    see : where the chapter treats it
    inputs : ``inputs(rng) -> tuple of arguments``, fresh for every case
    reference : the right answer to those arguments
    mistakes : the wrong answers known by name: whoever returns what the function returns is told the sentence
    varied : ``varied(rng, arguments) -> arguments``; where it is given, an answer may differ from the reference by a
        constant that is the same for all arguments so varied, as an additive constant in Q does no harm
    tolerance : relative to the size of the value
    """

    task: str
    see: str
    inputs: Callable
    reference: Callable
    mistakes: dict[str, Callable] = field(default_factory=dict)
    varied: Callable | None = None
    tolerance: float = 1e-7
