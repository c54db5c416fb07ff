"""Export the figures of a run as a self-contained HTML page."""

from base64 import b64encode
from html import escape

import plotly.graph_objects as go

from aecore.data.names import display_name
from aecore.i18n import t
from aecore.metrics.activity import activity
from aecore.metrics.pca import is_exact
from aecore.training.snapshot import Snapshot
from dashboard.figures import images as image_figures
from dashboard.figures.code_activity import code_activity
from dashboard.figures.latent_map import latent_map
from dashboard.figures.loss_curve import loss
from dashboard.widgets.edit_texts import edit_texts

HEIGHT = 420
PAGE = """<!doctype html>
<html>
<head>
<meta charset="utf-8">
<title>{name}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 960px; margin: 2rem auto; }}
h1, h2 {{ font-weight: 600; }}
h2 {{ font-size: 1.1rem; margin-top: 2rem; }}
img {{ width: 100%; image-rendering: pixelated; }}
</style>
</head>
<body>
<h1>{name}</h1>
<p>{summary}</p>
{parts}
</body>
</html>
"""


def page(snapshot: Snapshot, name: str) -> bytes:
    """Return the loss curve, latent map, code activity and reconstructions of a run as HTML.

    Parameters
    ----------
    snapshot : Snapshot
        Of the live run, or read from disk.
    name : str
        Name of the run.

    Returns
    -------
    bytes
        The page, UTF-8 encoded. It includes plotly's source, so that it works offline.
    """
    units = activity(snapshot.codes)
    classes = [display_name(name) for name in snapshot.classes]
    drawings = {
        t("Reconstruction error"): loss(snapshot.history, edit_texts(snapshot.edits)),
        t("Latent map"): latent_map(snapshot.points, snapshot.labels, classes),
        t("Code activity"): code_activity(units.mean, units.active, units.dead),
    }
    parts = [
        _figure(head, go.Figure(drawing), first=not number)
        for number, (head, drawing) in enumerate(drawings.items())
    ]
    summary = t(
        "{dataset}, bottleneck {bottleneck}, step {step:,} of {total:,}",
        dataset=snapshot.config.dataset,
        bottleneck=snapshot.config.bottleneck,
        step=snapshot.step,
        total=snapshot.total_steps,
    )
    if snapshot.history and is_exact(snapshot.history[-1]["pca"]):
        summary += ". " + t("PCA is exact at this width.")
    return PAGE.format(
        name=escape(name), summary=escape(summary), parts="\n".join([*parts, _pictures(snapshot)])
    ).encode()


def _figure(head: str, drawing: go.Figure, *, first: bool) -> str:
    # The dashboard sets colours and fonts in the browser; a page on its own needs a template.
    drawing.update_layout(template="plotly_white", height=HEIGHT)
    body = drawing.to_html(full_html=False, include_plotlyjs=first)
    return f"<h2>{escape(head)}</h2>\n{body}"


def _pictures(snapshot: Snapshot) -> str:
    examples = snapshot.examples
    error = abs(examples.reconstructions - examples.originals)
    rows = (t("original"), t("corrupted"), t("reconstructed"), t("error"))
    picture = image_figures.mosaic(
        [examples.originals, examples.corrupted, examples.reconstructions, error]
    )
    source = "data:image/png;base64," + b64encode(image_figures.png(picture)).decode()
    head, caption = escape(t("Reconstructions")), escape(", ".join(rows))
    return f'<h2>{head}</h2>\n<p>{caption}</p>\n<img alt="{caption}" src="{source}">'
