"""Settings in the page's address, by which they are shared."""

import streamlit as st

from aecore.config import Config
from aecore.errors import ConfigError
from aecore.knob import knobs
from dashboard.state import active_run, messages


def read() -> Config | None:
    """Return the settings in the address; None without any, or where they are invalid."""
    given = {name: value for name, value in st.query_params.items() if name in knobs(Config)}
    try:
        return Config(**given) if given else None
    except ConfigError as error:
        messages.report(error)
        return None


def write() -> None:
    """Write the settings that differ from the defaults into the address."""
    settings = active_run.live().config.model_dump()
    values = {name: str(value) for name, value in settings.items()}
    shown = {n: v for n, v in values.items() if v != str(knobs(Config)[n].default)}
    if shown != st.query_params.to_dict():
        st.query_params.from_dict(shown)
