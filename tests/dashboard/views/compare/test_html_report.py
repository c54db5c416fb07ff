import re

from aecore.config import Config
from aecore.data import Dataset
from aecore.training.trainer import Trainer
from dashboard.views.compare.html_report import page
from tests.support import advance


def test_report_contains_all_figures_and_fetches_nothing(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick)
    advance(trainer, 3)
    text = page(trainer.snapshot(), "<run>").decode()
    assert "<h1>&lt;run&gt;</h1>" in text
    assert "bottleneck 4, step 3 of 24" in text
    assert text.count("Plotly.newPlot(") >= 3
    assert text.count("data:image/png;base64,") >= 1
    assert not re.search(r'<(script|link|img)[^>]+(src|href)="https?:', text)


def test_report_says_where_pca_is_exact(small: Dataset, quick: Config) -> None:
    for bottleneck, is_exact in ((4, False), (30, True)):
        trainer = Trainer(small, quick.changed(bottleneck=bottleneck, noise=0.0))
        advance(trainer, 3)
        text = page(trainer.snapshot(), "run").decode()
        assert ("PCA is exact at this width." in text) is is_exact


def test_run_without_steps_has_a_report(small: Dataset, quick: Config) -> None:
    assert b"step 0 of 24" in page(Trainer(small, quick).snapshot(), "run")
