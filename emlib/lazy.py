"""A package's modules, each loaded when it is first asked for (PEP 562)."""

from importlib import import_module


def submodule(package, name):
    """The module `name` of `package`; where there is none, an AttributeError in Python's words."""
    full = f"{package}.{name}"
    try:
        return import_module(full)
    except ModuleNotFoundError as error:
        if error.name != full:  # the module is there, and what it imports is not
            raise
        raise AttributeError(f"module {package!r} has no attribute {name!r}") from None
