"""The models: one file each, readable alone, a few pure functions over a NamedTuple of parameters."""

from emlib import lazy


def __getattr__(name):
    return lazy.submodule(__name__, name)


def __dir__():
    from pkgutil import iter_modules  # what a model's import need not wait for

    return sorted({*globals(), *(module.name for module in iter_modules(__path__))})
