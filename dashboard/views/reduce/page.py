"""The Reduce page: what few numbers keep, beside PCA; and the kinds of autoencoders."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from aecore import data
from aecore.applications.evaluation import scores
from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.experiments import variants
from aecore.experiments.grid import Planned
from aecore.experiments.sweep import folder_name
from aecore.i18n import t
from aecore.presets import preset
from aecore.runs import index
from aecore.runs.index import Row
from aecore.runs.trained_model import TrainedModel
from aecore.training.snapshot import Snapshot
from dashboard.components.live_figure import figure
from dashboard.figures.bottleneck_curve import against_bottleneck
from dashboard.shell import page
from dashboard.state import background, commands, experiments
from dashboard.views.reduce import scaling

WIDTHS = (2, 4, 8, 16, 32, 64)
HELD_OUT = 1000
HEIGHT = 360
POLL_SECONDS = 1.0
COMING = "…"


def show() -> None:
    """Show the page."""
    page.show(_progress, still=still)


def _progress(newest: Snapshot) -> None:
    """Follow the sweep at work; when it is done the whole page is drawn anew."""
    del newest
    found = experiments.current()
    if found is None:
        return
    if found.running:
        experiments.show(found)
    done = len(found.outcomes), found.running
    if st.session_state.setdefault("reduce drawn", done) != done:
        st.session_state["reduce drawn"] = done
        st.rerun()


def still() -> None:
    """Draw error against bottleneck, what classifiers get, the variants, and growing data."""
    dataset = commands.load(commands.config().dataset)
    _bottlenecks(dataset)
    _variants(dataset)
    scaling.panel()


def _bottlenecks(dataset: Dataset) -> None:
    offers = data.offers()
    title = t(offers[dataset.name].title) if dataset.name in offers else dataset.name
    st.markdown(f"**{t('Error against bottleneck, of {name}', name=title)}**")
    best = _best(index.index(commands.desk().root), dataset.name)
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
        st.markdown(f"**{t('What a classifier gets from so many numbers')}**")
        st.fragment(_classifiers, run_every=POLL_SECONDS)(best, dataset)


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
    from aecore.training import probe

    del name
    found = probe.training_pca(_dataset, count)
    widths = [width for width in WIDTHS if width < _dataset.images[0].size]
    images = _dataset.test_images[:HELD_OUT]
    return widths, [found.error(images, width, clamped=True) for width in widths]


def _train(label: str, widths: Sequence[int], dataset: Dataset) -> None:
    now = experiments.current()
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
    root = commands.desk().root
    commands.attempt(lambda: experiments.start(names, planned, dataset, root))


def _classifiers(best: dict[int, Row], dataset: Dataset) -> None:
    table: dict[str, list[Any]] = {
        t("Bottleneck"): [],
        t("kNN, code"): [],
        t("kNN, PCA"): [],
        t("logistic, code"): [],
        t("logistic, PCA"): [],
    }
    keys = ("bottleneck", "code_knn", "pca_knn", "code_logistic", "pca_logistic")
    # The newest wish is met first, and the narrowest stands on top.
    found = {width: _scores(best[width], dataset) for width in sorted(best, reverse=True)}
    for width in sorted(best):
        if (row := found[width]) is None or "code_knn" in row:
            for column, key in zip(table.values(), keys, strict=True):
                known = width if key == "bottleneck" else COMING if row is None else row[key]
                column.append(known if isinstance(known, int | str) else f"{known:.1%}")
    if table[t("Bottleneck")]:
        st.dataframe(table, hide_index=True, key="classifiers")
        st.caption(t("Taught with 5,000 codes of training images, asked about held-out images."))
    else:
        st.caption(t("Finish a run, and the accuracy of two classifiers stands here."))


def _scores(row: Row, dataset: Dataset) -> dict[str, float | int] | None:
    """Return what a run is worth, once it is measured; nothing where it cannot be read."""
    path = commands.desk().root / row["name"]

    def make() -> dict[str, float | int]:
        try:
            return scores(TrainedModel.open(path, dataset))
        except LabError:
            return {}

    return background.ask(("scores", str(path), row["step"]), make)


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
        root = commands.desk().root
        missing = [c for c in configs.values() if not variants.finished(root / folder_name(c))]
        now = experiments.current()
        st.button(
            t("Train the {count} missing", count=len(missing)) if missing else t("All are here"),
            key="train variants",
            icon=":material/play_arrow:",
            disabled=not missing or (now is not None and now.running),
            on_click=_start,
            args=(("activation", "sparsity_kind"), missing, dataset),
        )
    trained = {name: root / folder_name(c) for name, c in configs.items() if c not in missing}
    if trained:
        st.fragment(_table, run_every=POLL_SECONDS)(trained, dataset)
    else:
        st.caption(t("None is trained yet; the same from a terminal: aecore variants"))


def _table(trained: Mapping[str, Path], dataset: Dataset) -> None:
    """Show what each variant is worth; what is still being measured as dots."""
    found = {name: _measured(trained[name], dataset) for name in reversed(list(trained))}
    rows = [found[name] for name in trained]
    heads: Mapping[str, tuple[str, str]] = {
        t("Error"): ("test_mse", ".5f"),
        t("PCA's, same code"): ("pca_mse_clamped", ".5f"),
        t("Active units"): ("active", ".0%"),
        t("kNN from the code"): ("code_knn", ".1%"),
        t("Logistic"): ("code_logistic", ".1%"),
        t("Seconds"): ("seconds", ".1f"),
    }
    st.dataframe(
        {
            t("Variant"): [t(variants.VARIANTS[name][0]) for name in trained],
            **{head: [_cell(row, *form) for row in rows] for head, form in heads.items()},
        },
        hide_index=True,
        key="variants table",
    )


def _measured(path: Path, dataset: Dataset) -> dict[str, Any] | None:
    return background.ask(("variant", str(path)), lambda: variants.measure(path, dataset))


def _cell(row: Mapping[str, Any] | None, name: str, form: str) -> str:
    if row is None:
        return COMING
    value = row.get(name)
    return "–" if value is None else format(value, form)
