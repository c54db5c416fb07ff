"""Every text a person reads stands in the source as a literal that extraction finds."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator

import aecore
from aecore.errors import LabError
from tests.catalogue import PACKAGES, ROOT, extracted, keywords

SOURCES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
TEXTS = {name: len(places.split(",")) for name, _, places in (k.partition(":") for k in keywords())}
"""How many of its first arguments are texts, by function."""

EXEMPT = {"aecore/i18n.py", "aecore/errors.py"}
"""Where a message that was declared elsewhere is shown or raised."""


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Yield each call of a function that takes texts, and the function's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TEXTS:
            yield node.func.id, node


def is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def parsed() -> Iterator[tuple[str, ast.Module]]:
    for path in SOURCES:
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))


def test_texts_are_literals() -> None:
    assert [
        f"{path}:{call.lineno}: {ast.unparse(call)}"
        for path, tree in parsed()
        if path not in EXEMPT
        for name, call in calls(tree)
        if not call.args or not all(map(is_literal, call.args[: TEXTS[name]]))
    ] == []


def test_no_text_hides_in_an_f_string() -> None:
    assert [
        f"{path}:{call.lineno}: {ast.unparse(call)}"
        for path, tree in parsed()
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for _, call in calls(node)
    ] == []


def kinds(kind: type[LabError]) -> Iterator[type[LabError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from kinds(each)


def test_the_texts_of_every_kind_of_error_are_extracted() -> None:
    for module in pkgutil.walk_packages(aecore.__path__, "aecore."):
        importlib.import_module(module.name)
    found = {kind.__name__ for kind in kinds(LabError) if kind.__module__.startswith("aecore.")}
    assert found <= set(TEXTS)


def test_texts_of_each_kind_are_extracted() -> None:
    assert {
        "Press Play to plot the error as the network trains.",
        "{count} run, about {minutes:.1f} min",
        "{count} runs, about {minutes:.1f} min",
        "A two-unit code: the latent space itself is the map.",
        "Ankle boot",
        "{path} is not valid JSON: {error}.",
        "List, download and add datasets.",
        "The folder of the run.",
    } <= extracted()
