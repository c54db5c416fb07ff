"""Read safetensors files of a run; what they declare is checked before anything is loaded."""

import math
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter
from safetensors import SafetensorError, safe_open

from aecore.errors import RunError
from aecore.files import MOST_JSON_BYTES, parse_json
from aecore.i18n import N_, Message, t

T = TypeVar("T")

FLOATS = ("F16", "F32")
MOST_TENSORS = 1000
FACTS = "facts"


@dataclass(frozen=True)
class Layout:
    """What a file declares of a tensor, or must declare.

    Attributes
    ----------
    dtypes : collection of str
        The names of safetensors, such as F32; one in a file, all that are accepted in a rule.
    shape : tuple of int
    """

    dtypes: Collection[str]
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return t("{types} of shape {shape}", types=" or ".join(self.dtypes), shape=self.shape)


class TensorFile:
    """An open safetensors file.

    Attributes
    ----------
    layouts : mapping of str to Layout
        What it declares of each tensor; nothing is loaded yet.
    """

    def __init__(self, path: Path, file: Any) -> None:
        self.path, self._file = path, file
        names = file.keys()
        if len(names) > MOST_TENSORS:
            raise self.damaged(N_("it has {count:,} tensors", count=len(names)))
        slices = {name: file.get_slice(name) for name in names}
        self.layouts: Mapping[str, Layout] = {
            name: Layout((each.get_dtype(),), tuple(each.get_shape()))
            for name, each in slices.items()
        }

    def facts(self, kind: TypeAdapter[T]) -> T:
        """Return the values that are stored as JSON beside the tensors.

        Raises
        ------
        RunError
            If they are missing, or not of the type.
        """
        text = (self._file.metadata() or {}).get(FACTS, "")
        if len(text) > MOST_JSON_BYTES:
            raise self.damaged(N_("its facts are longer than those of a run"))
        return parse_json(text, kind, self.path)

    def require(
        self, required: Mapping[str, Layout], optional: Mapping[str, Layout] | None = None
    ) -> None:
        """Check that all required tensors are declared, and none but the optional ones besides.

        Raises
        ------
        RunError
        """
        rules = {**(optional or {}), **required}
        if missing := [name for name in required if name not in self.layouts]:
            raise self.damaged(N_("{tensor} is missing", tensor=missing[0]))
        for name, declared in self.layouts.items():
            rule = rules.get(name)
            if rule is None:
                raise self.damaged(N_("{tensor} does not belong in it", tensor=name[:80]))
            if declared.shape != rule.shape or not set(declared.dtypes) <= set(rule.dtypes):
                raise self.damaged(
                    N_(
                        "{tensor} is {found}, and should be {expected}",
                        tensor=name,
                        found=declared,
                        expected=rule,
                    )
                )

    def count(self, name: str, most: int) -> int:
        """Return the length of a tensor's first axis, at most `most`; 0 where there is none."""
        shape = self.layouts[name].shape if name in self.layouts else ()
        return min((*shape, 0)[0], most)

    def load(
        self, names: Collection[str] | None = None, *, largest: float = math.inf
    ) -> dict[str, Any]:
        """Load tensors.

        Parameters
        ----------
        names : collection of str, optional
            By default all.
        largest : float
            Largest magnitude of a floating-point number.

        Raises
        ------
        RunError
            If a number is larger, infinite or NaN.
        """
        tensors = {name: self._file.get_tensor(name) for name in names or self.layouts}
        for name, tensor in tensors.items():
            values = np.asarray(tensor)
            if values.dtype.kind == "f" and not _are_bounded(values, largest):
                raise self.damaged(
                    N_("{tensor} contains values that are infinite or no numbers", tensor=name)
                )
        return tensors

    def damaged(self, reason: Message) -> RunError:
        """Return the error for content that a run does not have."""
        return RunError("{path} is damaged: {reason}.", path=self.path, reason=reason)


@contextmanager
def open_tensors(path: Path, framework: str) -> Iterator[TensorFile]:
    """Open a safetensors file of a run.

    Parameters
    ----------
    path : Path
    framework : {'numpy', 'pt'}
        Whether tensors are loaded as arrays or as torch's.

    Raises
    ------
    RunError
        If it is missing, or no safetensors file.
    """
    try:
        with safe_open(path, framework) as file:
            yield TensorFile(path, file)
    except (OSError, SafetensorError) as error:
        raise RunError("{path} cannot be read: {error}.", path=path, error=error) from None


def _are_bounded(values: NDArray[np.floating], largest: float) -> bool:
    return bool(np.isfinite(values).all() and (np.abs(values) <= largest).all())
