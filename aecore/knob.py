"""What it takes to declare a hyperparameter once and read everything else off the declaration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, cast, get_args

from pydantic import BaseModel, Field, ValidationError
from pydantic.fields import FieldInfo

from aecore.errors import ConfigError
from aecore.i18n import t

Group = Literal["data", "constraint", "network", "training"]
Kind = Literal["integer", "number", "switch", "choice", "text"]
KINDS: Mapping[type, Kind] = {bool: "switch", int: "integer", float: "number", str: "text"}


@dataclass(frozen=True)
class Knob:
    """What the rest of the program knows of one hyperparameter.

    Attributes
    ----------
    name, label, words : str
        Its identifier, its short English name, and a sentence or two that explain it.
    group : {'data', 'constraint', 'network', 'training'}
        Where a page shows it.
    kind : {'integer', 'number', 'switch', 'choice', 'text'}
    default : int, float, bool or str
    low, high, step : float or None
        Bounds, both included, and the step of a slider.
    choices : dict of str to str
        The values of a choice and their English names.
    live : bool
        Whether it may change while a run trains.
    log : bool
        Whether its values are better spread by ratio than by difference.
    when : dict of str to tuple
        It matters only where each named knob has one of these values.
    example : str
        For a text: a value that would be accepted.
    """

    name: str
    label: str
    description: str
    group: Group
    kind: Kind
    default: Any
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    live: bool = False
    log: bool = False
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    example: str = ""

    def matters(self, config: BaseModel) -> bool:
        """Whether this knob has an effect under `config`."""
        return all(getattr(config, name) in values for name, values in self.when.items())

    @property
    def span(self) -> str:
        """The values it may take, in words."""
        if self.choices:
            return ", ".join(self.choices)
        if self.low is not None and self.high is not None:
            return t("{low} to {high}", low=f"{self.low:,.10g}", high=f"{self.high:,.10g}")
        return t("on, off") if self.kind == "switch" else t("text")


def knob(
    default: Any,
    description: str | None = None,
    *,
    group: Group = "training",
    label: str = "",
    low: float | None = None,
    high: float | None = None,
    step: float | None = None,
    names: Mapping[str, str] | None = None,
    live: bool = False,
    log: bool = False,
    when: Mapping[str, tuple[Any, ...]] | None = None,
    pattern: str | None = None,
    example: str = "",
) -> Any:
    """Declare a hyperparameter as a field, described by `description` or the docstring below it.

    The other parameters are those of `Knob`; `names` gives names to choices that need one.
    """
    extra: dict[str, Any] = {
        "label": label,
        "group": group,
        "low": low,
        "high": high,
        "step": step,
        "names": names or {},
        "live": live,
        "log": log,
        "when": when or {},
        "example": example,
    }
    return Field(
        default,
        description=description,
        ge=low,
        le=high,
        pattern=pattern,
        allow_inf_nan=False if isinstance(default, float) else None,
        json_schema_extra=extra,
    )


@cache
def knobs(model: type[BaseModel]) -> Mapping[str, Knob]:
    """Read every hyperparameter off a model, in the order of their declaration."""
    return {name: _read(name, info) for name, info in model.model_fields.items()}


def _read(name: str, info: FieldInfo) -> Knob:
    extra: dict[str, Any] = dict(cast("dict[str, Any]", info.json_schema_extra))
    names = extra.pop("names")
    values = get_args(info.annotation)
    return Knob(
        name=name,
        description=" ".join((info.description or "").split()),
        kind="choice" if values else KINDS[cast("type", info.annotation)],
        default=info.default,
        choices={value: names.get(value, value.replace("_", " ")) for value in values},
        **{**extra, "label": extra["label"] or name.replace("_", " ").capitalize()},
    )


def sentence(model: type[BaseModel], error: ValidationError) -> ConfigError:
    """Say the first thing that is wrong: the setting, the value, the bounds, the way out."""
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ConfigError):
        return cause
    name, value = str(first["loc"][0]), first["input"]
    known = knobs(model).get(name)
    if known is None:
        every = ", ".join(knobs(model))
        return ConfigError(
            "{name} is not a setting; the settings are {every}.", name=name, every=every
        )
    texts: dict[Kind, str] = {
        "integer": "{name} is {value}; choose a whole number, {knob.span}.",
        "number": "{name} is {value}; choose a number, {knob.span}.",
        "switch": "{name} is {value!r}; choose true or false.",
        "choice": "{name} is {value!r}; choose one of {knob.span}.",
        "text": "{name} is {value!r}; give something like {knob.example}.",
    }
    # The knob itself, not its span: that is put into words when shown, in the reader's language.
    return ConfigError(texts[known.kind], name=name, value=value, knob=known)


def table(model: type[BaseModel]) -> str:
    """Return the hyperparameters as a Markdown table."""
    rows = [f"| {t('knob')} | {t('default')} | {t('values')} | {t('live')} | {t('what it does')} |"]
    rows.append("|---|---|---|---|---|")
    for each in knobs(model).values():
        live = t("yes") if each.live else ""
        default = {True: t("on"), False: t("off")}.get(each.default, each.default)
        default = each.default if each.kind != "switch" else default
        rows.append(f"| `{each.name}` | {default} | {each.span} | {live} | {t(each.description)} |")
    return "\n".join(rows)
