"""Where solutions and hidden checks show although they should not, found without the code that takes them out."""

import html
import io
import json
import re
import zipfile

import nbformat

SECRET = re.compile(r"^ *### BEGIN (SOLUTION|HIDDEN TESTS)$(.*?)^ *### END \1$", re.M | re.S)


def secrets(chapter, regions=("SOLUTION", "HIDDEN TESTS")):
    """The lines that no learner may see: of solutions and of hidden checks, where nothing given says the same."""
    given, secret = [], []
    for cell in nbformat.read(chapter, 4).cells:
        whole = cell.metadata.get("nbgrader", {}).get("solution") and not SECRET.search(cell.source)
        given.append("" if whole else SECRET.sub("", cell.source))
        if whole and "SOLUTION" in regions:
            secret.append(cell.source)
        secret += [match[2] for match in SECRET.finditer(cell.source) if match[1] in regions]
    lines = {line.strip() for line in "\n".join(secret).split("\n")}
    return {line for line in lines if len(line) > 14 and not any(line in text for text in given)}


def texts(data, name):
    """Every text in a file: as it stands, a page's without its tags, a notebook's strings, an archive's files."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for inner in archive.namelist():
                yield from texts(archive.read(inner), f"{name}/{inner}")
    else:
        text = data.decode("utf-8", "replace")
        yield name, text
        if name.endswith(".html"):
            yield name, html.unescape(re.sub(r"<[^>]+>", "", text))
        if name.endswith(".ipynb"):
            yield name, "\n".join(strings(json.loads(text)))


def strings(value):
    """Every string in JSON, wherever it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield "".join(part for part in value if isinstance(part, str))
        for part in value:
            yield from strings(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from strings(part)


def leaks(folder, lines, names="*"):
    """The secret lines that some file under `folder` holds."""
    files = [path for path in folder.rglob(names) if path.is_file()]
    assert files
    return [
        (name, line)
        for path in files
        for name, text in texts(path.read_bytes(), path.name)
        for line in lines
        if line in text
    ]
