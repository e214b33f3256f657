"""The import rule of the design, what `import emlib` loads and when, and a docstring on everything public."""

import ast
import inspect
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import emlib

PACKAGE = Path(emlib.__file__).parent
STDLIB = sys.stdlib_module_names
LEAVES = {"emlib.blocks", "emlib.checks", "emlib.errors", "emlib.numerics", "emlib.starts"}
#: what the modules of each part may import of emlib; the first part that fits a module counts
RULE = {
    "emlib.lazy": set(),
    "emlib.checks": set(),
    "emlib.errors": set(),
    "emlib.numerics": {"emlib.checks"},
    "emlib.starts": {"emlib.checks", "emlib.numerics"},
    "emlib.models": LEAVES
    | {"emlib.lazy"}
    | {
        f"emlib.models.{base}"
        for base in ("centres", "count_mixture", "gaussian_mixture", "gaussian_sums", "mixture", "regression_mixture")
    },
    "emlib.engine": {"emlib.checks", "emlib.errors", "emlib.pieces", "emlib.side_by_side"},
    "emlib.side_by_side": set(),
    "emlib.additive": set(),
    "emlib.pieces": {"emlib.additive", "emlib.checks"},  # and, by name and only when such data come, emlib.scale
    "emlib.blocks": {"emlib.checks"},
    "emlib.scale": {"emlib.additive", "emlib.blocks", "emlib.checks", "emlib.engine", "emlib.pieces", "emlib.scale"},
    "emlib.differences": set(),
    "emlib.laws": {"emlib.additive", "emlib.differences", "emlib.engine", "emlib.checks", "emlib.errors"},
    "emlib.acceleration": {"emlib.engine"},
    "emlib.variations": {"emlib.additive", "emlib.engine", "emlib.checks", "emlib.pieces"},
    "emlib.information": {"emlib.differences", "emlib.engine", "emlib.models.kmeans", "emlib.variations"},
    "emlib.resampling": {"emlib.engine", "emlib.checks", "emlib.pieces"},
    "emlib.criteria": {"emlib.engine", "emlib.pieces", "emlib.variations"},
    "emlib.estimator": {"emlib.engine", "emlib.criteria", "emlib.checks"},
    "emlib.datasets": {"emlib.checks", "emlib.datasets"},
    "emlib.quiz": set(),
    "emlib.plots": {"emlib.checks", "emlib.plots"},
    "emlib.widgets": {"emlib.checks", "emlib.engine", "emlib.plots", "emlib.widgets"},
    "emlib.grading": {"emlib.grading", "emlib.exercises", "emlib.plots"},
    "emlib.exercises": {"emlib.exercises", "emlib.datasets", "emlib.models", "emlib.engine", *LEAVES},
}
#: and of the outside world, beyond the standard library
OUTSIDE = {
    "emlib.blocks": {"numpy", "threadpoolctl"},
    "emlib.scale": {"numpy", "dask", "distributed", "cloudpickle", "pyarrow", "tqdm"},
    "emlib.plots": {"numpy", "matplotlib", "cycler"},
    "emlib.grading": {"numpy", "matplotlib"},
    "emlib.widgets": {"numpy", "matplotlib", "anywidget", "traitlets", "ipywidgets", "IPython"},
}
MODULES = {
    ".".join(["emlib", *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}


def part_of(module, parts):
    return next((part for part in parts if module == part or module.startswith(f"{part}.")), None)


def imports(path):
    """The modules that a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else node.module


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"emlib"}))
def test_a_module_imports_what_its_part_may(module):
    part = part_of(module, RULE)
    assert part, f"{module} belongs to no part of the design: give it a line in RULE"
    for name in imports(MODULES[module]):
        if name.split(".")[0] == "emlib":
            assert part_of(name, RULE[part]), f"{module} imports {name}; {part} may import {sorted(RULE[part])}"
        elif name.split(".")[0] not in STDLIB:
            allowed = OUTSIDE.get(part, {"numpy"})
            assert name.split(".")[0] in allowed, f"{module} imports {name}; {part} may import {sorted(allowed)}"


def test_nothing_imports_plots_or_widgets_but_widgets_and_the_graders_picture():
    for module, path in MODULES.items():
        for name in imports(path):
            if part_of(name, ["emlib.plots", "emlib.widgets"]) and not part_of(
                module, ["emlib.plots", "emlib.widgets", "emlib.grading.summary"]
            ):
                pytest.fail(f"{module} imports {name}")


def test_the_rule_names_no_part_that_is_gone():
    assert all(part_of(part, MODULES) for part in RULE)


# What is public, and loaded when it is asked for.


def printed(code):
    """The words that a fresh Python prints."""
    command = [sys.executable, "-c", f"import sys; {code}"]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=PACKAGE.parent).stdout.split()


def test_import_emlib_loads_nothing_that_is_not_asked_for():
    loaded = set(printed("import emlib; print(*sys.modules)")) - set(printed("import numpy; print(*sys.modules)"))
    assert loaded == {"emlib", "emlib.lazy"}


def test_all_that_is_public_loads_numpy_and_nothing_heavier():
    packages = "print(*{name.split('.')[0] for name in sys.modules})"
    public = "from emlib import *; from emlib import models; [getattr(models, name) for name in dir(models)]"
    heavier = set(printed(f"{public}; {packages}")) - set(printed(f"import numpy; {packages}")) - STDLIB - {"emlib"}
    assert not heavier, f"emlib also loads {sorted(heavier)}"


def test_all_is_sorted_and_complete():
    assert emlib.__all__ == sorted(emlib.__all__)
    star = {}
    exec("from emlib import *", star)
    assert set(star) - {"__builtins__"} == set(emlib.__all__)
    public = {name for name, value in vars(emlib).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert public == set(emlib.__all__) - {"datasets"}


def test_a_public_name_stands_once_and_beside_the_module_that_defines_it():
    assert list(emlib._NAMES) == sorted(emlib._NAMES)
    assert sorted(["datasets", *(name for names in emlib._NAMES.values() for name in names)]) == emlib.__all__
    for module, names in emlib._NAMES.items():
        assert names == sorted(names)
        for name in names:
            value = getattr(emlib, name)
            assert value.__module__ == f"emlib.{module}", f"{name} is defined in {value.__module__}"
            assert inspect.getsourcefile(value) == str(MODULES[value.__module__])
            assert pickle.loads(pickle.dumps(value)) is value


def test_what_is_there_is_seen_before_it_is_loaded():
    # dir is what completes a name at a prompt
    assert set(emlib.__all__) < set(printed("import emlib; print(*dir(emlib))"))
    models = [module for module in MODULES if module.startswith("emlib.models.")]
    assert {module.removeprefix("emlib.models.") for module in models} < set(dir(emlib.models))
    modules = [*models, *(module for module in MODULES if module.count(".") == 1)]
    assert printed(f"import emlib; print({', '.join(f'{module}.__name__' for module in modules)})") == modules


@pytest.mark.parametrize("package", [emlib, emlib.models])
def test_what_is_not_there_is_refused_in_pythons_words(package):
    name = "fit_all"
    with pytest.raises(AttributeError) as plain:
        getattr(inspect, name)
    with pytest.raises(AttributeError) as ours:
        getattr(package, name)
    assert str(ours.value) == str(plain.value).replace("inspect", package.__name__)
    assert (ours.value.name, ours.value.obj) == (name, package)
    with pytest.raises(ImportError, match=f"cannot import name '{name}' from '{package.__name__}'"):
        exec(f"from {package.__name__} import {name}")


def test_what_a_module_lacks_is_not_taken_for_the_module():
    code = """
try:
    emlib.plots
except ModuleNotFoundError as error:
    print(error.name.split('.')[0])
"""
    assert printed(f"import emlib; sys.modules['matplotlib'] = None{code}") == ["matplotlib"]


# Docstrings.

CALLABLES = {
    f"{name}.{member}" if member else name: function
    for name in emlib.__all__
    for member, function in [
        ("", getattr(emlib, name)),
        *(
            inspect.getmembers(getattr(emlib, name), inspect.isfunction)
            if inspect.isclass(getattr(emlib, name))
            else []
        ),
    ]
    if not member.startswith("_") and not inspect.ismodule(function)
}


@pytest.mark.parametrize("name", CALLABLES)
def test_everything_public_says_what_it_is(name):
    text = inspect.getdoc(CALLABLES[name])
    assert text, f"{name} has no docstring"
    first = text.split("\n\n")[0]
    assert len(first) > 10
    # numpydoc: a section is a title underlined at its full length
    for title, line in re.findall(r"^([A-Z][a-z]+)\n(-{3,})$", text, flags=re.MULTILINE):
        assert title in {"Parameters", "Returns", "Raises", "Warns", "Attributes", "Yields", "Notes"}, title
        assert len(line) == len(title), f"{name}: the line under {title}"


@pytest.mark.parametrize(
    "name", ["fit", "restarts", "check_laws", "KMeans", "SoftAssignment", "GaussianMixture", "Estimator"]
)
def test_the_parameters_that_are_documented_are_those_that_there_are(name):
    text = inspect.getdoc(getattr(emlib, name))
    if "Parameters\n---" not in text:
        pytest.fail(f"{name} documents no parameters")
    section = re.split(r"\n\n[A-Z][a-z]+\n-+\n", text.split("Parameters\n----------\n")[1])[0]
    documented = {
        n for line in section.splitlines() if re.match(r"\S", line) for n in re.split(r", ", line.split(" : ")[0])
    }
    actual = {p.name for p in inspect.signature(getattr(emlib, name)).parameters.values()}
    assert documented == actual
