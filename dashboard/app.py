"""The dashboard as a web application: `streamlit run dashboard/app.py`.

Streamlit looks for the name `app` in this file and serves it, with settings from the folders
`.streamlit` beside it and in the working folder. The script that it runs for each browser tab is
`script.py`.
"""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from dashboard.server import failure, guard, memory, plotly_source
from dashboard.server.lifespan import lifespan

memory.limit_arenas()
app = st.App(
    Path(__file__).with_name("script.py"),
    lifespan=lifespan,
    routes=[plotly_source.route],
    middleware=[Middleware(guard.Guard)],
    on_script_error=failure.show,
)

if __name__ == "__main__":
    if st.runtime.exists():
        # Streamlit runs this file as a script, so its server has no guard.
        guard.refuse()
    else:
        app.run()
