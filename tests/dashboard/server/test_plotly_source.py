from pathlib import Path

import plotly
from starlette.requests import Request
from starlette.responses import FileResponse

from dashboard.server import plotly_source
from tests.support import run_async


def test_script_of_the_installed_package_is_served() -> None:
    response = run_async(plotly_source.route.endpoint(Request({"type": "http"})))
    assert isinstance(response, FileResponse)
    assert Path(response.path).is_relative_to(Path(plotly.__file__).parent)
    assert "plotly.js v" in Path(response.path).read_text("utf-8")[:200]
    assert "immutable" in response.headers["cache-control"]


def test_address_names_the_version_and_leads_to_the_route() -> None:
    path, version = plotly_source.versioned_address().split("?v=")
    assert version == plotly.__version__
    assert plotly_source.route.path == f"/{path}"
