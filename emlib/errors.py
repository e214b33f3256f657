"""What can go wrong in a run, by name. Bad arguments are plain ``ValueError`` or ``TypeError``."""


class DegenerateError(ValueError):
    """The model cannot describe these data: a component collapsed, lost all its points, or a feature is constant."""


class ObjectiveFell(ArithmeticError):
    """The objective fell by more than rounding. An EM step cannot do that, so the step is wrong."""


class ConvergenceWarning(UserWarning):
    """The run stopped at ``max_iter`` before it converged."""


class DegenerateWarning(UserWarning):
    """Some starts ended in a `DegenerateError` and were left out."""


class EmptyClusterWarning(UserWarning):
    """A cluster has no points; its centre stays where it was."""
