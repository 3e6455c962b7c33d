"""Charts as Vega-Lite: what is drawn. How it looks is the renderer's business (`formats.reports.charts`).

Series differ in lightness and in dashes, not in hue alone, so that they survive a grey printer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from s9s.domain.periods import zone
from s9s.domain.reports import Chart

WIDTH: Final = 620
_HEIGHT: Final = 190
_BAR: Final = 19
#: Dark, middle, light; a steering committee's printer is grey.
SHADES: Final = ("#12436d", "#e0761d", "#8fb4d3", "#5b5b5b")
_DASHES: Final = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
MAX_BARS: Final = 20

Point = tuple[float, Mapping[str, float | None]]


def lines(
    key: str,
    title: str,
    description: str,
    points: Sequence[Point],
    *,
    time_zone: str,
    unit: str,
    is_percent: bool = False,
) -> Chart:
    """Series over time.

    Args:
        key: For machines.
        title: Above it.
        description: For those who cannot see it.
        points: Epoch seconds with the values by series, in the order of the legend; ``None`` is a gap.
        time_zone: Whose clock the axis shows.
        unit: Of the axis, in words.
        is_percent: The axis goes from 0 to 100.
    """
    names = list(points[0][1]) if points else []
    values = [
        {"at": _wall(at, time_zone), "series": name, "value": value}
        for at, found in points
        for name, value in found.items()
    ]
    span = points[-1][0] - points[0][0] if points else 0
    scale: dict[str, Any] = {"domain": [0, 100]} if is_percent else {"zero": True, "nice": True}
    colours = {"domain": names, "range": list(SHADES[: len(names)])}
    dashes = {"domain": names, "range": list(_DASHES[: len(names)])}
    legend = {"title": None} if len(names) > 1 else None
    spec = {
        "width": WIDTH,
        "height": _HEIGHT,
        "data": {"values": values},
        "mark": {"type": "line", "interpolate": "monotone", "strokeWidth": 1.8, "point": len(points) == 1},
        "encoding": {
            "x": {
                "field": "at",
                "type": "temporal",
                "scale": {"type": "utc"},
                "axis": {"title": None, "format": _format(span), "labelOverlap": True, "tickCount": 8},
            },
            "y": {
                "field": "value",
                "type": "quantitative",
                "scale": scale,
                "axis": {"title": unit, "format": ",~f", "tickCount": 5},
            },
            "color": {"field": "series", "type": "nominal", "scale": colours, "legend": legend},
            "strokeDash": {"field": "series", "type": "nominal", "scale": dashes, "legend": legend},
        },
    }
    return Chart(key=key, title=title, description=description, spec=spec)


def bars(
    key: str,
    title: str,
    description: str,
    rows: Sequence[tuple[str, float, float | None]],
    *,
    unit: str,
    before: str = "",
    note: str = "",
    is_percent: bool = False,
    text: Sequence[str] = (),
    tells_of_ticks: bool = False,
) -> Chart:
    """Horizontal bars, in the order in which they come; a tick shows the value of the period before.

    Args:
        key: For machines.
        title: Above it.
        description: For those who cannot see it.
        rows: Name, value, and the value before.
        unit: Of the axis, in words.
        before: What ticks show; empty shows none.
        note: What to know besides.
        is_percent: The axis goes from 0 to 100.
        text: What is written at the end of each bar.
        tells_of_ticks: Whether it is about the tick as well, and so stands behind both.
    """
    drawn = rows[:MAX_BARS]
    labels = list(text[: len(drawn)]) or [""] * len(drawn)
    values = [
        {"rank": rank, "name": name, "value": value, "before": former, "text": label}
        for rank, ((name, value, former), label) in enumerate(zip(drawn, labels, strict=True))
    ]
    scale = {"domain": [0, 100]} if is_percent else {"zero": True, "nice": True}
    names = {
        "field": "rank",
        "type": "ordinal",
        # Names can be equal once they are cut, so bars are told apart by their rank.
        "axis": {
            "title": None,
            "labelExpr": "datum.value < length(data('names')) ? data('names')[datum.value].name : ''",
            "labelLimit": 170,
            "ticks": False,
            "domain": False,
        },
    }
    x = {
        "field": "value",
        "type": "quantitative",
        "scale": scale,
        "axis": {"title": unit, "format": ",~f", "tickCount": 6},
    }
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "bar", "height": {"band": 0.72}, "color": SHADES[0]}, "encoding": {"x": x}},
    ]
    if before:
        tick = {"type": "tick", "thickness": 2.2, "size": _BAR * 0.86, "color": SHADES[1]}
        layers.append({"mark": tick, "encoding": {"x": {"field": "before", "type": "quantitative"}}})
    layers.append(
        {
            "mark": {"type": "text", "align": "left", "dx": 5, "fontSize": 10, "color": "#333333"},
            "encoding": {
                "x": {"field": "end", "type": "quantitative"},
                "text": {"field": "text", "type": "nominal"},
            },
        }
    )
    widest = max((one for _, value, former in drawn for one in (value, former or 0)), default=0)
    # The text is the bar's: behind its end, or behind a tick that would be in its way there.
    near = "datum.before != null && datum.before > datum.value"
    if not tells_of_ticks:
        near += f" && datum.before < datum.value + {widest / 8}"
    ends = f"{near} ? datum.before : datum.value" if before else "datum.value"
    spec = {
        "width": WIDTH,
        "height": {"step": _BAR},
        "datasets": {"names": values},
        "data": {"name": "names"},
        "transform": [{"calculate": ends, "as": "end"}],
        "encoding": {"y": names},
        "layer": layers,
    }
    hints = [f"Ticks: {before}." if before else "", note]
    if len(rows) > MAX_BARS:
        hints.append(f"The first {MAX_BARS} of {len(rows):,}.")
    return Chart(
        key=key,
        title=title,
        description=description,
        note=" ".join(hint for hint in hints if hint),
        spec=spec,
    )


def columns(
    key: str, title: str, description: str, rows: Sequence[tuple[str, float]], *, unit: str, names: str
) -> Chart:
    """Upright bars in the order in which they come; `names` is what the lower axis shows."""
    spec = {
        "width": WIDTH,
        "height": _HEIGHT,
        "data": {"values": [{"name": name, "value": value} for name, value in rows]},
        "mark": {"type": "bar", "color": SHADES[0], "width": {"band": 0.8}},
        "encoding": {
            "x": {
                "field": "name",
                "type": "ordinal",
                "sort": [name for name, _ in rows],
                "axis": {"title": names, "labelAngle": 0, "labelLimit": 90},
            },
            "y": {
                "field": "value",
                "type": "quantitative",
                "axis": {"title": unit, "format": ",~f", "tickCount": 5},
            },
        },
    }
    return Chart(key=key, title=title, description=description, spec=spec)


_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def week(
    key: str, title: str, description: str, cells: Mapping[tuple[int, int], float], *, unit: str
) -> Chart:
    """A square for each weekday (from Monday, 0) and hour: the darker the more, 0 to 100 percent."""
    values = [
        {"day": _WEEKDAYS[weekday], "hour": hour, "value": value} for (weekday, hour), value in cells.items()
    ]
    spec = {
        "width": WIDTH - 60,
        "height": {"step": 18},
        "data": {"values": values},
        "mark": {"type": "rect", "stroke": "#ffffff", "strokeWidth": 1},
        "encoding": {
            "x": {
                "field": "hour",
                "type": "ordinal",
                "scale": {"domain": list(range(24))},
                "axis": {"title": "hour of the day", "labelAngle": 0, "ticks": False, "domain": False},
            },
            "y": {
                "field": "day",
                "type": "ordinal",
                "sort": list(_WEEKDAYS),
                "axis": {"title": None, "ticks": False, "domain": False},
            },
            "color": {
                "field": "value",
                "type": "quantitative",
                "scale": {"domain": [0, 100], "range": ["#eef3f8", "#12436d"]},
                "legend": {"title": unit, "gradientLength": 110},
            },
        },
    }
    return Chart(key=key, title=title, description=description, spec=spec)


def _wall(epoch: float, time_zone: str) -> str:
    """What the clock in that zone shows, written as if it were UTC: the axis counts in that."""
    return f"{datetime.fromtimestamp(epoch, zone(time_zone)):%Y-%m-%dT%H:%M:%S}Z"


def _format(span: float) -> str:
    days = span / 86400
    if days <= 1:
        return "%H:%M"
    if days <= 4:
        return "%-d %b %H:%M"
    return "%-d %b" if days <= 200 else "%b %Y"
