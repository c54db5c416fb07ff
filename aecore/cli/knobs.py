"""``aecore knobs``, and the flags of ``aecore train``, derived from the same declarations."""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter
from pydantic import BaseModel, create_model

from aecore import knob
from aecore.cli.terminal.output import print_result
from aecore.config import GROUPS, Config
from aecore.i18n import t


def knobs() -> int:
    """Print every hyperparameter as a Markdown table."""
    print_result(knob.table(Config))
    return 0


def _help(each: knob.Knob) -> str:
    default = each.default
    if each.kind == "switch":
        default = t("on") if each.default else t("off")
    facts = [str(each.span), t("default {default}", default=default)]
    facts += [t("live")] if each.live else []
    return f"{each.explanation} ({'; '.join(facts)})"


def _flags() -> Any:
    """Create a model with a flag for every knob; values stay text, since Config validates them."""
    groups = {name: Group(str(title), sort_key=1) for name, title in GROUPS.items()}
    fields: dict[str, Any] = {}
    for name, each in knob.knobs(Config).items():
        kind: Any = bool if each.kind == "switch" else str
        about = Parameter(help=_help(each), group=groups[each.group], allow_leading_hyphen=True)
        fields[name] = (Annotated[kind | None, about], None)
    return create_model("Flags", **fields)


if TYPE_CHECKING:
    Flags = BaseModel
else:
    Flags = _flags()
