from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from aecore import i18n
from aecore.config import Config
from aecore.errors import LabError
from aecore.i18n import language
from aecore.knob import knob, knobs, sentence, table
from tests.support import Bracketed


class Oven(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    heat: float = knob(180.0, low=50, high=1250.5, step=10, live=True, log=True)
    """How hot it is,
    in degrees."""

    rack: int = knob(2, "Where it stands.", low=1, high=4, group="network", label="Rack height")
    fan: bool = knob(False, "Whether air is moved.")
    mode: Literal["top", "both_sides"] = knob(
        "top", "Whence it comes.", names={"top": "Above"}, when={"fan": (False,)}
    )
    dish: str = knob("bread", "What is in it.", pattern="^[a-z]+$", example="cake")


def refused(**values: object) -> LabError:
    with pytest.raises(ValidationError) as caught:
        Oven(**values)  # type: ignore[arg-type]
    return sentence(Oven, caught.value)


def test_everything_is_read_off_the_declaration() -> None:
    heat, rack, fan, mode, dish = knobs(Oven).values()
    assert (heat.name, heat.kind, heat.default) == ("heat", "number", 180.0)
    assert (heat.low, heat.high, heat.step, heat.live, heat.log) == (50, 1250.5, 10, True, True)
    assert heat.description == "How hot it is, in degrees."
    assert heat.label == "Heat"
    assert (rack.kind, rack.group, rack.label) == ("integer", "network", "Rack height")
    assert rack.description == "Where it stands."
    assert fan.kind == "switch"
    assert not fan.live
    assert (mode.kind, mode.choices) == ("choice", {"top": "Above", "both_sides": "both sides"})
    assert (dish.kind, dish.example) == ("text", "cake")


def test_spans() -> None:
    spans = [each.span for each in knobs(Oven).values()]
    assert spans == ["50 to 1,250.5", "1 to 4", "on, off", "top, both_sides", "text"]


def test_a_knob_matters_where_others_let_it() -> None:
    mode = knobs(Oven)["mode"]
    assert mode.matters(Oven())
    assert not mode.matters(Oven(fan=True))
    assert knobs(Oven)["heat"].matters(Oven(fan=True))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"rack": 5}, "rack is 5; choose a whole number, 1 to 4."),
        ({"rack": 1.5}, "rack is 1.5; choose a whole number, 1 to 4."),
        ({"heat": 20}, "heat is 20; choose a number, 50 to 1,250.5."),
        ({"heat": float("nan")}, "heat is nan; choose a number, 50 to 1,250.5."),
        ({"heat": float("inf")}, "heat is inf; choose a number, 50 to 1,250.5."),
        ({"heat": "hot"}, "heat is hot; choose a number, 50 to 1,250.5."),
        ({"fan": "maybe"}, "fan is 'maybe'; choose true or false."),
        ({"mode": "left"}, "mode is 'left'; choose one of top, both_sides."),
        ({"dish": "Ö"}, "dish is 'Ö'; give something like cake."),
        (
            {"door": 1},
            "door is not a setting; the settings are heat, rack, fan, mode, dish.",
        ),
    ],
)
def test_a_wrong_value_is_a_sentence(values: dict[str, object], said: str) -> None:
    assert str(refused(**values)) == said


def test_the_whole_sentence_is_said_in_the_language_of_its_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusal = refused(heat=20)
    monkeypatch.setattr(i18n, "_catalogue", lambda code: Bracketed())
    token = language.set("xx")
    try:
        assert str(refusal) == "[heat is 20; choose a number, [50 to 1,250.5].]"
    finally:
        language.reset(token)


def test_the_table_has_a_row_for_every_knob() -> None:
    rows = table(Config).splitlines()
    assert rows[0] == "| knob | default | values | live | what it does |"
    assert [row.split("`")[1] for row in rows[2:]] == list(knobs(Config))
    assert {row.count("|") for row in rows} == {6}


def test_the_table_says_switches_in_words_and_numbers_as_numbers() -> None:
    rows = {row.split("`")[1]: row.split(" | ") for row in table(Config).splitlines()[2:]}
    assert rows["tied"][1:4] == ["off", "on, off", ""]
    assert rows["linear_path"][1] == "on"
    assert rows["noise"][1:4] == ["0.0", "0 to 1", "yes"]
    assert rows["pretrain_epochs"][1] == "0"
