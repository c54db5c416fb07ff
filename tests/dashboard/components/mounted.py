"""What stands where Streamlit mounts a component, so that a test sees what it is given."""

from typing import Any


class Mounted(list[dict[str, Any]]):
    """Stands where Streamlit mounts a component, and remembers what it was given."""

    def __call__(self, **given: Any) -> None:
        self.append(given)
