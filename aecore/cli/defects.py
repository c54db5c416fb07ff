"""``aecore defects``: map the defects in pictures."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from aecore.cli.terminal.output import AsJson, print_note, print_result, print_table
from aecore.i18n import N_, Message, nt, t

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from aecore.applications.defects import Maps
    from aecore.data.custom.masks import MaskedImages

METHODS: Mapping[str, Message] = {"network": N_("network"), "pca": N_("PCA")}
SIDE = 256
COLOUR = (238, 89, 129)
OPACITY = 0.8


@dataclass(frozen=True, eq=False)
class Findings:
    """The maps of a method for all pictures, and its threshold; regions are above it."""

    maps: "Maps"
    threshold: float


def defects(
    run: Annotated[Path, Parameter(help=t("The folder of the run."))],
    folder: Annotated[
        Path,
        Parameter(help=t("A folder or ZIP of pictures, with masks if it has MVTec's layout.")),
    ],
    *,
    out: Annotated[
        Path | None,
        Parameter(help=t("Folder for a PNG of each picture; none are written by default.")),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Map the reconstruction error beyond what is normal at each pixel, and outline defects."""
    from aecore.applications import defects as engine
    from aecore.data.custom import masks
    from aecore.runs.trained_model import TrainedModel

    network = TrainedModel.open(run)
    pictures = masks.read(folder, network.dataset.shape, network.dataset.preparation)
    normal = engine.normal_images(network)
    findings = {}
    for method, fit in zip(METHODS, (engine.network_map, engine.pca_map), strict=True):
        fitted = fit(network, normal)
        findings[method] = Findings(fitted.z_scores(pictures.images), fitted.threshold)
    if out is not None:
        _write_pictures(out, pictures, findings["network"])
    left_out = engine.are_among(pictures.images, [network.images, normal])
    total = _result(pictures, findings, ~left_out)
    folders = {
        name: _result(pictures, findings, rows & ~left_out) for name, rows in _folders(pictures)
    }
    if as_json:
        print_result(json.dumps({**total, "left_out": int(left_out.sum()), "folders": folders}))
    else:
        _print_notes(len(normal), int(left_out.sum()))
        results = [*(folders.items() if len(folders) > 1 else ()), (t("all"), total)]
        heads = [t("pictures"), t("images"), t("method"), t("with a region"), t("pixel AUROC")]
        print_table(heads, [row for result in results for row in _table_rows(*result)])
    return 0


def _folders(pictures: "MaskedImages") -> Iterator[tuple[str, "NDArray[np.bool_]"]]:
    """Yield each folder of pictures, and which pictures are in it."""
    import numpy as np

    folders = np.array([str(path.parent) for path in pictures.paths])
    for folder in np.unique(folders).tolist():
        yield folder, folders == folder


def _result(
    pictures: "MaskedImages", findings: Mapping[str, Findings], rows: "NDArray[np.bool_]"
) -> dict[str, Any]:
    """Return the number of pictures, the share with a region, and the AUROC of each method."""
    from aecore.applications.defects import pixel_auroc

    result: dict[str, Any] = {"images": int(rows.sum())}
    masked = rows & pictures.known
    for method, each in findings.items():
        largest = each.maps[rows].max((1, 2))
        result[method] = {
            "threshold": each.threshold,
            "with_region": float((largest > each.threshold).mean()) if len(largest) else None,
            "pixel_auroc": pixel_auroc(each.maps[masked], pictures.masks[masked]),
        }
    return result


def _table_rows(name: str, result: Mapping[str, Any]) -> Iterator[list[str]]:
    for method, label in METHODS.items():
        share, area = (result[method][key] for key in ("with_region", "pixel_auroc"))
        yield [
            name,
            str(result["images"]),
            str(label),
            "–" if share is None else f"{share:.1%}",
            "–" if area is None else f"{area:.4f}",
        ]


def _print_notes(normal: int, left_out: int) -> None:
    print_note(
        nt(
            "What is normal at each pixel was learned from {count} normal held-out image.",
            "What is normal at each pixel was learned from {count} normal held-out images.",
            normal,
        )
    )
    if left_out:
        print_note(
            nt(
                "{count} picture is not counted: it is one of these, or the run was trained on it.",
                "{count} pictures are not counted: they are among these, or the run was trained on "
                "them.",
                left_out,
            )
        )


def _write_pictures(out: Path, pictures: "MaskedImages", findings: Findings) -> None:
    from aecore.files import write

    for path, image, z in zip(pictures.paths, pictures.images, findings.maps, strict=True):
        file = out / _inner(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        write(file, _png(image, z, findings.threshold))


def _inner(path: PurePosixPath) -> PurePosixPath:
    """Return a place for a PNG inside a folder, whatever path an archive names."""
    parts = [part.replace(":", "_") for part in path.parts if part not in ("/", "//", "..")]
    name = parts[-1] if path.suffix.lower() == ".png" else f"{parts[-1]}.png"
    return PurePosixPath(*parts[:-1], name)


def _png(image: "NDArray[np.uint8]", z: "Maps", threshold: float) -> bytes:
    """Draw a picture with its regions outlined, and beside it the map over the picture."""
    import numpy as np
    from PIL import Image, ImageDraw

    from aecore.applications.defects import outline

    share = OPACITY * (z / max(threshold, 1e-9)).clip(0, 1)[..., None]
    grey = np.repeat(image[..., None], 3, axis=2)
    shaded = np.rint(grey * (1 - share) + np.array(COLOUR) * share).astype(np.uint8)
    scale = max(1, round(SIDE / max(image.shape)))
    pixels = np.hstack([grey, shaded]).repeat(scale, axis=0).repeat(scale, axis=1)
    sheet = Image.fromarray(pixels)
    draw = ImageDraw.Draw(sheet)
    for line in outline(z > threshold):
        draw.line([(x, y) for x, y in ((line + 0.5) * scale).tolist()], COLOUR, width=2)
    file = BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()
