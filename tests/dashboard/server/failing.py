"""The dashboard with three more pages, which fail: in the body, in a fragment, in a callback."""

import sys
from types import ModuleType
from typing import Any, cast

import streamlit as st

from aecore.i18n import Message
from dashboard.app import app
from dashboard.pages import PAGES, Page


def fail() -> None:
    raise ZeroDivisionError("of a page")


def fail_in_fragment() -> None:
    st.fragment(fail)()


def fail_in_callback() -> None:
    st.button("Fail", on_click=fail)


def replace_module(name: str, **functions: Any) -> None:
    sys.modules[name] = module = ModuleType(name)
    vars(module).update(functions)


for name, show in (("body", fail), ("fragment", fail_in_fragment), ("callback", fail_in_callback)):
    cast("dict[str, Page]", PAGES)[name] = Page(Message(name), ":material/bug_report:", name)
    replace_module(f"dashboard.views.{name}.page", show=show)
# These pages need no engine, which takes seconds to import.
replace_module("dashboard.warmup", start=lambda: None)

if __name__ == "__main__":
    app.run(config={"server.port": int(sys.argv[1]), "server.headless": True})
