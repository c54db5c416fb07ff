"""The figures of a run as one page that opens anywhere, without a network."""

from base64 import b64encode
from html import escape

import plotly.graph_objects as go

from aecore.data.names import display_name
from aecore.i18n import t
from aecore.metrics.activity import activity
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
<p>{said}</p>
{parts}
</body>
</html>
"""


def page(snapshot: Snapshot, name: str) -> bytes:
    """Return the loss curve, latent map, code activity and reconstructions of a run as HTML.

    Parameters
    ----------
    snapshot : Snapshot
        Live or from disk.
    name : str
        Of the run.

    Returns
    -------
    bytes
        With plotly's source in it, so that it needs nothing else.
    """
    measured = activity(snapshot.codes)
    classes = [display_name(each) for each in snapshot.classes]
    drawings = {
        t("Reconstruction error"): loss(snapshot.history, edit_texts(snapshot.edits)),
        t("Latent map"): latent_map(snapshot.points, snapshot.labels, classes),
        t("Code activity"): code_activity(measured.mean, measured.active, measured.dead),
    }
    parts = [_figure(*each, first=not number) for number, each in enumerate(drawings.items())]
    said = t(
        "{dataset}, bottleneck {bottleneck}, step {step:,} of {total:,}",
        dataset=snapshot.config.dataset,
        bottleneck=snapshot.config.bottleneck,
        step=snapshot.step,
        total=snapshot.total_steps,
    )
    return PAGE.format(
        name=escape(name), said=escape(said), parts="\n".join([*parts, _pictures(snapshot)])
    ).encode()


def _figure(head: str, drawing: go.Figure, *, first: bool) -> str:
    # In the page the browser gives colours and font; here plotly's own white template does.
    drawing.update_layout(template="plotly_white", height=HEIGHT)
    body = drawing.to_html(full_html=False, include_plotlyjs=first)
    return f"<h2>{escape(head)}</h2>\n{body}"


def _pictures(snapshot: Snapshot) -> str:
    shown = snapshot.examples
    error = abs(shown.reconstructions - shown.originals)
    rows = (t("original"), t("corrupted"), t("reconstructed"), t("error"))
    picture = image_figures.mosaic([shown.originals, shown.corrupted, shown.reconstructions, error])
    source = "data:image/png;base64," + b64encode(image_figures.png(picture)).decode()
    head, words = escape(t("Reconstructions")), escape(", ".join(rows))
    return f'<h2>{head}</h2>\n<p>{words}</p>\n<img alt="{words}" src="{source}">'
