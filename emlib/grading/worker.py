"""The process in which one learner's code answers one exercise.

It is given inputs and never an answer, runs what the exercise's function needs and nothing else of the notebook, writes
one line of JSON, and ends. Whatever it writes is believed by nobody: the judge sits in another process.
"""

import ast
import contextlib
import ctypes
import dis
import json
import linecache
import os
import re
import sys
import types
from typing import NamedTuple

import numpy as np

from emlib.exercises.review import Answer, answers


class Statement(NamedTuple):
    """One statement at the top of a cell, compiled, and the names that it binds or changes."""

    cell: int
    code: types.CodeType
    binds: set[str]


def main():
    """Answer the request on standard input with one line on standard output."""
    reply = os.fdopen(os.dup(1), "w", encoding="utf-8")
    request = json.load(sys.stdin)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)  # what the learner prints goes nowhere
    confine(request["limits"], request["user"])
    # Flushed at once and left without the interpreter's farewells, in which the learner's code might join.
    reply.write(json.dumps(answered(request)) + "\n")
    reply.flush()
    os._exit(0)


def confine(limits, user):
    """Take from this process, for good, what an answer does not need: more processes, memory, time, root's powers."""
    with contextlib.suppress(ImportError):  # Windows has none of this
        import resource

        for name, most in limits.items():
            # macOS knows some of the limits by name only
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(getattr(resource, name), (most, most))
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None).prctl
        prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS: no program may raise its rights
        prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG: if the grader dies, so does this


def answered(request):
    """What the function of the exercise returns for each case, or why there is nothing to call."""
    notebook = types.ModuleType("__main__")
    sys.modules["__main__"] = notebook
    failures = []
    for statement in needed(request["name"], list(statements(request["cells"], failures)), request["cell"]):
        try:
            exec(statement.code, notebook.__dict__)
        except BaseException as error:
            failures.append((statement.cell, described(error)))
    said = "".join(f"; before that, code cell {cell + 1} failed with {what}" for cell, what in failures[:1])
    if request["name"] not in notebook.__dict__:
        return {"problem": f"there is no {request['name']} to call{said}"}
    cases = [decoded(case) for case in request["cases"]]
    try:
        found = answers(notebook.__dict__[request["name"]], cases)
    except BaseException as error:
        found = [Answer(raised=f"your function raised {described(error)}")]
    return {"answers": [answer._asdict() | {"raised": answer.raised and answer.raised + said} for answer in found]}


def described(error):
    line = f" in line {error.lineno}" if isinstance(error, SyntaxError) else ""
    return f"{type(error).__name__}: {getattr(error, 'msg', None) or error}{line}"


# ---- what an answer needs of its notebook --------------------------------------------------------------------


def statements(cells, failures):
    """The statements at the top of each code cell, compiled; cells that do not compile are added to ``failures``."""
    modules = set()
    for number, source in enumerate(cells):
        title = f"code cell {number + 1}"
        try:
            body = parsed(source).body
            linecache.cache[title] = (len(source), None, source.splitlines(keepends=True), title)
            for tree in body:
                code = compile(ast.Module([tree], []), title, "exec")
                binds = names(code, {"STORE_NAME", "STORE_GLOBAL"})
                if isinstance(tree, (ast.Import, ast.ImportFrom)):
                    modules |= binds
                # np.testing.assert_…(…) looks like values.append(…), and would draw in whatever it mentions
                yield Statement(number, code, binds | changed(tree) - modules)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            failures.append((number, described(error)))


def parsed(source):
    """A cell as Python: where it is none as it stands, without the lines that only IPython understands."""
    try:
        return ast.parse(source)
    except SyntaxError:
        source = re.sub(r"\A\s*%%.*", "", source)
        return ast.parse(re.sub(r"^([ \t]*)(?:[%!?].*|\S.*\?[ \t]*)$", r"\1pass", source, flags=re.MULTILINE))


def names(code, operations):
    """The names to which compiled code applies one of these operations."""
    return {instruction.argval for instruction in dis.get_instructions(code) if instruction.opname in operations}


def needs(code):
    """The names that compiled code, and the functions in it, look up outside of functions."""
    inner = (needs(part) for part in code.co_consts if isinstance(part, types.CodeType))
    return names(code, {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}).union(*inner)


def changed(tree):
    """Names that a statement changes without binding them: ``table[0] = 1``, ``values.append(2)``, ``import *``."""
    if isinstance(tree, ast.ImportFrom) and tree.names[0].name == "*":
        return {"*"}
    call = tree.value if isinstance(tree, ast.Expr) else None
    called = [call.func] if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else []
    targets = [*called, *getattr(tree, "targets", []), getattr(tree, "target", None)]
    roots = set()
    for target in targets:
        while isinstance(target, (ast.Attribute, ast.Subscript)):
            target = target.value
        if isinstance(target, ast.Name):
            roots.add(target.id)
    return roots


def needed(name, statements, cell):
    """The statements on which ``name``, as cell number ``cell`` binds it, depends, in their order.

    What a name means is what it meant when the cell ran from top to bottom: a later cell counts only for names that
    none before it binds.
    """
    before = set().union(*(s.binds for s in statements if s.cell <= cell))
    chosen = {i for i, s in enumerate(statements) if s.cell == cell and name in s.binds}
    wanted, news = {name}, set(chosen)
    while news:
        wanted |= set().union(*(needs(statements[i].code) for i in news))
        news = {
            i
            for i, s in enumerate(statements)
            if "*" in s.binds or s.binds & (wanted if s.cell <= cell else wanted - before)
        } - chosen
        chosen |= news
    return [statements[i] for i in sorted(chosen)]


# ---- numbers across the border -----------------------------------------------------------------------------------


def decoded(value):
    """The argument that `emlib.grading.sandbox.encoded` wrote as JSON."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return np.array(value["array"], value["dtype"]).reshape(value["shape"])[()]
    if "dict" in value:
        return {key: decoded(item) for key, item in value["dict"]}
    items = [decoded(item) for item in value["tuple"]]
    if "type" not in value:
        return tuple(items)
    import emlib.exercises

    return getattr(emlib.exercises, value["type"])(*items)


if __name__ == "__main__":
    main()
