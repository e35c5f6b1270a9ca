"""Against Febrl, the usual benchmark of record linkage: every suggestion is right, most true pairs are found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lifeloop.unify.matching import Person, suggest

_FIELDS = {
    "given_name": "given_name", "family_name": "surname", "birth": "date_of_birth", "street": "address_1",
    "house": "street_number", "postcode": "postcode", "city": "suburb",
}  # fmt: skip


def truth(record: str) -> str:
    return record.split("-")[1]


@pytest.mark.real
@pytest.mark.parametrize(("files", "recall"), [(("dataset4a", "dataset4b"), 0.86), (("dataset3",), 0.79)])
def test_what_is_suggested_of_misspelt_people_is_right(real_data: Path, files: tuple[str, ...], recall: float) -> None:
    rows = [row for file in files for row in pq.read_table(real_data / "identity_febrl" / f"{file}.parquet").to_pylist()]
    people = [Person(customer_id=row["rec_id"], **{ours: row[theirs] for ours, theirs in _FIELDS.items()}) for row in rows]
    true_pairs = sum(n * (n - 1) // 2 for n in Counter(truth(row["rec_id"]) for row in rows).values())

    pairs = suggest(people)
    wrong = [pair for pair in pairs if truth(pair.customer_id) != truth(pair.other_id)]

    assert not wrong  # so nobody is mixed with anybody, and the pair precision is 1
    assert len(pairs) / true_pairs >= recall
