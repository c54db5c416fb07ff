"""The Guide in the browser: its picture answers, and what it offers begins."""

from tests.browser.lab import Lab


def test_the_network_answers_and_a_lesson_begins_on_its_page(lab: Lab) -> None:
    lab.fresh()
    lab.page.get_by_role("link", name="Guide").click()
    lab.until(lambda: lab.figure("network").count() == 1, "the network is there")
    lab.until(lambda: lab.redraws("network") > 0, "the network is drawn")

    def says(width: str) -> bool:
        notes = lab.plotted("network", "layout.annotations.map(note => note.text)")
        return width in notes

    lab.until(lambda: says("8"), "the code is that of the run")
    lab.slider("bottleneck").press("ArrowRight")
    lab.until(lambda: says(lab.place("bottleneck")) and not says("8"), "the picture follows")
    lab.press("variant classic")
    lab.until(lambda: lab.figure("loss-curve").count() == 1, "the Train page is shown")
    lab.until(lambda: lab.chosen("preset") == "Classic", "the preset is the one wanted")
    lab.until_step(1)
    lab.pause()
