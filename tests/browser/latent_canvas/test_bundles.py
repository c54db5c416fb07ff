import numpy as np

from tests.browser.latent_canvas.map import CanvasServer, Map
from tests.browser.latent_canvas.scene import IMAGES, LABELS, PIXELS, POINTS, SHAPE, Open


def sent(canvas: Map) -> int:
    """Run the script again, and return how many bytes that brought."""
    before = sum(canvas.received)
    canvas.again()
    return sum(canvas.received) - before


def test_what_has_not_changed_is_not_sent_again(scene: CanvasServer, opened: Open) -> None:
    big = np.resize(IMAGES, (4000, PIXELS))
    scene.bring("points", "big", {"points": np.resize(POINTS, (4000, 2))})
    scene.bring("images", "big", {"images": big}, shape=SHAPE)
    canvas = opened()
    assert sum(canvas.received) > big.nbytes
    assert max(sent(canvas) for _ in range(4)) < 60_000
    marked = "document.querySelector('.latent-canvas').marked"
    canvas.page.evaluate(f"{marked} = true")
    scene.bring("points", "moved", {"points": np.resize(POINTS + 1, (4000, 2))})
    assert 4000 * 8 < sent(canvas) < 4000 * 8 + 120_000
    canvas.until("state.appliedBundles.includes('moved')")
    assert canvas.page.evaluate(marked) is True


def test_the_map_waits_until_all_is_there(scene: CanvasServer, opened: Open) -> None:
    canvas = opened()
    scene.page["bundles"]["points"] = "2"
    np.savez(scene.folder / "points.npz", points=POINTS + 1, labels=LABELS)
    canvas.page.evaluate(
        """() => {
          const put = aecoreBundles.set.bind(aecoreBundles);
          aecoreBundles.set = (name, bundle) => (window.late = () => {
            put(name, bundle);
            window.dispatchEvent(new CustomEvent("aecore-bundle"));
          });
        }"""
    )
    scene.say()
    canvas.again()
    canvas.page.wait_for_function("window.late !== undefined")
    assert canvas.state("state.positions[0]") == np.float32(POINTS[0, 0])
    canvas.page.evaluate("window.late()")
    canvas.until("Math.abs(state.positions[0] - given) < 1e-5", float(POINTS[0, 0] + 1))


def test_a_bundle_that_is_gone_is_let_go(scene: CanvasServer, opened: Open) -> None:
    canvas = opened()
    assert set(canvas.page.evaluate("[...aecoreBundles.keys()]")) == {
        "points",
        "images",
        "decoder",
    }
    scene.page["bundles"].pop("images")
    scene.say()
    canvas.again()
    canvas.page.wait_for_function("aecoreBundles.size === 2")
