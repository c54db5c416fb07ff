import numpy as np
from numpy.typing import NDArray

from tests.browser.latent_canvas.map import CanvasServer, Map
from tests.browser.latent_canvas.scene import LABELS, POINTS, OpenCanvas, add_decoder
from tests.dashboard.components.test_latent_canvas import build

CLASSES = ["left", "right", "alone"]


def add_frames(scene: CanvasServer, name: str, steps: list[int]) -> None:
    """Add frames in which the map grows with the step."""
    frames = np.stack([POINTS * (1 + step / 100) for step in steps]).astype(np.float32)
    scene.add_bundle(name, str(steps), {"frames": frames, "steps": np.array(steps, np.int32)})


def add_history(scene: CanvasServer) -> None:
    scene.page["bundles"].pop("points")
    scene.add_bundle("labels", "1", {"labels": LABELS}, classes=CLASSES)
    add_frames(scene, "early", [0, 50])
    add_frames(scene, "late", [100, 150])
    scene.update_page(settings={"step": 150})


def scrub(canvas: Map, index: int) -> None:
    """Move the timeline slider to a frame."""
    slider = canvas.page.get_by_role("slider")
    slider.fill(str(index))
    slider.dispatch_event("change")
    canvas.wait_until("state.time.index === given", index)
    canvas.wait_until_idle()


def positions(canvas: Map) -> NDArray[np.float64]:
    return np.array(canvas.value("[...state.positions]")).reshape(-1, 2)


def test_slider_moves_all_points_and_notifies_python(
    scene: CanvasServer, open_canvas: OpenCanvas
) -> None:
    add_history(scene)
    canvas = open_canvas()
    assert canvas.text("step") == "Step 150 · newest"
    np.testing.assert_allclose(positions(canvas), POINTS * 2.5, atol=1e-5)
    scrub(canvas, 1)
    assert canvas.text("step") == "Step 50"
    np.testing.assert_allclose(positions(canvas), POINTS * 1.5, atol=1e-5)
    canvas.wait_for_marks("frame=50")
    scrub(canvas, 3)
    canvas.wait_for_marks("frame=None")


def test_points_are_interpolated_between_frames(
    scene: CanvasServer, open_canvas: OpenCanvas
) -> None:
    add_history(scene)
    canvas = open_canvas()
    canvas.value("state.time.targetIndex = 1.25")
    canvas.press("+")
    canvas.wait_until("state.time.index === 1.25")
    canvas.wait_until_idle()
    np.testing.assert_allclose(positions(canvas), POINTS * 1.625, atol=1e-3)


def test_play_runs_from_the_first_frame_to_the_last(
    scene: CanvasServer, open_canvas: OpenCanvas
) -> None:
    add_history(scene)
    canvas = open_canvas()
    canvas.page.locator(".latent-canvas-play").click()
    canvas.wait_until("state.time.playing && state.time.index > 0.2 && state.time.index < 2.5")
    x = positions(canvas)[60, 0]
    assert 6 < x < 15
    canvas.wait_until("!state.time.playing")
    canvas.wait_until_idle()
    np.testing.assert_allclose(positions(canvas), POINTS * 2.5, atol=1e-5)
    canvas.wait_for_marks("frame=None")


def test_newest_frame_is_followed_until_the_user_scrubs_back(
    scene: CanvasServer, open_canvas: OpenCanvas
) -> None:
    add_history(scene)
    canvas = open_canvas()
    add_frames(scene, "later", [200])
    scene.update_page(settings={"step": 200})
    canvas.rerun()
    canvas.wait_until("state.time.frames.length === 5")
    canvas.wait_until_idle()
    assert canvas.text("step") == "Step 200 · newest"
    np.testing.assert_allclose(positions(canvas), POINTS * 3, atol=1e-5)
    scrub(canvas, 1)
    add_frames(scene, "latest", [250])
    canvas.rerun()
    canvas.wait_until("state.time.frames.length === 6")
    canvas.wait_until_idle()
    assert canvas.text("step") == "Step 50"
    np.testing.assert_allclose(positions(canvas), POINTS * 1.5, atol=1e-5)


def test_decoder_of_another_step_is_not_used(scene: CanvasServer, open_canvas: OpenCanvas) -> None:
    add_history(scene)
    canvas = open_canvas()
    canvas.hover(0, 0)
    assert canvas.panel_image(1) is not None
    scrub(canvas, 1)
    canvas.hover(0, 0.1)
    assert canvas.panel_image(1) is None
    assert "Pause playback to decode" in canvas.text("lines")
    add_decoder(scene, "50", build())
    scene.update_page(settings={"step": 50})
    canvas.rerun()
    canvas.wait_until("state.settings.step === 50")
    canvas.hover(0, 0)
    assert canvas.panel_image(1) is not None


def test_points_newer_than_all_frames_become_the_last_frame(
    scene: CanvasServer, open_canvas: OpenCanvas
) -> None:
    add_history(scene)
    scene.add_bundle("points", "160", {"points": POINTS * 2})
    scene.update_page(settings={"step": 160})
    canvas = open_canvas()
    assert canvas.text("step") == "Step 160 · newest"
    np.testing.assert_allclose(positions(canvas), POINTS * 2, atol=1e-5)


def test_server_sets_the_timeline(scene: CanvasServer, open_canvas: OpenCanvas) -> None:
    add_history(scene)
    canvas = open_canvas()
    scene.update_page(given={"frame": 100}, revision="2")
    canvas.rerun()
    canvas.wait_until("state.revision === '2'")
    canvas.wait_until_idle()
    assert canvas.text("step") == "Step 100"
    canvas.wait_for_marks("frame=100")
