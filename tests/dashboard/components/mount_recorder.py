"""A stand-in for the function with which Streamlit mounts a component."""

from typing import Any


class MountRecorder(list[dict[str, Any]]):
    """Record the arguments a component is mounted with."""

    def __call__(self, **arguments: Any) -> None:
        self.append(arguments)
