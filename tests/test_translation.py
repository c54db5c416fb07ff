"""Every text that users read is a literal in the source, where extraction finds it."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator

import aecore
from aecore.errors import LabError
from tests.catalogue import PACKAGES, ROOT, extracted, keywords

SOURCES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
TEXTS = {name: len(places.split(",")) for name, _, places in (k.partition(":") for k in keywords())}
"""Number of leading arguments that are texts, by function name."""

EXEMPT = {"aecore/i18n.py", "aecore/errors.py"}
"""Files that show or raise messages declared elsewhere."""


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Yield each call of a function that takes texts, with the function's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TEXTS:
            yield node.func.id, node


def is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def syntax_trees() -> Iterator[tuple[str, ast.Module]]:
    """Yield the path and the syntax tree of each source file."""
    for path in SOURCES:
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))


def test_texts_are_literals() -> None:
    assert [
        f"{path}:{call.lineno}: {ast.unparse(call)}"
        for path, tree in syntax_trees()
        if path not in EXEMPT
        for name, call in calls(tree)
        if not call.args or not all(map(is_literal, call.args[: TEXTS[name]]))
    ] == []


def test_no_text_is_translated_inside_an_f_string() -> None:
    assert [
        f"{path}:{call.lineno}: {ast.unparse(call)}"
        for path, tree in syntax_trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for _, call in calls(node)
    ] == []


def error_classes(base: type[LabError]) -> Iterator[type[LabError]]:
    """Yield a class of errors and all its subclasses."""
    yield base
    for subclass in base.__subclasses__():
        yield from error_classes(subclass)


def test_extraction_keywords_include_every_error_class() -> None:
    for module in pkgutil.walk_packages(aecore.__path__, "aecore."):
        importlib.import_module(module.name)
    names = {
        error.__name__
        for error in error_classes(LabError)
        if error.__module__.startswith("aecore.")
    }
    assert names <= set(TEXTS)


def test_a_text_of_each_kind_is_extracted() -> None:
    assert {
        "Press Play to plot the error as the network trains.",
        "{count} run, about {minutes:.1f} min",
        "{count} runs, about {minutes:.1f} min",
        "A two-unit code: the latent space itself is the map.",
        "Ankle boot",
        "is damaged at {place}: {reason}",
        "List, download, add and remove datasets.",
        "The folder of the run.",
    } <= extracted()
