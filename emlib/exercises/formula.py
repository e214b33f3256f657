"""Formulas as text, such as ``sum(r*(log(tau) + log_normal(x, mu1, Sigma1)))``, evaluated by this module alone.

Nothing of the text is run as Python: it is read into a tree, and only the nodes below have a meaning. So a stranger's
formula may be evaluated where a stranger's code may not.

A formula has numbers, names, ``+ - * / **``, ``@`` or ``*`` for products with matrices, the functions in
`FUNCTIONS`, and commas between the values of a pair. ``sum(…)`` and ``mean(…)`` run over the points: inside them x, r
and z stand for x_n, r_n and z_n. Greek letters, x², Σ⁻¹, mu_1, r_n, r[n], np.log, ``Q = …`` and sympy's ``Sum`` are
understood too.
"""

import ast
import math
import operator
import re
import unicodedata

import numpy as np

LONGEST = 2000
#: the names that have one value per point
POINTS = ("x", "r", "z")

SPELLINGS = {
    "⁻¹": "**-1", "²": "**2", "ᵀ": ".T", "ᵗ": "_t", "^": "**", "−": "-", "·": "*", "τ": "tau", "μ": "mu", "Σ": "Sigma",
    "σ": "sigma", "λ": "lambda", "π": "pi", "∑": "sum",
}  # fmt: skip

STARS = "write every multiplication with *, and what a function is taken of in brackets"


class FormulaError(ValueError):
    """The formula cannot be read or evaluated; the message says why in one sentence."""


def evaluate(text, symbols):
    """The value of a formula.

    Parameters
    ----------
    text : str
    symbols : dict
        The value of every name that the formula may use: numbers and arrays, of those in `POINTS` one row per point.

    Returns
    -------
    a number, an array, or a list of them where commas stand between

    Raises
    ------
    FormulaError
    """
    points = {name: np.asarray(symbols[name]) for name in POINTS if name in symbols}
    n = len(next(iter(points.values()))) if points else 0
    names = {"pi": np.pi, "e": np.e, "N": n} | symbols
    try:
        with np.errstate(all="ignore"):
            return _Formula(names, points, n).value(_parse(text), None)
    except (RecursionError, MemoryError):
        raise FormulaError("the formula is nested too deeply") from None


def _parse(text):
    if len(text) > LONGEST:
        raise FormulaError(f"the formula has {len(text)} characters; {LONGEST} are enough")
    for spelling, plain in SPELLINGS.items():
        text = text.replace(spelling, plain)
    text = unicodedata.normalize("NFKC", text.rpartition("=")[2])
    text = re.sub(r"\b(np|numpy|math|sp|sympy)\.(linalg\.)?", "", text)
    text = re.sub(r"_n\b", "", re.sub(r"_(\d)", r"\1", text))
    try:
        return ast.parse(f"({text.strip()}\n)", mode="eval").body
    except (SyntaxError, ValueError) as error:
        if re.search(r"[\w)]\s+[\w(]|\)\w|\b\d+[^\W\d]", text):
            raise FormulaError(f"the formula cannot be read: {STARS}") from None
        raise FormulaError(f"the formula cannot be read: {getattr(error, 'msg', error)}") from None


class _Formula:
    def __init__(self, names, points, n):
        self.names, self.points, self.n = names, points, n
        self.sums = {}  # a sum inside a sum has its own index, so it is the same for every point

    def value(self, node, point):
        """The value of a node; inside a sum at one point, else with `point` None."""
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return _float(number)
            case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name), slice=ast.Name()):
                return self.name(name, point)
            case ast.Tuple(elts=[_, *_] as items) if point is None:
                return [self.value(item, point) for item in items]
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=operand):
                value = _number(self.value(operand, point))
                return -value if isinstance(op, ast.USub) else value
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return OPERATORS[type(op)](*(_number(self.value(side, point)) for side in (left, right)))
            case ast.Attribute(value=matrix, attr="T"):
                return self.value(matrix, point).T
            case ast.Call(
                func=ast.Name(id="sum" | "Sum" | "mean" as name), args=[term] | [term, ast.Tuple()], keywords=[]
            ):
                total = self.sum(term)
                return total / self.n if name == "mean" else total
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
                return _call(name, [_number(self.value(argument, point)) for argument in arguments])
            case ast.Call(func=ast.Constant() | ast.BinOp() | ast.Call() | ast.Name() as first) if getattr(
                first, "id", None
            ) in [None, *self.names]:
                raise FormulaError(f"“{ast.unparse(node)[:60]}” means nothing in a formula: {STARS}")
        raise FormulaError(
            f"“{ast.unparse(node)[:60]}” means nothing in a formula; there are {', '.join(FUNCTIONS)}, sum, mean"
        )

    def name(self, name, point):
        if name not in self.names:
            raise FormulaError(f"there is no “{name[:60]}” here; there are {', '.join(sorted(self.names))}")
        if point is not None and name in self.points:
            return np.asarray(self.points[name][point], dtype=float)
        return np.asarray(self.names[name], dtype=float)

    def sum(self, term):
        if term not in self.sums:
            self.sums[term] = sum(_number(self.value(term, n)) for n in range(self.n))
        return self.sums[term]


def _float(number):
    try:
        return np.float64(number)
    except OverflowError:
        raise FormulaError("a number in the formula is too large") from None


def _number(value):
    if isinstance(value, list):
        raise FormulaError("a pair cannot be calculated with")
    return value


def _fit(a, b, what):
    if np.ndim(a) and np.ndim(b) and np.shape(a) != np.shape(b):
        raise FormulaError(f"{what} of shapes {np.shape(a)} and {np.shape(b)} do not fit; are x and r inside sum(…)?")


def _added(operation):
    def add(a, b):
        _fit(a, b, "the two sides")
        return operation(a, b)

    return add


def _times(a, b):
    if np.ndim(a) and np.ndim(b):
        if not any(np.ndim(side) == 2 and len(set(side.shape)) == 1 for side in (a, b)):
            raise FormulaError("inside sum(…), write u @ v for the number uᵀv and outer(u, v) for the matrix uvᵀ")
        return _matrix_times(a, b)
    return a * b


def _matrix_times(a, b):
    try:
        return np.matmul(a, b)
    except ValueError:
        raise FormulaError(f"factors of shapes {np.shape(a)} and {np.shape(b)} do not fit around @") from None


def _divided(a, b):
    if np.ndim(b):
        raise FormulaError("only a number can be divided by; inv(A) is the inverse of a matrix")
    return np.divide(a, b)


def _power(a, b):
    if np.ndim(a) == 2 and np.ndim(b) == 0 and b == -1:
        return _call("inv", [a])
    if np.ndim(a) or np.ndim(b):
        raise FormulaError(
            "only a number can be raised to a power, and a matrix to −1; u @ u is the square of a vector"
        )
    return np.power(a, b)


OPERATORS = {
    ast.Add: _added(operator.add),
    ast.Sub: _added(operator.sub),
    ast.Mult: _times,
    ast.MatMult: _matrix_times,
    ast.Div: _divided,
    ast.Pow: _power,
}


def _outer(u, v):
    if np.ndim(u) != 1 or np.ndim(v) != 1 or np.shape(u) != np.shape(v):
        raise ValueError
    return np.outer(u, v)


def _log_normal(x, mu, Sigma):
    """log Normal(x; μ, Σ) of one point."""
    d = x - mu
    return -(len(mu) * np.log(2 * np.pi) + np.linalg.slogdet(Sigma)[1] + d @ np.linalg.solve(Sigma, d)) / 2


def _log_factorial(x):
    return np.float64(math.lgamma(x + 1))


# one argument each: a second one of np.log would be the array to write into
FUNCTIONS = {
    "log": lambda a: np.log(a),
    "ln": lambda a: np.log(a),
    "exp": lambda a: np.exp(a),
    "sqrt": lambda a: np.sqrt(a),
    "det": np.linalg.det,
    "inv": np.linalg.inv,
    "trace": lambda a: np.trace(a),
    "outer": _outer,
    "normal": lambda x, mu, Sigma: np.exp(_log_normal(x, mu, Sigma)),
    "log_normal": _log_normal,
    "factorial": lambda x: np.exp(_log_factorial(x)),
    "log_factorial": _log_factorial,
}


def _call(name, arguments):
    try:
        return FUNCTIONS[name](*arguments)
    except (ValueError, TypeError, ArithmeticError, np.linalg.LinAlgError):
        shapes = ", ".join(str(np.shape(argument)) for argument in arguments)
        raise FormulaError(f"{name} cannot be taken of values of shapes {shapes}; are x and r inside sum(…)?") from None
