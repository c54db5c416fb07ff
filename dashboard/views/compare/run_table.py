"""The table of all runs, and actions on the selected ones."""

import zlib
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from aecore.choices.sparsity import SPARSITY_KINDS
from aecore.files import MEGABYTE, cell
from aecore.i18n import N_, Message, nt, t
from aecore.runs import archive, index
from aecore.runs.export import FORMATS, export
from aecore.runs.files import labels
from aecore.runs.index import Row
from aecore.runs.run import Run
from aecore.training.fields import LONGEST_TEXT
from dashboard.state import active_run, commands, keys, messages
from dashboard.views.compare import html_report, tidy_up, trash
from dashboard.widgets.pca_comparison import ratio

HEIGHT = 320


def choose() -> list[Row]:
    """Show the table of runs and return the selected rows."""
    root = active_run.root()
    rows = index.index(root)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        query = st.text_input(
            t("Search"), key="find runs", placeholder=t("name, tag, note, dataset"), width=260
        )
        megabytes = sum(row["bytes"] for row in rows) / MEGABYTE
        st.caption(
            nt(
                "{count:,} run, {size:,.0f} MB",
                "{count:,} runs, {size:,.0f} MB",
                len(rows),
                size=megabytes,
            )
        )
        _imports()
        tidy_up.button()
        trash.panel(root)
    tidy_up.offer()
    rows = [row for row in rows if _matches(row, query or "")]
    if not rows:
        st.info(t("No matching runs."))
        return []
    # The widget stores row positions, which mean nothing once the rows change: use a new key.
    digest = zlib.crc32("\n".join(row["name"] for row in rows).encode())
    event = st.dataframe(
        _columns(rows),
        key=f"runs table {digest}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=min(HEIGHT, 36 * len(rows) + 40),
        column_config=_formats(),
    )
    positions = event["selection"]["rows"]
    chosen = [rows[position] for position in positions if position < len(rows)]
    if not chosen:
        st.caption(t("Select one run to rename, export or branch; select several to compare."))
    return chosen


def _matches(row: Row, query: str) -> bool:
    config = row["config"]
    texts = [row["name"], row["title"], row["note"], *row["tags"], str(config.get("dataset"))]
    return query.lower() in " ".join(map(str, texts)).lower()


def _columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    def setting(name: str) -> list[Any]:
        return [row["config"].get(name) for row in rows]

    return {
        "favourite": ["★" if row["favourite"] else "" for row in rows],
        # The table can be saved as CSV.
        "title": [cell(row["title"] or row["name"]) for row in rows],
        "dataset": [cell(name) for name in setting("dataset")],
        "architecture": setting("architecture"),
        "bottleneck": setting("bottleneck"),
        "noise": setting("noise"),
        "sparsity": [_sparsity(row["config"]) for row in rows],
        "held_out": [row["held_out"] for row in rows],
        "ratio": [ratio(row["held_out"], row["pca"]) for row in rows],
        "epoch": [row["epoch"] for row in rows],
        "tags": [cell(", ".join(row["tags"])) for row in rows],
        "note": [cell(row["note"]) for row in rows],
        "size": [row["bytes"] / MEGABYTE for row in rows],
        "touched": [datetime.fromtimestamp(row["touched"]).astimezone() for row in rows],
    }


def _sparsity(config: Any) -> str:
    """Return the kind of sparsity with its strength or number of units; empty for none."""
    kind = SPARSITY_KINDS.get(config.get("sparsity_kind"), SPARSITY_KINDS["none"])
    settings = [name for name in ("sparsity", "active_units") if name in kind.uses]
    return " ".join(f"{kind.label} {config[name]:g}" for name in settings if config.get(name))


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
        "held_out": number(
            t("Validation error"),
            format="%.5f",
            help=t("Measured on noisy images if the run is trained with noise."),
        ),
        "ratio": number(
            t("Error vs PCA"), format="%.2f×", help=t("Empty where PCA is exact at this width.")
        ),
        "epoch": number(t("Epoch"), format="%.1f"),
        "tags": t("Tags"),
        "note": t("Note"),
        "size": number(t("MB"), format="%.1f"),
        "touched": st.column_config.DatetimeColumn(t("Changed"), format="D MMM HH:mm"),
    }


def actions(chosen: Sequence[Row]) -> None:
    """Draw the buttons that act on the selected runs."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(chosen) == 1:
            _open(chosen[0])
            _labels(chosen[0])
            _exports(chosen[0])
        st.button(
            t("Delete"),
            key="delete runs",
            icon=":material/delete:",
            on_click=trash.move,
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


def _labels(row: Row) -> None:
    with st.popover(t("Name and note"), icon=":material/edit:"), st.form(f"words {row['name']}"):
        title = st.text_input(t("Title"), row["title"], max_chars=LONGEST_TEXT)
        tags = st.text_input(t("Tags (comma-separated)"), ", ".join(row["tags"]))
        note = st.text_area(t("Note"), row["note"], max_chars=LONGEST_TEXT)
        favourite = st.checkbox(t("Favourite"), row["favourite"])
        if st.form_submit_button(t("Save")):
            path = active_run.root() / row["name"]
            tag_list = [tag.strip() for tag in tags.split(",") if tag.strip()]
            messages.attempt(
                lambda: labels.change(
                    path, title=title, tags=tag_list, note=note, favourite=favourite
                )
            )
            st.rerun()


def _exports(row: Row) -> None:
    path = active_run.root() / row["name"]
    with st.popover(t("Export"), icon=":material/download:"):
        for name, file_format in FORMATS.items():
            st.download_button(
                str(file_format.label),
                messages.or_message(partial(export, path, name)),
                f"{row['name']}.{file_format.suffix}",
                key=f"export {name}",
                help=str(file_format.description),
                on_click="ignore",
                width="stretch",
            )
        st.download_button(
            t("Figures (HTML)"),
            messages.or_message(lambda: html_report.page(Run(path).frame(), row["name"])),
            f"{row['name']}.html",
            key="export figures",
            help=t("Loss curve, latent map, code activity and reconstructions on one page"),
            on_click="ignore",
            width="stretch",
        )


def _imports() -> None:
    with st.popover(t("Import a run"), icon=":material/upload:"):
        st.caption(t("A ZIP made by Export, here or elsewhere."))
        # A new key after each import creates a new, empty uploader.
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
        renamed: list[Message] = []
        run = archive.unpack(file, active_run.root(), notify=renamed.append)
        messages.announce(*renamed or [N_("{name} was imported.", name=run.name)])

    messages.attempt(act)
    st.session_state[keys.IMPORT_TURN] += 1
