"""Carts and profiles are joins: what is heard, in any order, in any parts, kept and read between, is the same in the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lifeloop.collect.live.heard import Heard
from lifeloop.unify.carts import Cart, cart_of_row, row_of_cart
from lifeloop.unify.profiles import Told, row_of_told, told_of_row, within
from lifeloop.unify.told import Word, json_text

DAY_US = 86_400_000_000
AT = st.integers(0, 6) | st.integers(0, 40).map(lambda days: days * DAY_US)
PRODUCT = st.fixed_dictionaries(
    {"product_id": st.sampled_from(["P1", "P2"]), "quantity": st.integers(0, 3), "price": st.sampled_from([1, "2.50", None])}
)
CARTS = st.sampled_from(["Product Added", "Product Added", "Product Removed", "Cart Viewed", "Order Completed"])
TOLD = st.tuples(AT, CARTS, PRODUCT, st.none() | st.lists(PRODUCT, max_size=2))
VALUES = st.sampled_from(["a", "b", None, 1, 1.5, [1, "x"], {"b": 1, "a": 2}])
WORDS = st.tuples(AT, st.sampled_from([f"t{number}" for number in range(104)]) | st.just("t1"), VALUES)
TOUCHES = st.tuples(AT, st.none(), st.sampled_from([{"source": "mail"}, {"source": "ads"}]))


def heard(at: int, name: str, properties: dict[str, Any]) -> Heard:
    said = {"type": "track", "event": name, "properties": properties}
    return Heard("live", 0, "m", "track", name, "ann", None, "ann", None, at, at, said=said)


def cart_of(told: Sequence[Any]) -> Cart:
    cart = Cart()
    for at, name, product, listed in told:
        cart.hear(heard(at, name, {**product, "currency": "EUR"} | ({} if listed is None else {"products": listed})))
    return cart


def told_of(words: Sequence[Any]) -> Told:
    told = Told()
    for at, name, value in words:
        told.seen(at)
        if name is None:
            told.touched(Word(at, json_text(value)))
        else:
            told.trait(name, Word(at, json_text(value)))
    return told


@st.composite
def parted(draw: st.DrawFn, one: st.SearchStrategy[Any], most: int) -> tuple[list[Any], list[list[Any]]]:
    """Return what is heard, and the same in another order, in parts, with doubles."""
    whole = draw(st.lists(one, min_size=1, max_size=most))
    order = draw(st.permutations(whole)) + draw(st.lists(st.sampled_from(whole), max_size=3))
    cut = draw(st.integers(0, len(order)))
    return whole, [order[:cut], order[cut:]]


@given(heard=parted(TOLD, 12))
def test_a_cart_is_the_same_in_whatever_order_it_is_heard(heard: tuple[list[Any], list[list[Any]]]) -> None:
    whole, (first, second) = heard

    kept = row_of_cart("ann", cart_of(first))
    later = cart_of(second)
    later.join(cart_of_row(kept))

    assert row_of_cart("ann", later) == row_of_cart("ann", cart_of(whole))


@given(heard=parted(WORDS | TOUCHES, 30), traits=st.integers(0, 110))
def test_a_profile_is_the_same_in_whatever_order_it_is_heard(heard: tuple[list[Any], list[list[Any]]], traits: int) -> None:
    whole, (first, second) = heard
    many = [(number % 7, f"t{number}", number) for number in range(traits)]

    kept = row_of_told("ann", told_of(first + many)) if first or many else None
    later = told_of(second)
    if kept is not None:
        later.join(told_of_row(kept))

    assert row_of_told("ann", later) == row_of_told("ann", told_of(whole + many))


def test_a_device_that_tells_nothing_of_a_span_moves_nobodys_first_and_last_day() -> None:
    told, device = told_of([(5 * DAY_US, "t1", "a")]), told_of([(9 * DAY_US, "t1", "b")])

    told.join(within(device, 0, DAY_US))

    assert (told.first_seen_at, told.last_seen_at, told.known_traits()) == (5 * DAY_US, 5 * DAY_US, {"t1": "a"})
