import ast
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

import aecore
import dashboard
from aecore import imports

INTERDEPENDENT = ("scipy", "skimage", "sklearn", "torchvision")
"""Packages whose modules import each other."""
PROCESSES = ("cli/", "experiments/scaling_worker.py", "maps/umap_tsne.py")
"""What runs in processes of its own, which import on one thread."""
FIRST = """
import threading, time
threading.importing.set()
time.sleep(0.2)
from second_of_two import value
"""
SECOND = """
import first_of_two
value = 1
"""


def test_two_threads_import_modules_that_import_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the first module is given the second before that is initialized."""
    importing = threading.Event()
    monkeypatch.setattr(threading, "importing", importing, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    for name, source in {"first_of_two": FIRST, "second_of_two": SECOND}.items():
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.delitem(sys.modules, name, raising=False)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(imports.load, "first_of_two")
        assert importing.wait(10)
        second = threads.submit(imports.load, "second_of_two")
        assert first.result().value == second.result().value == 1


def imported_in_functions(path: Path) -> list[str]:
    """Return what the functions of a file import without holding the lock."""
    found: list[str] = []

    def visit(node: ast.AST, *, in_function: bool) -> None:
        if isinstance(node, ast.With) and "importing" in map(ast.unparse, ast.walk(node.items[0])):
            return
        if in_function and isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            found.extend([node.module or ""] if isinstance(node, ast.ImportFrom) else names)
        inside = in_function or isinstance(node, ast.FunctionDef)
        for child in ast.iter_child_nodes(node):
            visit(child, in_function=inside)

    visit(ast.parse(path.read_text()), in_function=False)
    return found


@pytest.mark.parametrize("package", [aecore, dashboard])
def test_functions_import_interdependent_packages_on_one_thread_at_a_time(
    package: ModuleType,
) -> None:
    root = Path(str(package.__file__)).parent
    for path in root.rglob("*.py"):
        if not path.relative_to(root).as_posix().startswith(PROCESSES):
            for name in imported_in_functions(path):
                assert not name.startswith(INTERDEPENDENT), path
