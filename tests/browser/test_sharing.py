from aecore.runs.run import Run
from tests.browser.lab import QUICK, Lab, OpenTab
from tests.browser.server import Server


def test_refresh_shows_the_same_run_still_training(lab: Lab) -> None:
    lab.ensure_fresh_run()
    lab.play()
    run, step = lab.run, lab.step
    lab.page.reload()
    lab.wait_until_drawn()
    lab.wait_until(lambda: lab.playing, "the run is playing")
    assert lab.step >= step
    lab.wait_for_step(lab.step + 1)
    assert lab.run == run


def test_second_tab_shows_the_same_run_and_its_controls_follow(
    lab: Lab, open_tab: OpenTab, server: Server
) -> None:
    lab.ensure_fresh_run()
    lab.play()
    second = open_tab(server)
    second.open()
    second.wait_until(lambda: second.playing, "the run is playing")
    assert second.step > 0
    lab.slider("noise").press("ArrowRight")
    second.wait_until(lambda: second.slider_value("noise") == "0.05", "the noise follows")
    second.wait_until(lambda: "noise=0.05" in second.page.url, "the URL follows")
    second.pause()
    lab.wait_until_paused()
    lab.wait_until(lambda: lab.step == second.step, "both show the same step")


def test_shared_url_restores_its_settings(open_tab: OpenTab, server: Server) -> None:
    lab = open_tab(server)
    lab.open_fresh_run(bottleneck=3, noise_kind="masking")
    lab.slider("noise").press("ArrowRight")
    lab.wait_until(lambda: "noise=0.05" in lab.page.url, "the URL contains the noise")
    shared_config = lab.config
    url = lab.page.url
    lab.close()
    other = open_tab(server)
    other.open_fresh_run()
    other.close()
    friend = open_tab(server)
    friend.open_url(url)
    assert (friend.slider_value("bottleneck"), friend.slider_value("noise")) == ("3", "0.05")
    assert friend.selected("noise_kind") == "Masking"
    assert friend.config == shared_config


def test_invalid_url_value_is_reported_and_the_page_opens(lab: Lab) -> None:
    lab.open(noise=7)
    lab.wait_for_notice("noise is 7; choose a number, 0 to 1.")
    assert lab.slider_value("noise") != "7"


def test_unknown_url_dataset_is_reported_and_the_page_opens(lab: Lab) -> None:
    lab.open(dataset="nowhere")
    lab.wait_for_notice("There is no dataset 'nowhere'")
    assert lab.selected("dataset") != "nowhere"


def test_two_links_train_two_runs(open_tab: OpenTab, server: Server) -> None:
    tabs = [open_tab(server), open_tab(server)]
    for bottleneck, tab in enumerate(tabs, 3):
        tab.open(**{**QUICK, "bottleneck": bottleneck, "seed": 9_000})
        tab.press("start")
    for tab in tabs:
        tab.wait_for_step(10)
        tab.pause()
        tab.wait_until_paused()
    assert tabs[0].run != tabs[1].run
    for bottleneck, tab in enumerate(tabs, 3):
        run = Run(tab.run)
        assert run.config.bottleneck == bottleneck
        assert run.summary()["step"] == tab.step >= 10


def test_opened_link_leaves_the_run_at_work_alone(lab: Lab, open_tab: OpenTab) -> None:
    lab.ensure_fresh_run()
    lab.play()
    run = lab.run
    before = set(lab.server.runs.iterdir())
    visitor = open_tab(lab.server)
    visitor.open(bottleneck=9, seed=9_001)
    assert visitor.slider_value("bottleneck") == "9"
    visitor.page.get_by_text("The link contains these settings.").wait_for()
    visitor.close()
    lab.wait_for_step(lab.step + 1)
    assert lab.run == run
    assert lab.playing
    assert set(lab.server.runs.iterdir()) == before
