"""What the project says of itself in several files agrees, and the code keeps to its style."""

import re
import subprocess
import sys
import tomllib
import zipfile
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

# Where conda-forge names a package otherwise than PyPI.
CONDA_NAMES = {"matplotlib": "matplotlib-base", "playwright": "playwright-python"}


def declared():
    """Every requirement of pyproject.toml and of its extras, but for the peers that the benchmarks may find."""
    extras = (listed for name, listed in PROJECT["optional-dependencies"].items() if name != "peers")
    listed = chain(PROJECT["dependencies"], *extras)
    return [requirement for requirement in map(Requirement, listed) if requirement.name != PROJECT["name"]]


def locked():
    """Name → versions in requirements.lock; several where they differ between Pythons."""
    versions = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.lock").read_text("utf-8"), re.M):
        versions.setdefault(name, []).append(version)
    return versions


def text(*path):
    return ROOT.joinpath(*path).read_text("utf-8")


def test_conda_environment_asks_for_the_same():
    listed = yaml.safe_load(text("environment.yml"))["dependencies"]
    conda = {entry for entry in listed if isinstance(entry, str)}
    ours = {CONDA_NAMES.get(one.name, one.name) + str(one.specifier) for one in declared()}
    assert conda == ours | {"python" + PROJECT["requires-python"], "pip"}
    assert {"pip": ["-e ."]} in listed


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_the_lock_satisfies(requirement):
    versions = locked().get(requirement.name, [])
    assert versions, f"make requirements.lock anew (CONTRIBUTING.md): it lacks {requirement.name}"
    assert all(requirement.specifier.contains(version) for version in versions)


def test_the_lock_holds_hashes_and_names_no_place():
    lock = text("requirements.lock")
    assert "://" not in lock
    for entry in re.split(r"\n(?=\S)", lock):
        assert "--hash=sha256:" in entry, entry


def test_one_lowest_python_everywhere():
    lowest = PROJECT["requires-python"].removeprefix(">=")
    assert f"version_info < ({lowest.replace('.', ', ')})" in text("course.py")
    assert f"Python {lowest} or newer" in text("README.md")
    tried = yaml.safe_load(text(".github", "workflows", "test.yml"))["jobs"]["test"]["strategy"]["matrix"]["python"]
    classified = re.findall(r"Python :: (3\.\d+)", " ".join(PROJECT["classifiers"]))
    assert tried == classified
    assert lowest == tried[0]


def test_one_version_everywhere():
    cited = yaml.safe_load(text("CITATION.cff"))
    newest = re.search(r"^## (\S+)", text("CHANGELOG.md"), re.M).group(1)
    assert cited["version"] == newest == PROJECT["version"]
    assert cited["url"] == PROJECT["urls"]["Homepage"]


def test_the_wheel_holds_all_of_emlib(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    files = {file.relative_to(ROOT).as_posix() for file in (ROOT / "emlib").rglob("*") if file.is_file()}
    assert {file for file in files if "__pycache__" not in file} == {
        file for file in packed if file.startswith("emlib/")
    }
    assert {Path(file).name for file in packed if "/licenses/" in file} == {"LICENSE", "LICENSE-prose"}


def test_style():
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--output-format=concise"], cwd=ROOT, capture_output=True
    )
    assert done.returncode == 0, done.stdout.decode()
