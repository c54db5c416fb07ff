"""The Reduce page: what few numbers keep, beside PCA; and the kinds of autoencoders."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from aecore import run_index, variants
from aecore.config import Config
from aecore.data import Dataset
from aecore.grid import Planned
from aecore.presets import preset
from aecore.run_index import Row
from aecore.scores import scores
from aecore.snapshot import Snapshot
from aecore.sweep import folder_name
from aecore.trained import Trained
from aecore.words import Refusal, t
from dashboard import session, shell, sweeping
from dashboard.compare_figures import against_bottleneck
from dashboard.components.live_figure import figure

WIDTHS = (2, 4, 8, 16, 32, 64)
HELD_OUT = 1000
HEIGHT = 360


def show() -> None:
    """Show the page."""
    shell.show(_progress, still=still)


def _progress(newest: Snapshot) -> None:
    """Follow the sweep at work; when it is done the whole page is drawn anew."""
    del newest
    found = sweeping.current()
    if found is None:
        return
    if found.running:
        sweeping.show(found)
    done = len(found.outcomes), found.running
    if st.session_state.setdefault("reduce drawn", done) != done:
        st.session_state["reduce drawn"] = done
        st.rerun()


def still() -> None:
    """Draw error against bottleneck, what classifiers get, and the variants."""
    dataset = session.load(session.config().dataset)
    _bottlenecks(dataset)
    _variants(dataset)


def _bottlenecks(dataset: Dataset) -> None:
    st.markdown(f"**{t('Error against bottleneck, of {name}', name=dataset.name)}**")
    best = _best(run_index.index(session.desk().root), dataset.name)
    missing = [w for w in WIDTHS if w not in best and w < dataset.images[0].size]
    left, right = st.columns(2, gap="medium")
    with left:
        pca = _pca(dataset.name, len(dataset.images), dataset)
        widths = sorted(best)
        figure(
            "reduce-curve",
            against_bottleneck(
                {t("autoencoder"): (widths, [best[w]["held_out"] for w in widths])} if best else {},
                pca,
            ),
            height=HEIGHT,
            label=t("Held-out error against bottleneck: autoencoder and PCA"),
        )
        st.caption(
            t("The best finished run of each bottleneck among those at hand, on all classes.")
        )
        _train(t("Train the missing: {all}", all=", ".join(map(str, missing))), missing, dataset)
    with right:
        _classifiers(best)


def _best(rows: Sequence[Row], dataset: str) -> dict[int, Row]:
    found: dict[int, Row] = {}
    for row in rows:
        config = row["config"]
        fits = config.get("dataset") == dataset and not config.get("classes")
        done = row["held_out"] and row["step"] and row["step"] >= (row["total_steps"] or 1)
        if fits and done:
            width = int(config["bottleneck"])
            if width not in found or row["held_out"] < found[width]["held_out"]:
                found[width] = row
    return found


@st.cache_data(show_spinner=False, max_entries=8)
def _pca(name: str, count: int, _dataset: Dataset) -> tuple[list[int], list[float]]:
    """Return the errors of principal components, measured as the runs' errors are."""
    from aecore import probe

    del name
    found = probe.pca(_dataset, count)
    widths = [width for width in WIDTHS if width < _dataset.images[0].size]
    images = _dataset.test_images[:HELD_OUT]
    return widths, [found.error(images, width, clamped=True) for width in widths]


def _train(label: str, widths: Sequence[int], dataset: Dataset) -> None:
    now = sweeping.current()
    if not widths:
        return
    configs = [preset("stacked", dataset.name, bottleneck=width) for width in widths]
    st.button(
        label,
        key="train missing",
        icon=":material/play_arrow:",
        disabled=now is not None and now.running,
        on_click=_start,
        args=(("bottleneck",), configs, dataset),
        help=t("In the background, with the preset Stacked; they appear here as they are done."),
    )


def _start(names: Sequence[str], configs: Sequence[Config], dataset: Dataset) -> None:
    planned = [Planned({name: getattr(each, name) for name in names}, each) for each in configs]
    root = session.desk().root
    session.attempt(lambda: sweeping.start(names, planned, dataset, root))


def _classifiers(best: dict[int, Row]) -> None:
    st.markdown(f"**{t('What a classifier gets from so many numbers')}**")
    table: dict[str, list[Any]] = {
        t("Bottleneck"): [],
        t("kNN, code"): [],
        t("kNN, PCA"): [],
        t("logistic, code"): [],
        t("logistic, PCA"): [],
    }
    keys = ("bottleneck", "code_knn", "pca_knn", "code_logistic", "pca_logistic")
    for width in sorted(best):
        found = _scores(best[width]["name"], best[width]["step"])
        if found is None or "code_knn" not in found:
            continue
        for column, key in zip(table.values(), keys, strict=True):
            column.append(width if key == "bottleneck" else f"{found[key]:.1%}")
    if table[t("Bottleneck")]:
        st.dataframe(table, hide_index=True, key="classifiers")
        st.caption(t("Taught with 5,000 codes of training images, asked about held-out images."))
    else:
        st.caption(t("Finish a run, and the accuracy of two classifiers stands here."))


@st.cache_data(show_spinner=False, max_entries=200)
def _scores(name: str, step: int) -> dict[str, float | int] | None:
    del step
    path = session.desk().root / name
    try:
        return scores(Trained.open(path))
    except Refusal:
        return None


def _variants(dataset: Dataset) -> None:
    st.markdown(f"**{t('Variants side by side, at the same budget')}**")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        epochs = int(st.number_input(t("Epochs"), 1, 500, 20, key="variant epochs", width=130))
        width = int(
            st.number_input(
                t("Bottleneck"),
                1,
                256,
                16,
                key="variant bottleneck",
                width=130,
                help=t("Of all but the sparse ones, whose code has 256 units."),
            )
        )
        configs = variants.variants(dataset.name, epochs=epochs, bottleneck=width)
        root = session.desk().root
        missing = [c for c in configs.values() if not variants.finished(root / folder_name(c))]
        now = sweeping.current()
        st.button(
            t("Train the {count} missing", count=len(missing)) if missing else t("All are here"),
            key="train variants",
            icon=":material/play_arrow:",
            disabled=not missing or (now is not None and now.running),
            on_click=_start,
            args=(("activation", "sparsity_kind"), missing, dataset),
        )
    rows = {
        name: _measured(root / folder_name(config), dataset)
        for name, config in configs.items()
        if config not in missing
    }
    if not rows:
        st.caption(t("None is trained yet; the same from a terminal: aecore variants"))
        return
    st.dataframe(
        {
            t("Variant"): [t(variants.VARIANTS[name][0]) for name in rows],
            t("Error"): [f"{row['test_mse']:.5f}" for row in rows.values()],
            t("PCA's, same code"): [f"{row['pca_mse_clamped']:.5f}" for row in rows.values()],
            t("Active units"): [f"{row['active']:.0%}" for row in rows.values()],
            t("kNN from the code"): [_share(row.get("code_knn")) for row in rows.values()],
            t("Logistic"): [_share(row.get("code_logistic")) for row in rows.values()],
        },
        hide_index=True,
        key="variants table",
    )


def _measured(path: Path, dataset: Dataset) -> dict[str, Any]:
    return _measure(str(path), dataset)


@st.cache_data(show_spinner=False, max_entries=100)
def _measure(path: str, _dataset: Dataset) -> dict[str, Any]:
    return variants.measure(Path(path), _dataset)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
