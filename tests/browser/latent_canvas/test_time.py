import numpy as np
from numpy.typing import NDArray

from tests.browser.latent_canvas.map import CanvasServer, Map
from tests.browser.latent_canvas.scene import LABELS, POINTS, Open, bring_decoder
from tests.dashboard.components.test_latent_canvas import build

CLASSES = ["left", "right", "alone"]


def bring_frames(scene: CanvasServer, name: str, steps: list[int]) -> None:
    """Bring frames in which the map grows with the step."""
    frames = np.stack([POINTS * (1 + step / 100) for step in steps]).astype(np.float32)
    scene.bring(name, str(steps), {"frames": frames, "steps": np.array(steps, np.int32)})


def bring_history(scene: CanvasServer) -> None:
    scene.page["bundles"].pop("points")
    scene.bring("labels", "1", {"labels": LABELS}, classes=CLASSES)
    bring_frames(scene, "early", [0, 50])
    bring_frames(scene, "late", [100, 150])
    scene.say(settings={"step": 150})


def scrub(canvas: Map, place: int) -> None:
    """Let the slider go at a frame."""
    slider = canvas.page.get_by_role("slider")
    slider.fill(str(place))
    slider.dispatch_event("change")
    canvas.until("state.time.index === given", place)
    canvas.rest()


def positions(canvas: Map) -> NDArray[np.float64]:
    return np.array(canvas.state("[...state.positions]")).reshape(-1, 2)


def test_the_slider_moves_all_points_and_python_is_told(scene: CanvasServer, opened: Open) -> None:
    bring_history(scene)
    canvas = opened()
    assert canvas.text("step") == "Step 150 · newest"
    np.testing.assert_allclose(positions(canvas), POINTS * 2.5, atol=1e-5)
    scrub(canvas, 1)
    assert canvas.text("step") == "Step 50"
    np.testing.assert_allclose(positions(canvas), POINTS * 1.5, atol=1e-5)
    canvas.told("frame=50")
    scrub(canvas, 3)
    canvas.told("frame=None")


def test_points_lie_between_two_frames_on_the_way(scene: CanvasServer, opened: Open) -> None:
    bring_history(scene)
    canvas = opened()
    canvas.state("state.time.targetIndex = 1.25")
    canvas.press("+")
    canvas.until("state.time.index === 1.25")
    canvas.rest()
    np.testing.assert_allclose(positions(canvas), POINTS * 1.625, atol=1e-3)


def test_play_goes_from_the_first_frame_to_the_last(scene: CanvasServer, opened: Open) -> None:
    bring_history(scene)
    canvas = opened()
    canvas.page.locator(".latent-canvas-play").click()
    canvas.until("state.time.playing && state.time.index > 0.2 && state.time.index < 2.5")
    first = positions(canvas)[60, 0]
    assert 6 < first < 15
    canvas.until("!state.time.playing")
    canvas.rest()
    np.testing.assert_allclose(positions(canvas), POINTS * 2.5, atol=1e-5)
    canvas.told("frame=None")


def test_the_newest_frame_is_followed_until_one_scrubs_back(
    scene: CanvasServer, opened: Open
) -> None:
    bring_history(scene)
    canvas = opened()
    bring_frames(scene, "later", [200])
    scene.say(settings={"step": 200})
    canvas.again()
    canvas.until("state.time.frames.length === 5")
    canvas.rest()
    assert canvas.text("step") == "Step 200 · newest"
    np.testing.assert_allclose(positions(canvas), POINTS * 3, atol=1e-5)
    scrub(canvas, 1)
    bring_frames(scene, "latest", [250])
    canvas.again()
    canvas.until("state.time.frames.length === 6")
    canvas.rest()
    assert canvas.text("step") == "Step 50"
    np.testing.assert_allclose(positions(canvas), POINTS * 1.5, atol=1e-5)


def test_nothing_is_decoded_by_a_decoder_of_another_step(scene: CanvasServer, opened: Open) -> None:
    bring_history(scene)
    canvas = opened()
    canvas.hover(0, 0)
    assert canvas.picture(1) is not None
    scrub(canvas, 1)
    canvas.hover(0, 0.1)
    assert canvas.picture(1) is None
    assert "Pause playback to decode" in canvas.text("lines")
    bring_decoder(scene, "50", build())
    scene.say(settings={"step": 50})
    canvas.again()
    canvas.until("state.settings.step === 50")
    canvas.hover(0, 0)
    assert canvas.picture(1) is not None


def test_points_newer_than_the_frames_are_the_last(scene: CanvasServer, opened: Open) -> None:
    bring_history(scene)
    scene.bring("points", "160", {"points": POINTS * 2})
    scene.say(settings={"step": 160})
    canvas = opened()
    assert canvas.text("step") == "Step 160 · newest"
    np.testing.assert_allclose(positions(canvas), POINTS * 2, atol=1e-5)


def test_the_server_may_set_the_time(scene: CanvasServer, opened: Open) -> None:
    bring_history(scene)
    canvas = opened()
    scene.say(given={"frame": 100}, revision="2")
    canvas.again()
    canvas.until("state.revision === '2'")
    canvas.rest()
    assert canvas.text("step") == "Step 100"
    canvas.told("frame=100")
