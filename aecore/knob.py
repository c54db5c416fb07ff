"""Declare hyperparameters once; widgets, flags, validation and documentation follow from it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, cast

from pydantic import BaseModel, Field, ValidationError
from pydantic.fields import FieldInfo

from aecore.errors import ConfigError, brief
from aecore.i18n import N_, Message, t

Group = Literal["data", "constraint", "network", "training"]
Kind = Literal["integer", "number", "switch", "choice", "text"]
KINDS: Mapping[type, Kind] = {bool: "switch", int: "integer", float: "number", str: "text"}
NO_TEXT = Message("")
LONGEST_QUOTE = 60


@dataclass(frozen=True)
class Requirement:
    """A condition of a choice on another setting.

    Attributes
    ----------
    setting : str
        Name of the other setting.
    values : tuple
        Values that it may have.
    reason : Message
        Why, and what to do.
    """

    setting: str
    values: tuple[Any, ...]
    reason: Message


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One value of a setting that is chosen from a list.

    Attributes
    ----------
    label : Message
        Its short name.
    description : Message
        A sentence about it; may be empty.
    uses : tuple of str
        The settings that have an effect only with choices that name them here.
    requires : tuple of Requirement
    available : callable
        Returns whether this machine can do it; by default, any can.
    """

    label: Message
    description: Message = NO_TEXT
    uses: tuple[str, ...] = ()
    requires: tuple[Requirement, ...] = ()
    available: Callable[[], bool] = lambda: True


def using(choices: Mapping[str, Choice], setting: str) -> tuple[str, ...]:
    """Return the names of the choices that use a setting."""
    return tuple(name for name, choice in choices.items() if setting in choice.uses)


@dataclass(frozen=True)
class Knob:
    """A declared hyperparameter.

    Attributes
    ----------
    name : str
        Identifier.
    label, description : Message
        Short name, and an explanation of a sentence or two.
    group : {'data', 'constraint', 'network', 'training'}
        Section of the sidebar.
    kind : {'integer', 'number', 'switch', 'choice', 'text'}
    default : int, float, bool or str
    low, high, step : float or None
        Inclusive bounds, and the step of a slider.
    choices : mapping of str to Choice
        The values of a choice.
    live : bool
        Whether it may change during a run.
    log : bool
        Whether its scale is logarithmic.
    when : mapping of str to tuple
        It has an effect only if each of these knobs has one of the given values.
    example : str
        For a text: a valid value.
    """

    name: str
    label: Message
    description: Message
    group: Group
    kind: Kind
    default: Any
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: Mapping[str, Choice] = field(default_factory=dict)
    live: bool = False
    log: bool = False
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    example: str = ""

    def matters(self, config: BaseModel) -> bool:
        """Return whether this knob has an effect in a configuration, on this machine."""
        if self.choices and len(self.options) == 1:
            return False
        return all(getattr(config, name) in values for name, values in self.when.items())

    @property
    def options(self) -> tuple[str, ...]:
        """The names of the choices that this machine has."""
        return tuple(name for name, each in self.choices.items() if each.available())

    @property
    def span(self) -> Message | str:
        """Description of the valid values."""
        if self.choices:
            return ", ".join(self.choices)
        if self.low is not None and self.high is not None:
            return N_("{low} to {high}", low=f"{self.low:,.10g}", high=f"{self.high:,.10g}")
        return N_("on, off") if self.kind == "switch" else N_("text")

    def text(self, value: Any) -> str:
        """Return a value as the user reads it."""
        if value in self.choices:
            return str(self.choices[value].label)
        if self.kind == "switch":
            return t("on") if value else t("off")
        return f"{value:g}" if isinstance(value, float) else str(value)

    @property
    def explanation(self) -> str:
        """The description, followed by those of the choices."""
        choices = [
            t("{label}: {description}", label=each.label, description=each.description)
            for each in self.choices.values()
            if each.description
        ]
        return " ".join([str(self.description), *choices])


def knob(
    default: Any,
    label: Message,
    description: Message,
    *,
    group: Group = "training",
    low: float | None = None,
    high: float | None = None,
    step: float | None = None,
    choices: Mapping[str, Choice] | None = None,
    live: bool = False,
    log: bool = False,
    when: Mapping[str, tuple[Any, ...]] | None = None,
    pattern: str | None = None,
    example: str = "",
) -> Any:
    """Declare a hyperparameter as a field of a model; see `Knob` for the parameters.

    A field with `choices` accepts only their names; any other text must match `pattern`.
    """
    extra: dict[str, Any] = {
        "label": label,
        "description": description,
        "group": group,
        "low": low,
        "high": high,
        "step": step,
        "choices": choices or {},
        "live": live,
        "log": log,
        "when": when or {},
        "example": example,
    }
    return Field(
        default,
        ge=low,
        le=high,
        pattern=f"^({'|'.join(choices)})$" if choices else pattern,
        allow_inf_nan=False if isinstance(default, float) else None,
        json_schema_extra=extra,
    )


@cache
def knobs(model: type[BaseModel]) -> Mapping[str, Knob]:
    """Return all hyperparameters of a model, in the order of declaration."""
    return {name: _read(name, info) for name, info in model.model_fields.items()}


def _read(name: str, info: FieldInfo) -> Knob:
    extra = cast("dict[str, Any]", info.json_schema_extra)
    kind = "choice" if extra["choices"] else KINDS[cast("type", info.annotation)]
    return Knob(name=name, kind=kind, default=info.default, **extra)


def unmet(config: BaseModel) -> Iterator[Requirement]:
    """Yield the unmet requirements of a configuration's choices."""
    for name, each in knobs(type(config)).items():
        if each.choices:
            for requirement in each.choices[getattr(config, name)].requires:
                if getattr(config, requirement.setting) not in requirement.values:
                    yield requirement


def sentence(model: type[BaseModel], error: ValidationError) -> ConfigError:
    """Convert the first validation error to a sentence: the setting, its value and the bounds."""
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ConfigError):
        return cause
    name, value = str(first["loc"][0]), first["input"]
    declared = knobs(model).get(name)
    if declared is None:
        every = ", ".join(knobs(model))
        return ConfigError(
            "{name} is not a setting; the settings are {every}.", name=name, every=every
        )
    value = brief(value, LONGEST_QUOTE)
    about = {"name": name, "value": value, "span": declared.span, "example": declared.example}
    match declared.kind:
        case "integer":
            return ConfigError("{name} is {value}; choose a whole number, {span}.", **about)
        case "number":
            return ConfigError("{name} is {value}; choose a number, {span}.", **about)
        case "switch":
            return ConfigError("{name} is {value!r}; choose true or false.", **about)
        case "choice":
            return ConfigError("{name} is {value!r}; choose one of {span}.", **about)
        case "text":
            return ConfigError("{name} is {value!r}; provide something like {example}.", **about)


def table(model: type[BaseModel]) -> str:
    """Return the hyperparameters as a Markdown table."""
    heads = [t("setting"), t("default"), t("values"), t("live"), t("what it does")]
    rows = ["| " + " | ".join(heads) + " |", "|---|---|---|---|---|"]
    for each in knobs(model).values():
        live = t("yes") if each.live else ""
        default = {True: t("on"), False: t("off")}.get(each.default, each.default)
        default = each.default if each.kind != "switch" else default
        rows.append(f"| `{each.name}` | {default} | {each.span} | {live} | {each.explanation} |")
    return "\n".join(rows)
