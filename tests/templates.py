"""Every template of the package's errors and warnings, as its source has them."""

import ast
from pathlib import Path

from gluon_style import errors

PACKAGE = Path(errors.__file__).parent
ERRORS = {name for name, each in vars(errors).items() if isinstance(each, type)} - {"Setting"}


def calls(path):
    """(call, expression of its template) of all that a file says."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = getattr(called, "attr", getattr(called, "id", ""))
        of = getattr(getattr(called, "value", None), "id", "")
        says = name in ERRORS or of == "logger" and name in ("warning", "info", "debug")
        says = says or name in ("say", "phrase")  # of the notebook
        adds = of in ("error", "failed", "self") or isinstance(called, ast.Attribute) and not of
        says = says or name == "add" and adds or name == "_not_ready"
        says = says or name == "__init__" and path.name == "errors.py"
        if says and node.args and not isinstance(node.args[0], ast.Starred):
            yield node, node.args[0]
        if name == "OSError" and len(node.args) > 1:
            yield node, node.args[1]  # as the system says it
        if name in ("number", "whole", "numbers") and node.args:
            yield node, node.args[0]  # what an option says of other values
        for keyword in node.keywords:
            if says and keyword.arg == "remedy" or keyword.arg == "sentence":
                yield node, keyword.value


def constants(path):
    """The texts that a file gives to each name, of the module or of a function."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                names = getattr(target, "elts", [target])
                values = getattr(node.value, "elts", []) if len(names) > 1 else [node.value]
                for name, value in zip(names, values):
                    if isinstance(name, ast.Name) and isinstance(value, ast.Constant):
                        found.setdefault(name.id, set()).add(value.value)
    return {name: {text for text in each if isinstance(text, str)} for name, each in found.items()}


def texts(expression, known):
    """The texts that an expression may have; None for one that is put together of values."""
    if isinstance(expression, ast.Constant):
        return {expression.value} - {None}
    if isinstance(expression, ast.Name):
        return known.get(expression.id, set())
    if isinstance(expression, ast.IfExp):
        both = [texts(each, known) for each in (expression.body, expression.orelse)]
        return None if None in both else both[0] | both[1]
    if isinstance(expression, (ast.JoinedStr, ast.BinOp)):
        return None
    return set()


def files(left_out=()):
    """Each file of the package, by its path within it."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(tuple(left_out)):
            yield name, path


def templates(left_out=()):
    """All texts that the package can say."""
    known = {}
    for _, path in files():
        known.update((name, said) for name, said in constants(path).items() if name.isupper())
    found = set()
    for _, path in files(left_out):
        own = {**known, **constants(path)}
        for _, expression in calls(path):
            found.update(texts(expression, own) or ())
    return found


def put_together(left_out=()):
    """Where a text is put together of values: `file:line`."""
    return [
        f"{name}:{call.lineno}"
        for name, path in files(left_out)
        for call, expression in calls(path)
        if texts(expression, {}) is None
    ]
