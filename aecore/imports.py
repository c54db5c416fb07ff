"""Import slow packages when they are first used, on one thread at a time.

Python lets threads import different modules at the same time. Where these import each other, as
those of SciPy and scikit-learn do, one of the threads gets a module that another has not finished
("partially initialized module"). Every import inside a function holds the same lock therefore.
"""

import importlib
import threading
from types import ModuleType

importing = threading.RLock()
"""Held by the thread that imports: ``with importing: from sklearn.decomposition import PCA``."""


def load(name: str) -> ModuleType:
    """Import a module by its name, while no other thread imports one."""
    with importing:
        return importlib.import_module(name)
