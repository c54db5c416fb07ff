"""The controls of the Denoise page."""

from pathlib import Path

from tests.browser.lab import GoToPage, Lab


def test_image_is_denoised_and_bad_file_is_rejected(
    lab: Lab, go_to_page: GoToPage, tmp_path: Path
) -> None:
    go_to_page("Denoise", "denoise-curves")
    lab.wait_until(lambda: "dB (SSIM" in lab.text, "the network is measured")
    lab.wait_until(lambda: "Best baseline" in lab.text, "the baselines are measured")
    before = lab.redraws("denoised")
    lab.slider("denoise level").press("ArrowRight")
    lab.wait_until(lambda: "At 0.35" in lab.text, "the level is changed")
    assert lab.redraws("denoised") > before
    (tmp_path / "bad.png").write_bytes(b"no image")
    lab.page.get_by_text("Your own images", exact=True).click()
    lab.widget("denoise upload").locator("input[type=file]").set_input_files(tmp_path / "bad.png")
    lab.wait_for_notice("cannot be read")
