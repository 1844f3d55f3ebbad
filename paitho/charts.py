"""Geometry of the inline charts. Numbers in, coordinates out; the templates draw, the style sheet colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 100.0, 30.0


@dataclass(frozen=True)
class Sparkline:
    """A line over a box of 100 x 30, stretched to its place by the browser."""

    line: str
    area: str
    description: str


@dataclass(frozen=True)
class Bar:
    label: str
    value: float
    percent: float
    tone: str = ""


@dataclass(frozen=True)
class Column:
    label: str
    value: float
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Columns:
    """Upright bars in a box of 100 x 100; the labels of both ends stand below it."""

    columns: list[Column]
    first: str
    last: str
    description: str


@dataclass(frozen=True)
class Stage:
    """One column of a funnel: it narrows from `percent` of the widest to the next stage's share."""

    label: str
    value: int
    percent: float
    polygon: str
    rate: str


def sparkline(values: Sequence[float], unit: str = "") -> Sparkline:
    """The course of `values`, oldest first. The scale starts at zero, so that a flat line is flat."""
    if not values:
        return Sparkline("", "", "No figures yet.")
    top = max(*values, 0) or 1
    across = WIDTH / max(len(values) - 1, 1)
    ends = values if len(values) > 1 else [values[0], values[0]]
    line = " ".join(f"{at * across:.2f},{level(value, top):.2f}" for at, value in enumerate(ends))
    course = f"From {number(values[0])} to {number(values[-1])}"
    described = f"{course}{' ' + unit if unit else ''}, at most {number(max(values))}."
    return Sparkline(line, f"0,{HEIGHT:.0f} {line} {WIDTH:.0f},{HEIGHT:.0f}", described)


def level(value: float, top: float) -> float:
    """Height of a value on the sparkline, with a unit of room for the stroke; below zero is zero."""
    return HEIGHT - 1 - max(value, 0) / top * (HEIGHT - 2)


def bars(rows: Sequence[tuple[str, float] | tuple[str, float, str]]) -> list[Bar]:
    """Horizontal bars relative to the largest value; a row may carry a tone."""
    top = max((row[1] for row in rows), default=0) or 1
    return [Bar(row[0], row[1], share(row[1], top), row[2] if len(row) > 2 else "") for row in rows]


def columns(rows: Sequence[tuple[str, float]]) -> Columns:
    """One upright bar a row, as a rule a day, relative to the largest."""
    if not rows:
        return Columns([], "", "", "No figures yet.")
    top = max(value for _, value in rows) or 1
    slot = WIDTH / len(rows)
    drawn = []
    for at, (label, value) in enumerate(rows):
        height = share(value, top)
        x, width = round((at + 0.14) * slot, 3), round(0.72 * slot, 3)
        drawn.append(Column(label, value, x, round(100 - height, 1), width, height))
    total = sum(value for _, value in rows)
    described = f"{number(total)} from {rows[0][0]} to {rows[-1][0]}, at most {number(top)}."
    return Columns(drawn, rows[0][0], rows[-1][0], described)


def funnel(stages: Sequence[tuple[str, int]]) -> list[Stage]:
    """Stages of a pipeline, each with its share of the first and its rate of the one before, by name."""
    top = max((value for _, value in stages), default=0) or 1
    drawn = []
    for at, (label, value) in enumerate(stages):
        after = stages[at + 1][1] if at + 1 < len(stages) else value
        whole, before = stages[at - 1] if at else ("", 0)
        rate = f"{percent(value, before)} of {whole.lower()}" if before else ""
        drawn.append(Stage(label, value, share(value, top), trapezoid(value / top, after / top), rate))
    return drawn


def percent(part: float, whole: float) -> str:
    """In whole percent; a few of many are not none, and nearly all are not all."""
    exact = 100 * part / whole
    if 0 < exact < 1:
        return "<1%"
    return ">99%" if 99 < exact < 100 else f"{exact:.0f}%"


def trapezoid(left: float, right: float) -> str:
    """Corners of a band around the middle of a 100 x 100 box, `left` to `right` of its height."""
    high, low = 50 - left * 50, 50 - right * 50
    return f"0,{high:.2f} 100,{low:.2f} 100,{100 - low:.2f} 0,{100 - high:.2f}"


def share(value: float, top: float) -> float:
    """Percent of `top`, one decimal, never outside 0 to 100; something is always visible."""
    percent = min(max(100 * value / top, 0), 100)
    return round(max(percent, 0.8) if value > 0 else 0, 1)


def number(value: float) -> str:
    """A figure as people write it: thousands apart, no idle decimals."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
