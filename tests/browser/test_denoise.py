"""Denoise: what its controls do."""

from pathlib import Path

from tests.browser.lab import Goes, Lab


def test_noise_is_taken_off_and_a_bad_file_is_refused(lab: Lab, goes: Goes, tmp_path: Path) -> None:
    goes("Denoise", "denoise-curves")
    assert "dB (SSIM" in lab.text
    lab.until(lambda: "Best baseline" in lab.text, "the others are measured")
    before = lab.redraws("denoised")
    lab.slider("denoise level").press("ArrowRight")
    lab.until(lambda: "At 0.35" in lab.text, "the level is another")
    assert lab.redraws("denoised") > before
    (tmp_path / "bad.png").write_bytes(b"no image")
    lab.page.get_by_text("Your own images", exact=True).click()
    lab.widget("denoise upload").locator("input[type=file]").set_input_files(tmp_path / "bad.png")
    lab.says("cannot be read")
