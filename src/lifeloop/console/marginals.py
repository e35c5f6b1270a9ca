"""A real shop and its simulated twin side by side: small multiples in one drawing, and plain rows for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, log10

from markupsafe import Markup

from lifeloop.base.money import EXPONENT
from lifeloop.base.text import Language
from lifeloop.console.charts.svg import group, label, line, nice_ticks, rect, tag
from lifeloop.console.marginals_texts import MONTHS, STYLE, TEXTS, WEEKDAYS
from lifeloop.console.tables import TableWords
from lifeloop.console.voice import Voice
from lifeloop.measure.closeness import KINDS, Closeness
from lifeloop.measure.distribution import TOP_SHARES, Distribution
from lifeloop.measure.marginals import ORDER_BINS, Marginals

PANEL_WIDTH, PANEL_HEIGHT, COLUMNS = 350, 252, 3
_GAP_X, _GAP_Y, _MARGIN, _HEAD = 34, 30, 30, 92
_LEFT, _TOP, _BOTTOM = 44, 50, 40

_GAP_EDGES = (0.0, 7.0, 14.0, 30.0, 60.0, 90.0, 180.0, 365.0, inf)
_LINE_EDGES = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, inf)
_LINE_NAMES = ("1", "2", "3–5", "6–10", "11–20", "21–50", "51+")


@dataclass(frozen=True)
class _Panel:
    """One small chart: a pair of bars over each slot."""

    head: str
    across: str
    up: str
    real: Sequence[float]
    simulated: Sequence[float]
    names: Sequence[str]
    """One a slot, or one more than there are slots: then they stand between them."""
    even: float | None = None
    """Where a dashed line says: like everywhere."""


def marginals_figure(
    real: Marginals, simulated: Marginals, *, language: Language, names: tuple[str, str] = ("Real", "Simulated")
) -> str:
    """Return one SVG document of nine small charts, each with the real shop beside the simulated one.

    `names` are shown as they are given. Money is in units of the currency where both shops have the same one, else in
    minor units. A chart whose figures one of the shops does not have is left out.
    """
    drawn = [_bars(panel, names) for panel in _panels(real, simulated, language)]
    if real.popularity and simulated.popularity:
        drawn.insert(-1, _curves(real, simulated, language, names))
    rows = -(-len(drawn) // COLUMNS)
    width = 2 * _MARGIN + COLUMNS * PANEL_WIDTH + (COLUMNS - 1) * _GAP_X
    height = _HEAD + rows * PANEL_HEIGHT + (rows - 1) * _GAP_Y + _MARGIN
    placed = [
        group(
            parts,
            transform=f"translate({_MARGIN + place % COLUMNS * (PANEL_WIDTH + _GAP_X)} "
            f"{_HEAD + place // COLUMNS * (PANEL_HEIGHT + _GAP_Y)})",
        )
        for place, parts in enumerate(drawn)
    ]
    about = _about(real, simulated, language, names)
    title = TEXTS["title"].say(language, real=names[0], simulated=names[1])
    drawing = tag(
        "svg",
        tag("title", title, id="marginals-title"),
        tag("desc", about, id="marginals-about"),
        tag("style", Markup(STYLE)),  # noqa: S704 - our own words
        rect(0, 0, width, height, class_="paper"),
        label(title, _MARGIN, 36, class_="title"),
        *_legend(names, width),
        label(about, _MARGIN, 64, class_="about"),
        *placed,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        lang=language,
        aria_labelledby="marginals-title marginals-about",
    )
    return str(drawing)


def closeness_table(rows: Sequence[Closeness], voice: Voice, *, names: tuple[str, str] = ("Real", "Simulated")) -> TableWords:
    """Return the rows in words: figure, real, simulated, how far apart, what that is, and whether it is close."""

    def say(key: str, **values: object) -> str:
        return TEXTS[key].say(voice.language, **values)

    told = tuple(
        (
            row.name.say(voice.language),
            _shown(row, row.real, voice),
            _shown(row, row.simulated, voice),
            _apart(row.distance, row),
            KINDS[row.kind].say(voice.language),
            say("yes" if row.good else "no", tolerance=_apart(row.tolerance, row)),
        )
        for row in rows
    )
    heads = (say("figure"), *names, say("distance"), say("kind"), say("close"))
    return TableWords(say("table", good=sum(row.good for row in rows), all=len(rows)), heads, told, (1, 2, 3))


def _apart(distance: float, row: Closeness) -> str:
    return f"{distance:.3f}" if row.kind == "cumulative" else f"{distance:.1%}"


def _shown(row: Closeness, value: float, voice: Voice) -> str:
    shown: dict[str, Callable[[], str]] = {
        "count": lambda: voice.count(value),
        "share": lambda: voice.share(value, 1),
        "days": lambda: TEXTS["days"].say(voice.language, days=voice.count(value)),
        "minor": lambda: voice.money(value),
        "ratio": lambda: f"{value:.3g}" if value < 1 else f"{value:,.2f}",
    }
    return shown[row.unit]()


def _about(real: Marginals, simulated: Marginals, language: Language, names: tuple[str, str]) -> str:
    told: dict[str, object] = {"real": names[0], "simulated": names[1]}
    for name, shop in (("real", real), ("simulated", simulated)):
        told |= {f"{name}_{key}": f"{getattr(shop, key):,}" for key in ("customers", "orders", "days")}
    return TEXTS["about"].say(language, **told)


def _panels(real: Marginals, simulated: Marginals, language: Language) -> list[_Panel]:
    """Return the panels of bars, in the order they are shown."""
    a, b, exponent = real, simulated, 0
    unit = TEXTS["minor"].say(language)
    if a.currency == b.currency and a.currency in EXPONENT:
        unit, exponent = a.currency, EXPONENT[a.currency]

    def panel(
        key: str, up: str, one: Sequence[float], two: Sequence[float], at: Sequence[str], even: float | None = None
    ) -> _Panel:
        across = TEXTS[f"{key}_x"]
        said = across.say(language, unit=unit) if "{unit}" in across.en else across.say(language)
        return _Panel(TEXTS[key].say(language), said, TEXTS[up].say(language), one, two, at, even)

    def spread(key: str, up: str, one: Distribution | None, two: Distribution | None, edges: Sequence[float]) -> list[_Panel]:
        if one is None or two is None:
            return []
        names = ["" if edge == inf else _short(edge / 10 ** (exponent if key in ("price", "value") else 0)) for edge in edges]
        return [panel(key, up, one.shares(edges), two.shares(edges), names)]

    hours = [str(hour) if hour % 3 == 0 else "" for hour in range(24)]
    return [
        panel(
            "orders", "of_customers", a.orders_histogram, b.orders_histogram, [name.replace("-", "–") for name in ORDER_BINS]
        ),
        *spread("gaps", "of_gaps", a.gap_days, b.gap_days, _GAP_EDGES),
        panel("weekday", "of_orders", a.seasons.weekday, b.seasons.weekday, WEEKDAYS.say(language).split()),
        panel("hour", "of_orders", a.seasons.hour, b.seasons.hour, hours),
        panel("month", "of_mean", a.seasons.month, b.seasons.month, MONTHS.say(language).split(), even=1.0),
        panel("lines", "of_orders", a.lines_per_order.shares(_LINE_EDGES), b.lines_per_order.shares(_LINE_EDGES), _LINE_NAMES),
        *spread("price", "of_lines", a.price_minor, b.price_minor, money_edges(a.price_minor, b.price_minor)),
        *spread("value", "of_orders", a.order_minor, b.order_minor, money_edges(a.order_minor, b.order_minor)),
    ]


def money_edges(*spreads: Distribution | None) -> list[float]:
    """Return round edges 1, 2, 5, 10 ... around all but the outer hundredths of the distributions, in minor units.

    >>> money_edges(Distribution.of([90, 400, 1500], [1, 1, 1]))
    [0.0, 100.0, 200.0, 500.0, 1000.0, inf]
    """
    known = [spread for spread in spreads if spread is not None]
    low = min((max(spread.quantile(0.01), 1.0) for spread in known), default=1.0)
    high = max((spread.quantile(0.99) for spread in known), default=1.0)
    powers = range(int(log10(low)), int(log10(max(high, low))) + 1)
    inner = [step * 10.0**power for power in powers for step in (1, 2, 5) if low < step * 10.0**power < high]
    return [0.0, *inner, inf]


def _short(edge: float) -> str:
    return f"{edge / 1000:.10g}k" if edge >= 1000 else f"{edge:.10g}"


def _bars(panel: _Panel, names: tuple[str, str]) -> list[Markup]:
    ticks = nice_ticks(100 * max(*panel.real, *panel.simulated, 1e-9), about=3)
    parts, floor, scale = _frame(
        panel.head, panel.across, panel.up, [tick / 100 for tick in ticks], index=panel.even is not None
    )
    slots = len(panel.real)
    step = (PANEL_WIDTH - _LEFT) / slots
    bar = step * (0.36 if slots < 20 else 0.42)
    for place, (one, two) in enumerate(zip(panel.real, panel.simulated, strict=True)):
        middle = _LEFT + (place + 0.5) * step
        for value, x, class_, name in ((one, middle - bar, "real", names[0]), (two, middle, "simulated", names[1])):
            hint = f"{name}: {value:.2f}" if panel.even is not None else f"{name}: {value:.1%}"
            parts.append(rect(x, floor - value * scale, bar, value * scale, class_=class_, hint=hint))
    between = len(panel.names) == slots + 1
    for place, words in enumerate(panel.names):
        if words:
            x = _LEFT + (place if between else place + 0.5) * step
            parts.append(label(words, x, floor + 12, anchor="middle", class_="axis"))
    if panel.even is not None:
        parts.append(line(_LEFT, floor - panel.even * scale, PANEL_WIDTH, floor - panel.even * scale, class_="even"))
    return parts


def _curves(real: Marginals, simulated: Marginals, language: Language, names: tuple[str, str]) -> list[Markup]:
    """Draw the popularity curves: as straight as the diagonal where all products sell alike."""
    head, across, up = (TEXTS[key].say(language) for key in ("popularity", "popularity_x", "of_lines"))
    quarters = [0.0, 0.25, 0.5, 0.75, 1.0]
    parts, floor, scale = _frame(head, across, up, quarters, index=False)
    room = PANEL_WIDTH - _LEFT - 12
    for share in quarters:
        parts.append(label(f"{share:.0%}", _LEFT + share * room, floor + 12, anchor="middle", class_="axis"))
    parts.append(line(_LEFT, floor, _LEFT + room, floor - scale, class_="even"))
    for shop, class_, name in ((real, "real-line", names[0]), (simulated, "simulated-line", names[1])):
        points = zip((0.0, *TOP_SHARES, 1.0), (0.0, *shop.popularity, 1.0), strict=True)
        path = " ".join(f"{_LEFT + x * room:.1f},{floor - y * scale:.1f}" for x, y in points)
        parts.append(tag("polyline", tag("title", name), points=path, class_=class_))
    return parts


def _frame(head: str, across: str, up: str, ticks: Sequence[float], *, index: bool) -> tuple[list[Markup], float, float]:
    """Return a panel without its figures, where its floor is, and how tall 1 is."""
    floor = PANEL_HEIGHT - _BOTTOM
    scale = (floor - _TOP) / ticks[-1]
    parts = [label(head, 0, 8, class_="head"), label(up, 0, 30, class_="axis")]
    for tick in ticks:
        y = floor - tick * scale
        parts.append(line(_LEFT, y, PANEL_WIDTH, y, class_="grid" if tick else "base"))
        words = f"{tick:.10g}" if index else f"{100 * tick:.10g}%"
        parts.append(label(words, _LEFT - 8, y, anchor="end", class_="axis"))
    parts.append(label(across, (_LEFT + PANEL_WIDTH) / 2, floor + 32, anchor="middle", class_="axis"))
    return parts, floor, scale


def _legend(names: tuple[str, str], width: int) -> list[Markup]:
    """Return the two names at the right end of the first line."""
    parts: list[Markup] = []
    x = float(width - _MARGIN)
    for name, class_ in ((names[1], "simulated"), (names[0], "real")):
        room = sum(14 if ord(letter) > 0x2E80 else 7.6 for letter in name)
        x -= room
        parts.append(label(name, x, 36, class_="head"))
        parts.append(rect(x - 20, 29, 13, 13, class_=class_, rx=2))
        x -= 44
    return parts
