"""The table of all runs, and what can be done to those chosen in it."""

import zlib
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from aecore.choices.sparsity import SPARSITY_KINDS
from aecore.errors import LabError, RunError
from aecore.i18n import N_, nt, t
from aecore.runs import archive, index
from aecore.runs.export import FORMATS, export
from aecore.runs.index import Row
from aecore.runs.run import Run
from dashboard.state import active_run, cached, commands, keys, messages
from dashboard.views.compare import html_report

HEIGHT = 320
MEGABYTE = 2**20


def choose() -> list[Row]:
    """Show all runs and return those chosen."""
    root = active_run.root()
    rows = index.index(root)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        asked = st.text_input(
            t("Search"), key="find runs", placeholder=t("name, tag, note, dataset"), width=260
        )
        whole = sum(row["bytes"] for row in rows) / MEGABYTE
        st.caption(
            nt(
                "{count:,} run, {size:,.0f} MB",
                "{count:,} runs, {size:,.0f} MB",
                len(rows),
                size=whole,
            )
        )
        _imports()
        _undo()
    rows = [row for row in rows if _matches(row, asked or "")]
    if not rows:
        st.info(t("No matching runs."))
        return []
    # Rows are chosen by their places: other rows are another table.
    names = zlib.crc32("\n".join(row["name"] for row in rows).encode())
    event = st.dataframe(
        _columns(rows),
        key=f"runs table {names}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=min(HEIGHT, 36 * len(rows) + 40),
        column_config=_formats(),
    )
    places = event["selection"]["rows"]
    chosen = [rows[place] for place in places if place < len(rows)]
    if not chosen:
        st.caption(t("Select one run to rename, export or branch; select several to compare."))
    return chosen


def _matches(row: Row, asked: str) -> bool:
    config = row["config"]
    words = [row["name"], row["title"], row["note"], *row["tags"], str(config.get("dataset"))]
    return asked.lower() in " ".join(map(str, words)).lower()


def _columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    def knob(name: str) -> list[Any]:
        return [row["config"].get(name) for row in rows]

    return {
        "favourite": ["★" if row["favourite"] else "" for row in rows],
        "title": [row["title"] or row["name"] for row in rows],
        "dataset": knob("dataset"),
        "architecture": knob("architecture"),
        "bottleneck": knob("bottleneck"),
        "noise": knob("noise"),
        "sparsity": [_sparsity(row["config"]) for row in rows],
        "held_out": [row["held_out"] for row in rows],
        "ratio": [_ratio(row) for row in rows],
        "epoch": [row["epoch"] for row in rows],
        "tags": [", ".join(row["tags"]) for row in rows],
        "note": [row["note"] for row in rows],
        "size": [row["bytes"] / MEGABYTE for row in rows],
        "touched": [datetime.fromtimestamp(row["touched"]).astimezone() for row in rows],
    }


def _sparsity(config: Any) -> str:
    kind = SPARSITY_KINDS.get(config.get("sparsity_kind"), SPARSITY_KINDS["none"])
    # The strength that a kind uses, or else the number of units it keeps.
    settings = [name for name in ("sparsity", "active_units") if name in kind.uses]
    return " ".join(f"{kind.label} {config[name]:g}" for name in settings if config.get(name))


def _ratio(row: Row) -> float | None:
    return row["held_out"] / row["pca"] if row["held_out"] and row["pca"] else None


def _formats() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "favourite": st.column_config.TextColumn("★", width=30),
        "title": st.column_config.TextColumn(t("Run"), width="medium"),
        "dataset": t("Dataset"),
        "architecture": t("Architecture"),
        "bottleneck": t("Bottleneck"),
        "noise": number(t("Noise"), format="%.2f"),
        "sparsity": t("Sparsity"),
        "held_out": number(t("Error"), format="%.5f"),
        "ratio": number(t("Error vs PCA"), format="%.2f×"),
        "epoch": number(t("Epoch"), format="%.1f"),
        "tags": t("Tags"),
        "note": t("Note"),
        "size": number(t("MB"), format="%.1f"),
        "touched": st.column_config.DatetimeColumn(t("Changed"), format="D MMM HH:mm"),
    }


def actions(chosen: Sequence[Row]) -> None:
    """Offer what can be done to the runs chosen."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(chosen) == 1:
            _open(chosen[0])
            _words(chosen[0])
            _exports(chosen[0])
        st.button(
            t("Delete"),
            key="delete runs",
            icon=":material/delete:",
            on_click=_delete,
            args=([row["name"] for row in chosen],),
        )


def _open(row: Row) -> None:
    st.button(
        t("Open"),
        key="open run",
        icon=":material/play_circle:",
        on_click=commands.open_run,
        args=(row["name"],),
        help=t("Makes this the current run."),
    )


def _words(row: Row) -> None:
    with st.popover(t("Name and note"), icon=":material/edit:"), st.form(f"words {row['name']}"):
        title = st.text_input(t("Title"), row["title"])
        tags = st.text_input(t("Tags (comma-separated)"), ", ".join(row["tags"]))
        note = st.text_area(t("Note"), row["note"])
        favourite = st.checkbox(t("Favourite"), row["favourite"])
        if st.form_submit_button(t("Save")):
            path = active_run.root() / row["name"]
            found = [tag.strip() for tag in tags.split(",") if tag.strip()]
            messages.attempt(
                lambda: index.set_labels(
                    path, title=title, tags=found, note=note, favourite=favourite
                )
            )
            st.rerun()


def _exports(row: Row) -> None:
    path = active_run.root() / row["name"]
    with st.popover(t("Export"), icon=":material/download:"):
        for name, form in FORMATS.items():
            st.download_button(
                str(form.label),
                _made(partial(export, path, name)),
                f"{row['name']}.{form.suffix}",
                key=f"export {name}",
                help=str(form.description),
                on_click="ignore",
                width="stretch",
            )
        st.download_button(
            t("Figures (HTML)"),
            _made(lambda: html_report.page(Run(path).frame(), row["name"])),
            f"{row['name']}.html",
            key="export figures",
            help=t("Loss curve, latent map, code activity and reconstructions on one page"),
            on_click="ignore",
            width="stretch",
        )


def _made(make: Callable[[], bytes]) -> Callable[[], bytes]:
    def made() -> bytes:
        try:
            return make()
        except LabError as why:
            # The browser asks for a file and gets one: the sentence that says why not.
            return f"{why}\n".encode()

    return made


def _imports() -> None:
    with st.popover(t("Import a run"), icon=":material/upload:"):
        st.caption(t("A ZIP made by Export, here or elsewhere."))
        # Another turn is another uploader: one without the file that was taken up.
        turn = st.session_state.setdefault(keys.IMPORT_TURN, 0)
        key = f"import run turn {turn}"
        st.file_uploader(
            t("Run (ZIP)"),
            ["zip"],
            key=key,
            on_change=_import,
            args=(key,),
            label_visibility="collapsed",
        )


def _import(key: str) -> None:
    file = st.session_state[key]
    if file is None:
        return

    def act() -> None:
        run = archive.unpack(file, active_run.root())
        messages.announce(N_("{name} was imported.", name=run.name))

    messages.attempt(act)
    cached.run_rows.clear()
    st.session_state[keys.IMPORT_TURN] += 1


def _delete(names: Sequence[str]) -> None:
    def act() -> None:
        root = active_run.root()
        for name in names:
            if Run(root / name).busy:
                raise RunError("{name} is open or training; open another run first.", name=name)
        st.session_state[keys.TRASHED] = [index.move_to_trash(root, name) for name in names]

    messages.attempt(act)
    cached.run_rows.clear()


def _undo() -> None:
    gone = st.session_state.get(keys.TRASHED, [])
    if gone:
        st.button(
            nt("Undo: restore {count} run", "Undo: restore {count} runs", len(gone)),
            key="undo delete",
            icon=":material/undo:",
            on_click=_restore,
            args=(gone,),
        )


def _restore(gone: Sequence[str]) -> None:
    def act() -> None:
        for token in gone:
            index.restore(active_run.root(), token)
        st.session_state[keys.TRASHED] = []

    messages.attempt(act)
    cached.run_rows.clear()
