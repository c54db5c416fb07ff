"""Serve Plotly's JavaScript from the installed `plotly` package, so that nothing is downloaded."""

from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

# Pages name the version in the address, so a browser keeps each version for good.
HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}
ADDRESS = "vendor/plotly.min.js"


@cache
def versioned_address() -> str:
    """Return the address of the script, relative to that of the dashboard."""
    return f"{ADDRESS}?v={version('plotly')}"


def _script() -> Path:
    # Importing plotly takes time that the first page does not have.
    spec = find_spec("plotly")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


async def _serve(_: Request) -> FileResponse:
    return FileResponse(_script(), media_type="text/javascript", headers=HEADERS)


route = Route(f"/{ADDRESS}", _serve)
