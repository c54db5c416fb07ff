"""What the page has to say: refusals, why a run stands, and runs one may go on with."""

import streamlit as st

from aecore.errors import LabError
from aecore.i18n import t
from aecore.runs.job import Job
from aecore.runs.run import Run
from dashboard.state import commands


def show() -> None:
    """Show what there is to say, most urgent first."""
    if said := commands.take("refusal"):
        st.error(said, icon=":material/block:")
    if said := commands.take("news"):
        st.toast(said, icon=":material/inventory_2:")
    now = commands.desk()
    if now.followed is not None:
        _followed(now.followed)
    elif now.job is not None:
        _standing(now.job)
        if now.job.latest.step == 0 and not now.job.playing:
            _offer()


def _standing(job: Job) -> None:
    snapshot = job.latest
    if job.error is not None:
        st.error(str(job.error), icon=":material/error:")
    elif job.idle:
        text = t("The run paused itself, as nobody watched for a while. Play goes on.")
        st.info(text, icon=":material/bedtime:")
    elif snapshot.finished:
        _finished(job)


def _finished(job: Job) -> None:
    snapshot = job.latest
    last = snapshot.history[-1]
    epochs = snapshot.config.epochs
    if last["held_out"] > last["pca"]:
        text = t(
            "Finished, but {count} principal components still do better. Raise epochs to go on, "
            "or try the linear path, another activation or learning rate.",
            count=snapshot.config.bottleneck,
        )
        st.warning(text, icon=":material/trending_flat:")
    else:
        text = t("Finished: {epochs} epochs. Raise epochs to go on.", epochs=epochs)
        st.success(text, icon=":material/check_circle:")


def _offer() -> None:
    """Offer to go on with the last unfinished run, or to watch one trained elsewhere."""
    now = commands.desk()
    for run in commands.saved_runs():
        if now.job is not None and run.path == now.job.run.path:
            continue
        try:
            where = run.summary()
        except LabError:
            continue
        if run.busy:
            text = t("{name} is being trained by another program.", name=run.name)
            _choice(text, t("Watch it"), run)
        elif where["step"] and where["step"] < where["total_steps"]:
            text = t(
                "{name} stands at step {step:,} of {total:,}.",
                name=run.name,
                step=where["step"],
                total=where["total_steps"],
            )
            _choice(text, t("Go on with it"), run)
        return


def _followed(run: Run) -> None:
    if run.busy:
        text = t("{name} is trained by another program; you see it as it is saved.", name=run.name)
        st.info(text, icon=":material/visibility:")
    else:
        text = t("{name} is not trained by anyone now.", name=run.name)
        _choice(text, t("Go on with it here"), run)


def _choice(text: str, label: str, run: Run) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/history: {text}", width="stretch")
        st.button(
            label,
            key=f"open {run.name}",
            on_click=commands.open_run,
            args=(run,),
        )
