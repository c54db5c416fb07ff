import numpy as np

from tests.browser.latent_canvas.map import CanvasServer, Map
from tests.browser.latent_canvas.scene import IMAGES, LABELS, PIXELS, POINTS, SHAPE, OpenCanvas


def rerun_bytes(canvas: Map) -> int:
    """Rerun the script, and return how many bytes the browser received."""
    before = sum(canvas.received)
    canvas.rerun()
    return sum(canvas.received) - before


def test_unchanged_bundles_are_not_resent(scene: CanvasServer, open_canvas: OpenCanvas) -> None:
    big = np.resize(IMAGES, (4000, PIXELS))
    scene.add_bundle("points", "big", {"points": np.resize(POINTS, (4000, 2))})
    scene.add_bundle("images", "big", {"images": big}, shape=SHAPE)
    canvas = open_canvas()
    assert sum(canvas.received) > big.nbytes
    assert max(rerun_bytes(canvas) for _ in range(4)) < 60_000
    mark = "document.querySelector('.latent-canvas').marked"
    canvas.page.evaluate(f"{mark} = true")
    scene.add_bundle("points", "moved", {"points": np.resize(POINTS + 1, (4000, 2))})
    assert 4000 * 8 < rerun_bytes(canvas) < 4000 * 8 + 120_000
    canvas.wait_until("state.appliedBundles.includes('moved')")
    assert canvas.page.evaluate(mark) is True


def test_map_is_updated_only_when_all_bundles_have_arrived(
    scene: CanvasServer, open_canvas: OpenCanvas
) -> None:
    canvas = open_canvas()
    scene.page["bundles"]["points"] = "2"
    np.savez(scene.folder / "points.npz", points=POINTS + 1, labels=LABELS)
    canvas.page.evaluate(
        """() => {
          const set = aecoreBundles.set.bind(aecoreBundles);
          aecoreBundles.set = (name, bundle) => (window.deliver = () => {
            set(name, bundle);
            window.dispatchEvent(new CustomEvent("aecore-bundle"));
          });
        }"""
    )
    scene.update_page()
    canvas.rerun()
    canvas.page.wait_for_function("window.deliver !== undefined")
    assert canvas.value("state.positions[0]") == np.float32(POINTS[0, 0])
    canvas.page.evaluate("window.deliver()")
    canvas.wait_until("Math.abs(state.positions[0] - given) < 1e-5", float(POINTS[0, 0] + 1))


def test_removed_bundles_are_released_in_the_browser(
    scene: CanvasServer, open_canvas: OpenCanvas
) -> None:
    canvas = open_canvas()
    assert set(canvas.page.evaluate("[...aecoreBundles.keys()]")) == {
        "points",
        "images",
        "decoder",
    }
    scene.page["bundles"].pop("images")
    scene.update_page()
    canvas.rerun()
    canvas.page.wait_for_function("aecoreBundles.size === 2")
