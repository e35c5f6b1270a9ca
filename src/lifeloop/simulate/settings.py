"""The world to simulate, described by one TOML file; whatever the file leaves out has the default below.

Rates are per week, as in the BTYD papers; shares lie in 0..1; money is in major units of `shop.currency`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from lifeloop.base.errors import SettingsError
from lifeloop.base.money import EXPONENT
from lifeloop.simulate.settings_text import section_lines

MOST_DAYS = 36_500
"""No world lasts longer than a hundred years."""
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=1e9)]
Factor = Annotated[float, Field(ge=1e-3, le=1e3)]
Lift = Annotated[float, Field(ge=0, le=100)]
Shape = Annotated[float, Field(ge=1e-6, le=1e6)]
Days = Annotated[float, Field(ge=0.01, le=MOST_DAYS)]
Money = Annotated[float, Field(ge=0, le=1e9)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""What the shop itself names: any characters but those that control a printer."""


MOST_PEOPLE = 100_000_000
"""No world has more people, prospects and unnamed buyers included."""
_YEARS = (1970, 2200)
_LEAST_WEIGHT = 1e-6


class Section(BaseModel):
    """One section of the file: frozen, and nothing in it but what is declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ShopSection(Section):
    """[shop]: how large, how long, which draws."""

    customers: int = Field(4000, gt=0, le=20_000_000, description="People who order at least once.")
    products: int = Field(600, gt=0, le=50_000, description="Products in the catalogue.")
    start: date = Field(date(2024, 1, 1), description="First day.")
    end: date = Field(date(2026, 1, 1), description="First day not simulated.")
    seed: int = Field(0, ge=0, lt=2**63, description="Seed of every draw: the same settings and seed give the same bytes.")
    currency: str = Field("EUR", description="ISO 4217 code of every amount.")
    shipping: Money = Field(4.9, description="Asked for shipping an order; also what it costs the shop.")
    shipping_free_from: Money = Field(49.0, description="Orders of goods worth this much ship free.")

    @property
    def days(self) -> int:
        """Days from `start` to `end`."""
        return (self.end - self.start).days

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"end ({self.end}) must come after start ({self.start})")
        if self.days > MOST_DAYS:
            raise ValueError(f"end ({self.end}) must come at most {MOST_DAYS} days after start ({self.start})")
        if not _YEARS[0] <= self.start.year <= self.end.year <= _YEARS[1]:
            raise ValueError(f"start ({self.start}) and end ({self.end}) must lie in the years {_YEARS[0]} to {_YEARS[1]}")
        if self.currency not in EXPONENT:
            raise ValueError(f"currency '{self.currency}' is none lifeloop knows (write an ISO 4217 code such as EUR or CNY)")
        return self


class CustomerSection(Section):
    """[customers]: who they are and how they buy (BG/NBD: Fader, Hardie & Lee, 2005)."""

    rate_shape: Factor = Field(0.9, description="Gamma shape r of the order rates.")
    rate_scale: Shape = Field(
        4.5, description="Gamma rate alpha of the order rates, in weeks: the mean rate is r / alpha a week."
    )
    dropout_a: Shape = Field(1.0, description="Beta a of the chance to leave for good after a repeat order.")
    dropout_b: Shape = Field(7.0, description="Beta b of the chance to leave for good after a repeat order.")
    once: Share = Field(0.12, description="Share who leave for good after their first order.")
    existing: Share = Field(
        0.1, description="Share who were customers before the first day; their earlier orders are not told."
    )
    growth: float = Field(
        0.6, gt=-1, le=1000, description="How many more customers arrive a day at the end than at the start, as a share."
    )
    arrivals: tuple[Weight, ...] = Field(
        (),
        description="Customers who arrive in each calendar month from that of the first day, as weights; then `growth` has no "
        "say. A month behind the last is like the one a year before it, or like the last.",
    )
    prospects: Lift = Field(0.25, description="People who come to look but have not bought, per customer.")
    zh: Share = Field(0.42, description="Share whose language is Chinese; the others' is English.")
    account: Share = Field(0.7, description="Share who have an account; the others order as guests with an e-mail.")
    app: Share = Field(0.25, description="Share of orders placed in the app.")
    store: Share = Field(0.12, description="Share of orders placed in a store.")
    unnamed: float = Field(
        0.0, ge=0, le=0.99, description="Share of all buyers who buy in stores only and never say their name; they come on top."
    )
    personalization: Share = Field(0.8, description="Share who agree that what they did is used to recommend to them.")
    habits: Share = Field(0.2, description="Share who have something they use up and buy again.")
    replenish: Share = Field(0.5, description="Chance to order it on the day it is used up, while active.")
    life_events: Lift = Field(0.08, description="Moves, weddings, babies and the like, per person and year.")
    life_event_lift: Annotated[float, Field(ge=0.01, le=100)] = Field(
        2.0, description="Factor on the order rate in the 60 days after a life event."
    )


class AcquisitionSource(Section):
    """[acquisition.NAME]: one way customers come."""

    share: Share = Field(description="Share of customers who come this way; the shares are scaled to sum to one.")
    cost: Money = Field(0.0, description="What one new customer costs.")
    rate_factor: Factor = Field(1.0, description="Factor on their order rate.")


class SeasonSection(Section):
    """[season]: how a day, an hour, a month compares with the average one."""

    months: tuple[Weight, ...] = Field(
        (1.0, 0.92, 0.95, 0.93, 0.94, 0.86, 0.8, 0.82, 0.95, 1.05, 1.3, 1.38), description="January to December."
    )
    weekdays: tuple[Weight, ...] = Field((1.05, 0.98, 0.95, 0.97, 1.08, 1.05, 0.92), description="Monday to Sunday.")
    hours: tuple[Weight, ...] = Field(
        (2, 1, 1, 1, 1, 1, 2, 4, 6, 7, 8, 8, 9, 8, 7, 7, 7, 8, 9, 11, 13, 13, 10, 5), description="Local hours 0 to 23."
    )
    one_clock: bool = Field(
        default=False, description="Whether everybody lives by one clock, the shop's, which then is called UTC."
    )
    singles_day: Lift = Field(1.6, description="Lift on 11 November for Chinese readers (a quarter of it for others).")
    black_friday: Lift = Field(
        1.2, description="Lift on the Friday after Thanksgiving for English readers (a quarter of it for others)."
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name, length in (("months", 12), ("weekdays", 7), ("hours", 24)):
            values = getattr(self, name)
            if len(values) != length or sum(values) < _LEAST_WEIGHT:
                raise ValueError(f"{name} must have {length} numbers, not all near zero (found {len(values)})")
        return self


class BasketSection(Section):
    """[basket]: what is in an order."""

    lines: float = Field(
        2.2,
        ge=1,
        le=1000,
        description="Mean number of products in an order; a catalogue of few products may leave it smaller.",
    )
    lines_shape: Shape = Field(6.0, description="Gamma shape of how customers differ in it: small is very different.")
    quantity: float = Field(1.3, ge=1, le=5000, description="Mean pieces of a product in an order.")
    quantity_sigma: Annotated[float, Field(ge=0, le=5)] = Field(0.5, description="Spread (log scale) of the pieces.")
    quantity_by_price: float = Field(
        0.0,
        ge=-3,
        le=3,
        description="Exponent of the price in the pieces: at -0.5 of what costs four times as much half as many.",
    )
    quantity_by_lines: float = Field(
        0.0,
        ge=-3,
        le=3,
        description="Exponent of the products in the order in the pieces: below 0 large orders take fewer of each.",
    )
    favourite: Share = Field(0.6, description="Share of lines from the customer's two favourite categories.")
    complement: Share = Field(0.35, description="Share of further lines that complement the first one.")
    partner: Share = Field(
        0.2, description="Share of further lines that are a product which goes with the first one; `complement` is of the rest."
    )


class ProductSection(Section):
    """[products]: the catalogue and its stock."""

    price_level: Annotated[float, Field(ge=1e-6, le=1e5)] = Field(1.0, description="Factor on all prices.")
    price_sigma: Annotated[float, Field(ge=0, le=5)] = Field(
        0.35, description="Spread (log scale) of prices around their kind's."
    )
    margin: float = Field(0.45, ge=0.001, le=0.999, description="Mean share of the price left after the cost of goods.")
    popularity: Annotated[float, Field(ge=0, le=10)] = Field(
        0.8, description="Exponent of the popularity of products by rank: 0 is equal."
    )
    popularity_cut: Lift = Field(
        0.0, description="How far popularity falls off beyond that: by a factor exp(-cut) from the first rank to the last."
    )
    launches: Share = Field(0.15, description="Share of products launched after the first day.")
    stock_days: Annotated[float, Field(ge=0, le=1e4)] = Field(
        35.0, description="Days of expected sales a delivery covers; 0 never runs out."
    )
    lead_days: int = Field(6, ge=1, le=365, description="Days from ordering a delivery to its arrival.")
    substitute: Share = Field(0.6, description="Chance to take a substitute for what is out of stock.")


class BehaviourSection(Section):
    """[behaviour]: what is done between orders."""

    visits_per_order: Annotated[float, Field(ge=0, le=1e3)] = Field(
        2.5, description="Visits without the wish to order, per order, while a customer is active."
    )
    visits_after: Share = Field(0.04, description="Share of these visits that go on after a customer has left for good.")
    views: Lift = Field(2.0, description="Mean products viewed in a visit beyond those added to the cart.")
    search: Share = Field(0.4, description="Share of visits that search; the others open a list.")
    cart: Share = Field(0.15, description="Share of visits without the wish to order that put something into the cart.")
    removes: Share = Field(0.1, description="Share of visits with a cart that take something out of it before the checkout.")
    shipping_cost: Share = Field(
        0.12, description="Mean chance to stop at the cost of shipping, for orders that do not ship free."
    )
    login_wall: Share = Field(0.08, description="Chance to stop where those who are not signed in are asked to.")
    slow_page: Share = Field(0.04, description="Mean chance to stop at a slow payment page.")


class AftersalesSection(Section):
    """[aftersales]: what follows an order."""

    returns: Share = Field(0.06, description="Share of order lines that come back.")
    return_days: Days = Field(12.0, description="Mean days until they do.")
    return_days_sigma: Annotated[float, Field(ge=0, le=5)] = Field(
        0.0, description="Spread (log scale) of that mean over lines: large is a long tail."
    )
    reviews: Share = Field(0.08, description="Share of orders reviewed.")
    comments: Share = Field(0.02, description="Share of orders that lead to a comment on social media.")
    support: Share = Field(0.09, description="Share of orders that lead to a support conversation.")
    resolved: Share = Field(0.72, description="Share of conversations the shop's own staff resolves.")
    survey: Share = Field(0.06, description="Share of orders whose buyer answers the NPS survey.")
    upset: Share = Field(0.12, description="Chance that an unresolved conversation makes a customer leave for good.")


class ChannelSection(Section):
    """[messages.channels.NAME]: one way to reach people."""

    cost: Money = Field(description="Cost of a message.")
    consent: Share = Field(description="Share of customers who agreed to it.")
    opened: Share = Field(description="Mean chance that a message is opened.")
    unsubscribe: Share = Field(0.002, description="Chance to unsubscribe at a message, when rested.")


class MessageSection(Section):
    """[messages]: what messages do. Kinds of response after Radcliffe & Surry (1999)."""

    channels: dict[Name, ChannelSection] = Field(
        {
            "email": ChannelSection(cost=0.002, consent=0.75, opened=0.35, unsubscribe=0.002),
            "sms": ChannelSection(cost=0.06, consent=0.35, opened=0.8, unsubscribe=0.006),
            "push": ChannelSection(cost=0.0005, consent=0.3, opened=0.25, unsubscribe=0.004),
        },
        max_length=32,
        description="Ways to reach people.",
    )
    persuadable: Share = Field(0.3, description="Share who order more because of an offer.")
    sure_thing: Share = Field(0.25, description="Share who order anyway and gladly take the discount.")
    sleeping_dog: Share = Field(
        0.12, description="Share who order less, or leave, because of a message; the rest are lost causes."
    )
    effect: Lift = Field(0.12, description="Mean further orders of a persuadable who opens an offer of appeal 1.")
    memory_days: Days = Field(4.0, description="Days in which the effect of a message falls by a factor e.")
    fatigue: Lift = Field(
        0.25, description="How much each message remembered weakens the next: factor exp(-fatigue x messages)."
    )
    fatigue_days: Days = Field(10.0, description="Days in which a message remembered fades by a factor e.")
    quiet_from: int = Field(21, ge=0, le=23, description="Local hour at which quiet hours begin.")
    quiet_to: int = Field(9, ge=0, le=23, description="Local hour at which they end.")
    annoyance: float = Field(4.0, ge=1, le=1000, description="Factor on unsubscribing for a message in quiet hours.")
    leave: Share = Field(0.02, description="Chance that a sleeping dog leaves for good at an opened message.")

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if self.persuadable + self.sure_thing + self.sleeping_dog > 1:
            raise ValueError("persuadable, sure_thing and sleeping_dog together must not exceed 1")
        return self


class OfferSection(Section):
    """[offers.NAME]: something that may be given with a message."""

    discount: float = Field(0.0, ge=0, lt=1, description="Share taken off the goods of the next order.")
    free_shipping: bool = Field(default=False, description="Whether the next order ships free.")
    days: int = Field(14, ge=1, le=365, description="Days it is valid.")
    appeal: Lift = Field(1.0, description="Factor on `messages.effect`.")


class DirtSection(Section):
    """[dirt]: what makes real facts hard to read."""

    signed_in: Share = Field(0.6, description="Share of an account holder's visits that are signed in before the checkout.")
    guest: Share = Field(0.05, description="Share of an account holder's orders placed as a guest.")
    devices: float = Field(1.7, ge=1, le=3, description="Mean devices of a person (1 to 3).")
    reset_days: Annotated[float, Field(ge=0.01, le=1e6)] = Field(
        120.0, description="Mean days until a device forgets its visitor id."
    )
    shared_device: Share = Field(0.1, description="Share of people whose first device is also their household's.")
    shared_email: Share = Field(0.01, description="Share of people who use the e-mail of their household.")
    second_email: Share = Field(0.06, description="Share of people who use a second e-mail as guests.")
    duplicates: Share = Field(0.01, description="Share of events delivered twice.")
    out_of_order: Share = Field(0.05, description="Share of events that arrive minutes behind later ones.")
    late: Share = Field(0.01, description="Share of events delivered on a later day.")
    late_days: Annotated[float, Field(ge=0.01, le=365)] = Field(1.5, description="Mean days they are late.")
    skewed: Share = Field(0.01, description="Share of devices whose clock is wrong.")
    skew_seconds: Annotated[float, Field(ge=0, le=1e7)] = Field(5400.0, description="Mean seconds it is wrong by.")
    bots: Lift = Field(0.02, description="Events of bots per event of a person.")
    malformed: Share = Field(0.001, description="Share of events that cannot be read.")


class WorldConfig(Section):
    """Everything about a simulated shop. `WorldConfig()` is a two-year bilingual shop of 4,000 customers."""

    shop: ShopSection = ShopSection()
    customers: CustomerSection = CustomerSection()
    acquisition: dict[Name, AcquisitionSource] = {
        "paid_search": AcquisitionSource(share=0.28, cost=9.0, rate_factor=0.9),
        "social": AcquisitionSource(share=0.24, cost=6.0, rate_factor=0.8),
        "referral": AcquisitionSource(share=0.12, cost=5.0, rate_factor=1.3),
        "direct": AcquisitionSource(share=0.24, cost=0.0, rate_factor=1.15),
        "store": AcquisitionSource(share=0.12, cost=2.0, rate_factor=1.05),
    }
    countries: dict[Name, Share] = {"Germany": 0.22, "United Kingdom": 0.36, "China": 0.3, "Singapore": 0.12}
    season: SeasonSection = SeasonSection()
    basket: BasketSection = BasketSection()
    products: ProductSection = ProductSection()
    behaviour: BehaviourSection = BehaviourSection()
    aftersales: AftersalesSection = AftersalesSection()
    messages: MessageSection = MessageSection()
    offers: dict[Name, OfferSection] = {
        "content": OfferSection(appeal=0.35),
        "free_shipping": OfferSection(free_shipping=True, appeal=0.7),
        "coupon_10": OfferSection(discount=0.1, appeal=1.0),
        "coupon_20": OfferSection(discount=0.2, appeal=1.5),
    }
    dirt: DirtSection = DirtSection()

    @model_validator(mode="after")
    def _somebody_comes(self) -> Self:
        told = self.customers
        if self.shop.customers * (1 / (1 - told.unnamed) + told.prospects) > MOST_PEOPLE:
            raise ValueError(f"shop.customers, customers.prospects and customers.unnamed make more than {MOST_PEOPLE:,} people")
        if told.arrivals and sum(told.arrivals) < _LEAST_WEIGHT:
            raise ValueError("customers.arrivals must have a month above zero")
        for name, shares in (
            ("acquisition", [source.share for source in self.acquisition.values()]),
            ("countries", list(self.countries.values())),
        ):
            if sum(shares) < _LEAST_WEIGHT:
                raise ValueError(f"{name} must have a share above zero")
        return self

    @classmethod
    def of(cls, told: Mapping[str, Any], *, where: str = "the settings") -> WorldConfig:
        """Return the world that nested settings describe. Raises SettingsError naming the first setting that cannot be."""
        try:
            return cls.model_validate(dict(told))
        except ValidationError as error:
            wrong = error.errors()
            first = next((one for one in wrong if one["type"] == "extra_forbidden"), wrong[0])
            name = ".".join(str(part) for part in first["loc"]) or "the settings"
            given, unknown = first.get("input"), first["type"] == "extra_forbidden"
            shown = "" if unknown or isinstance(given, (dict, BaseModel)) else f" = {given}"
            raise SettingsError(
                f"cannot simulate with {name}{shown}",
                _unknown(first["loc"]) if unknown else first["msg"].removeprefix("Value error, ").rstrip("."),
                f"Mend it in {where}; docs/reference/world.md lists every setting.",
            ) from None

    @classmethod
    def read(cls, file: Path) -> WorldConfig:
        """Return the world a TOML file describes. Raises SettingsError."""
        try:
            told = tomllib.loads(file.read_text("utf-8"))
        except OSError as error:
            fix = "Name a file of settings; lifeloop simulate --show-world prints one."
            raise SettingsError(f"cannot read the world in {file}", error.strerror or str(error), fix) from None
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"cannot read the world in {file}", str(error), "Write it as TOML, in UTF-8.") from None
        return cls.of(told, where=str(file))

    def but(self, **sections: Mapping[str, Any]) -> WorldConfig:
        """Return this world with some settings changed. Raises SettingsError.

        >>> WorldConfig().but(shop={"customers": 10}).shop.customers
        10
        """
        told = self.model_dump()
        for name, changes in sections.items():
            told[name] = {**told.get(name, {}), **changes}
        return WorldConfig.of(told)

    def lasting(self, days: int) -> WorldConfig:
        """Return this world with as many days, ending on the same day. Raises SettingsError."""
        if not 0 < days <= MOST_DAYS:
            fix = "it must be above zero" if days <= 0 else f"it must be at most {MOST_DAYS}"
            raise SettingsError(f"cannot simulate with shop.days = {days}", fix, "Try 730.")
        return self.but(shop={"start": self.shop.end - timedelta(days=days)})

    def toml(self) -> str:
        """Return the file that describes this world, every setting with its meaning."""
        parts: list[str] = []
        for name, value in self:
            parts += section_lines(name, value)
        return "\n".join(parts) + "\n"


def _unknown(place: tuple[int | str, ...]) -> str:
    """Return that there is no setting at a place, and the name of its section that comes nearest."""
    at: Any = WorldConfig()
    for part in place[:-1]:
        at = next(iter(at.values()), None) if isinstance(at, dict) else getattr(at, str(part), None)
    near = get_close_matches(str(place[-1]), type(at).model_fields if isinstance(at, BaseModel) else (), n=1, cutoff=0.5)
    return "there is no such setting" + (f"; did you mean {'.'.join([*map(str, place[:-1]), near[0]])}?" if near else "")
