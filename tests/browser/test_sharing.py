from tests.browser.lab import Lab, Tabs
from tests.browser.server import Server


def test_a_refresh_finds_the_same_run_still_playing(lab: Lab) -> None:
    lab.fresh()
    lab.play()
    run, step = lab.server.newest(), lab.step
    lab.page.reload()
    lab.until_drawn()
    assert lab.button("pause").is_visible()
    assert lab.step >= step
    lab.until_step(lab.step + 1)
    assert lab.server.newest() == run


def test_a_second_tab_sees_the_same_run_and_its_controls_follow(
    lab: Lab, tabs: Tabs, server: Server
) -> None:
    lab.fresh()
    lab.play()
    second = tabs(server)
    second.open()
    assert second.button("pause").is_visible()
    assert second.step > 0
    lab.slider("noise").press("ArrowRight")
    second.until(lambda: second.place("noise") == "0.05", "the noise follows")
    second.until(lambda: "noise=0.05" in second.page.url, "the address follows")
    second.pause()
    lab.button("play").wait_for()
    lab.until(lambda: lab.step == second.step, "both show the same step")


def test_a_shared_address_brings_its_settings(tabs: Tabs, server: Server) -> None:
    lab = tabs(server)
    lab.open_fresh(bottleneck=3, noise_kind="masking")
    lab.slider("noise").press("ArrowRight")
    lab.until(lambda: "noise=0.05" in lab.page.url, "the address holds the noise")
    shared = dict(server.now())
    address = lab.page.url
    lab.leave()
    other = tabs(server)
    other.open_fresh()
    other.leave()
    friend = tabs(server)
    friend.open_address(address)
    assert (friend.place("bottleneck"), friend.place("noise")) == ("3", "0.05")
    assert friend.chosen("noise_kind") == "Masking"
    assert server.now() == shared


def test_a_bad_value_in_an_address_is_said_and_the_page_opens(lab: Lab) -> None:
    lab.open(noise=7)
    lab.says("noise is 7; choose a number, 0 to 1.")
    assert lab.place("noise") != "7"


def test_an_unknown_data_set_in_an_address_is_said_and_the_page_opens(lab: Lab) -> None:
    lab.open(dataset="nowhere")
    lab.says("There is no dataset 'nowhere'")
    assert lab.chosen("dataset") != "nowhere"
