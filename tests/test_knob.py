from dataclasses import replace

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from aecore import i18n
from aecore.config import Config
from aecore.errors import LabError
from aecore.i18n import N_, language
from aecore.knob import Choice, Requirement, knob, knobs, sentence, table, unmet, using
from tests.support import Bracketed

MODES = {
    "top": Choice(label=N_("Above"), description=N_("from the top."), uses=("rack",)),
    "both_sides": Choice(
        label=N_("Both sides"),
        requires=(Requirement("fan", (True,), N_("Both sides need the fan; switch fan on.")),),
    ),
}

MANY_NINES = f"{'9' * 28}...{'9' * 28}"


class Oven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    heat: float = knob(
        180.0,
        N_("Heat"),
        N_("How hot it is, in degrees."),
        low=50,
        high=1250.5,
        step=10,
        live=True,
        log=True,
    )
    rack: int = knob(2, N_("Rack height"), N_("Where it stands."), low=1, high=4, group="network")
    fan: bool = knob(False, N_("Fan"), N_("Whether air is moved."))
    mode: str = knob(
        "top",
        N_("Mode"),
        N_("Where the heat comes from."),
        choices=MODES,
        when={"fan": (False,)},
    )
    dish: str = knob("bread", N_("Dish"), N_("What is in it."), pattern="^[a-z]+$", example="cake")


def validation_error(**values: object) -> LabError:
    with pytest.raises(ValidationError) as caught:
        Oven(**values)  # type: ignore[arg-type]
    return sentence(Oven, caught.value)


def test_knobs_are_read_from_field_declarations() -> None:
    heat, rack, fan, mode, dish = knobs(Oven).values()
    assert (heat.name, heat.kind, heat.default) == ("heat", "number", 180.0)
    assert (heat.low, heat.high, heat.step, heat.live, heat.log) == (50, 1250.5, 10, True, True)
    assert str(heat.description) == heat.explanation == "How hot it is, in degrees."
    assert str(heat.label) == "Heat"
    assert (rack.kind, rack.group, str(rack.label)) == ("integer", "network", "Rack height")
    assert fan.kind == "switch"
    assert not fan.live
    assert (mode.kind, mode.choices) == ("choice", MODES)
    assert mode.explanation == "Where the heat comes from. Above: from the top."
    assert (dish.kind, dish.example) == ("text", "cake")


def test_spans_describe_valid_values() -> None:
    spans = [str(item.span) for item in knobs(Oven).values()]
    assert spans == ["50 to 1,250.5", "1 to 4", "on, off", "top, both_sides", "text"]


def test_knob_matters_only_under_its_conditions() -> None:
    mode = knobs(Oven)["mode"]
    assert mode.matters(Oven())
    assert not mode.matters(Oven(fan=True))
    assert knobs(Oven)["heat"].matters(Oven(fan=True))


def test_knob_with_one_available_choice_does_not_matter() -> None:
    choices = {
        "here": Choice(label=N_("Here")),
        "far": Choice(label=N_("Far"), available=lambda: False),
    }
    place = replace(knobs(Oven)["mode"], choices=choices, when={})
    assert place.options == ("here",)
    assert not place.matters(Oven())
    assert replace(place, choices=MODES).matters(Oven())


def test_settings_that_choices_use_and_require() -> None:
    assert using(MODES, "rack") == ("top",)
    assert not list(unmet(Oven()))
    (requirement,) = unmet(Oven(mode="both_sides"))
    assert requirement.setting == "fan"
    assert not list(unmet(Oven(mode="both_sides", fan=True)))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rack": 5}, "rack is 5; choose a whole number, 1 to 4."),
        ({"rack": 1.5}, "rack is 1.5; choose a whole number, 1 to 4."),
        ({"heat": 20}, "heat is 20; choose a number, 50 to 1,250.5."),
        ({"heat": float("nan")}, "heat is nan; choose a number, 50 to 1,250.5."),
        ({"heat": float("inf")}, "heat is inf; choose a number, 50 to 1,250.5."),
        ({"heat": "hot"}, "heat is hot; choose a number, 50 to 1,250.5."),
        ({"fan": "maybe"}, "fan is 'maybe'; choose true or false."),
        ({"mode": "left"}, "mode is 'left'; choose one of top, both_sides."),
        ({"dish": "Ö"}, "dish is 'Ö'; provide something like cake."),
        ({"rack": "9" * 5000}, f"rack is {MANY_NINES}; choose a whole number, 1 to 4."),
        ({"rack": 10**5000}, "rack is ...; choose a whole number, 1 to 4."),
        ({"heat": int("9" * 400)}, f"heat is {MANY_NINES}; choose a number, 50 to 1,250.5."),
        ({"mode": "9" * 5000}, f"mode is '{MANY_NINES}'; choose one of top, both_sides."),
        ({"fan": int("9" * 400)}, f"fan is {MANY_NINES}; choose true or false."),
        (
            {"door": 1},
            "door is not a setting; the settings are heat, rack, fan, mode, dish.",
        ),
    ],
)
def test_invalid_values_are_explained_in_a_sentence(
    values: dict[str, object], message: str
) -> None:
    assert str(validation_error(**values)) == message


def test_validation_message_is_fully_translated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = validation_error(heat=20)
    monkeypatch.setattr(i18n, "_catalogue", lambda code: Bracketed())
    token = language.set("xx")
    try:
        assert str(error) == "[heat is 20; choose a number, [50 to 1,250.5].]"
    finally:
        language.reset(token)


def test_table_has_a_row_for_every_knob() -> None:
    rows = table(Config).splitlines()
    assert rows[0] == "| setting | default | values | live | what it does |"
    assert [row.split("`")[1] for row in rows[2:]] == list(knobs(Config))
    assert {row.count("|") for row in rows} == {6}


def test_table_shows_switches_as_words_and_numbers_as_numbers() -> None:
    rows = {row.split("`")[1]: row.split(" | ") for row in table(Config).splitlines()[2:]}
    assert rows["tied"][1:4] == ["off", "on, off", ""]
    assert rows["linear_path"][1] == "on"
    assert rows["noise"][1:4] == ["0.0", "0 to 1", "yes"]
    assert rows["pretrain_epochs"][1] == "0"
