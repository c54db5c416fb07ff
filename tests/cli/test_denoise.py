from pathlib import Path

from tests.cli.conftest import SMALL, Call


def test_methods_are_compared_at_each_noise_level(call: Call, tmp_path: Path) -> None:
    call("train", *SMALL, "--epochs", "1", "--noise", "0.3", "--out", tmp_path / "x")
    rows = call("denoise", tmp_path / "x", "--noise", "0.2,0.4", "--images", "30", "--json").json
    assert [row["noise"] for row in rows[::6]] == [0.2, 0.4]
    assert {row["method"] for row in rows} >= {"autoencoder", "wiener", "median", "tv", "pca"}
    noisy = [row["psnr"] for row in rows if row["method"] == "noisy"]
    assert noisy[0] > noisy[1]
    assert "Wiener" in call("denoise", tmp_path / "x", "--noise", "0.2", "--images", "30").out


def test_invalid_noise_levels_are_rejected(call: Call, tmp_path: Path) -> None:
    for level in ("2", "much", ""):
        result = call("denoise", tmp_path, "--noise", level)
        assert result.code == 2
        assert "--noise is" in result.err
