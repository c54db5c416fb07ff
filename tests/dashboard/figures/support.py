"""Helpers shared by the tests of figures."""

from typing import Any

import plotly.graph_objects as go


def history(rows: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "step": k,
            "epoch": k / 10,
            "train": 1 / (k + 1),
            "held_out": 2 / (k + 1),
            "pca": 0.04,
            **more,
        }
        for k in range(rows)
    ]


def line(figure: go.Figure, name: str) -> Any:
    return next(trace for trace in figure.data if trace.name == name)


def texts(figure: go.Figure) -> set[str]:
    result: set[str] = set()

    def walk(value: Any, key: str = "") -> None:
        if isinstance(value, dict):
            for name, each in value.items():
                walk(each, name)
        elif isinstance(value, list | tuple):
            for each in value:
                walk(each, key)
        elif key in {"text", "name", "hovertext", "hovertemplate"} and isinstance(value, str):
            result.add(value)

    walk(figure.to_dict())
    return result
