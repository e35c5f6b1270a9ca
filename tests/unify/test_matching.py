"""Two records that may be one person are suggested to an operator; family members and namesakes are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lifeloop.unify.matching import Person, Suggestion, suggest

ANN = Person(
    customer_id="ann", given_name="Annette", family_name="Lindqvist", birth="1984-02-29", street="Mill Lane", house="12",
    postcode="40221", city="Exbridge", phone="+44 20 7946 0958",
)  # fmt: skip


def others(number: int = 400) -> list[Person]:
    """People of a town, so that it can be known which names are common."""
    draws = np.random.default_rng(5)
    given, family = (
        ["Jo", "Kim", "Lou", "Max", "Ola", "Pat", "Robin", "Sam"],
        ["Berg", "Dahl", "Ek", "Falk", "Holm", "Lind", "Strand"],
    )
    return [
        Person(
            customer_id=f"c{place}",
            given_name=str(draws.choice(given)),
            family_name=str(draws.choice(family)),
            birth=f"{draws.integers(1940, 2005)}{draws.integers(1, 13):02}{draws.integers(1, 29):02}",
            street=f"{draws.choice(['Oak', 'Elm', 'Ash', 'Fir'])} Road {draws.integers(30)}",
            house=str(draws.integers(1, 90)),
            postcode=str(draws.integers(10_000, 10_040)),
            city="Exbridge",
        )
        for place in range(number)
    ]


def suggested(*people: Person) -> list[Suggestion]:
    mine = {one.customer_id for one in people}
    return [one for one in suggest([*others(), *people]) if {one.customer_id, one.other_id} & mine]


def test_one_person_misspelt_is_suggested_with_what_agrees() -> None:
    (pair,) = suggested(ANN, replace(ANN, customer_id="ann2", given_name="Anette", street="Mil Lane", birth="1984-02-28"))

    assert (pair.customer_id, pair.other_id) == ("ann", "ann2")
    assert pair.chance > 0.999
    assert {"given_name", "family_name", "birth", "street", "phone"} <= set(pair.agreed)


def test_names_in_each_other_s_place_are_the_same_names() -> None:
    assert suggested(ANN, replace(ANN, customer_id="ann2", given_name="Lindqvist", family_name="Annette", phone=None))


def test_twins_are_two() -> None:
    assert not suggested(ANN, replace(ANN, customer_id="eva", given_name="Evelyn"))


def test_father_and_son_of_one_name_are_two() -> None:
    assert not suggested(ANN, replace(ANN, customer_id="young", birth="2011-07-16"))


def test_a_household_in_which_nobody_gave_a_first_name_or_birth_is_not_one_person() -> None:
    bare = replace(ANN, given_name=None, birth=None)

    assert not suggested(bare, replace(bare, customer_id="ann2"))


def test_namesakes_of_a_common_name_in_one_town_are_not_suggested() -> None:
    assert suggest(others()) == []


def test_the_same_people_in_another_order_give_the_same_suggestions() -> None:
    people = [*others(100), ANN, replace(ANN, customer_id="ann2", phone="020 79460958")]

    assert suggest(people) == suggest(people[::-1]) != []
