"""Recorded histories from a folder of Parquet files, understood by their columns.

Nothing hangs on what files are called, but that one whose name holds the word `test` is tested on.

visits or people with a list of products    one row each, oldest first; a column of flags with `val` in its name marks those
                                            held for validation
single deeds                                one row each: who (a person or a visit), which product and, if at all, when
published cases                             a list of what came before, and a column `target`
baskets                                     a list of products alone
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lifeloop.base.errors import NotEnoughData, SettingsError
from lifeloop.collect.words import WORDS, plain_name
from lifeloop.recommend.evaluate.deeds import Deeds, histories_of, microseconds, next_of_each
from lifeloop.recommend.evaluate.recorded import Recorded
from lifeloop.recommend.histories import Histories

Form: TypeAlias = Literal["lists", "deeds", "cases", "baskets"]

_OWNERS = ("anonymous_id", "session_id")
_PRODUCT_WORDS = (*WORDS["product_id"], "movie id", "track id", "book id")
_QUANTITY = "quantity"


@dataclass(frozen=True)
class _File:
    path: Path
    form: Form
    owner: str | None
    product: str
    at: str | None = None
    target: str | None = None
    marked: str | None = None
    quantity: str | None = None

    @property
    def is_test(self) -> bool:
        return "test" in re.split(r"[^a-z0-9]+", self.path.stem.lower())


def read_folder(folder: Path, *, needs_time: bool) -> Recorded:
    """Return what a folder records. Raises SettingsError where nothing is there that can be understood.

    Where people are recorded both as lists and as single deeds, the lists are taken, unless times are needed.
    """
    files = [found for path in sorted(folder.glob("*.parquet")) if (found := _understood(path)) is not None]
    forms = {one.form: [other for other in files if other.form == one.form] for one in files}
    if needs_time and any(one.at for one in forms.get("deeds", [])):
        return _of_deeds(folder, [one for one in forms["deeds"] if one.at])
    if "lists" in forms:
        return _of_lists(folder, max(forms["lists"], key=_rows), forms.get("cases", []))
    if "deeds" in forms:
        return _of_deeds(folder, forms["deeds"])
    if "baskets" in forms:
        return _of_lists(folder, max(forms["baskets"], key=_rows), [])
    seen = ", ".join(sorted(path.name for path in folder.glob("*.parquet"))) or "no Parquet file"
    raise SettingsError(
        f"cannot evaluate on {folder}",
        f"no file there says who had which product (found: {seen})",
        "It needs a column of people or visits, and one of products or of lists of products; or name a data home.",
    )


def _rows(one: _File) -> int:
    return int(pq.ParquetFile(one.path).metadata.num_rows)


def _understood(path: Path) -> _File | None:
    """Return what a file holds, None where it says nothing of who had what."""
    schema = pq.read_schema(path)
    owner = _named(schema, _owner_words())
    product = _named(schema, _PRODUCT_WORDS)
    lists = [field.name for field in schema if pa.types.is_list(field.type) or pa.types.is_large_list(field.type)]
    marked = [field.name for field in schema if pa.types.is_boolean(field.type) and "val" in plain_name(field.name).split()]
    if lists:
        if _named(schema, ("target", "next")) is not None:
            return _File(path, "cases", owner, lists[0], target=_named(schema, ("target", "next")))
        others = [field.name for field in schema if field.name != lists[0]]
        if owner is None and others:
            return None
        form: Form = "lists" if owner else "baskets"
        return _File(path, form, owner, lists[0], marked=marked[0] if marked else None)
    if owner is None or product is None:
        return None
    return _File(
        path, "deeds", owner, product, at=_named(schema, WORDS["placed_at"]), quantity=_named(schema, WORDS[_QUANTITY])
    )


def _owner_words() -> Sequence[str]:
    return [*WORDS["customer_id"], *(word for name in _OWNERS for word in WORDS[name])]


def _named(schema: Any, words: Sequence[str]) -> str | None:
    """Return the column whose name is the most telling of some words, blanks aside."""
    rank = {word.replace(" ", ""): place for place, word in reversed(list(enumerate(words)))}
    plain = {name: plain_name(name).replace(" ", "") for name in schema.names}
    known = [name for name in schema.names if plain[name] in rank]
    return min(known, key=lambda name: rank[plain[name]]) if known else None


def _flat(column: Any) -> tuple[Any, Any]:
    """Return the values of a column of lists and how many each row has."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return pc.list_flatten(whole), np.asarray(pc.fill_null(pc.list_value_length(whole), 0), np.int64)


def _of_lists(folder: Path, one: _File, cases: list[_File]) -> Recorded:
    table = pq.read_table(one.path)
    values, lengths = _flat(table[one.product])
    parts = [values]
    published = [(pq.read_table(case.path), case) for case in cases]
    for read, case in published:
        parts += [_flat(read[case.product])[0], _plain(read[case.target])]
    codes, products = _numbered(parts)
    histories = Histories(_starts(lengths), codes[0], products)
    marked = None if one.marked is None else np.asarray(pc.fill_null(table[one.marked], fill_value=False), np.bool_)
    about = f"{folder.name}/{one.path.name}"
    if not published:
        return Recorded(about=about, histories=histories, marked=marked, is_ordered=one.form == "lists")
    prefixes = np.concatenate([_flat(read[case.product])[1] for read, case in published])
    given = Histories(_starts(prefixes), np.concatenate(codes[1::2]), products)
    targets = Histories.of(np.concatenate(codes[2::2])[:, None], products=products)
    return Recorded(about=about, histories=histories, marked=marked, given=given, targets=targets)


def _of_deeds(folder: Path, files: list[_File]) -> Recorded:
    tests = [one for one in files if one.is_test] if any(not one.is_test for one in files) else []
    training = [one for one in files if one not in tests]
    read = [_deeds(one) for one in [*training, *tests]]
    codes, products = _numbered([one.products for one in read])
    read = [Deeds(one.owners, code, one.at) for one, code in zip(read, codes, strict=True)]
    about = f"{folder.name}/{', '.join(one.path.name for one in training)}"
    histories = histories_of(read[: len(training)], products)
    has_order = histories.at is not None
    if not tests:
        return Recorded(about=about, histories=histories, is_ordered=has_order)
    given, targets, clusters = next_of_each(histories_of(read[len(training) :], products))
    return Recorded(about=about, histories=histories, is_ordered=has_order, given=given, targets=targets, clusters=clusters)


def _deeds(one: _File) -> Deeds:
    wanted = [name for name in (one.owner, one.product, one.at, one.quantity) if name is not None]
    table = pq.read_table(one.path, columns=list(dict.fromkeys(wanted)))
    there = pc.and_(pc.is_valid(table[one.owner]), pc.is_valid(table[one.product]))
    if one.quantity is not None:  # what was given back was not wanted
        there = pc.and_(there, pc.greater(table[one.quantity], 0))
    table = table.filter(there)
    at = None if one.at is None else microseconds(table[one.at])
    return Deeds(_plain(table[one.owner]), _plain(table[one.product]), at)


def _plain(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _numbered(parts: Sequence[Any]) -> tuple[list[Any], int]:
    """Return each part as places of products, and how many products there are. Raises NotEnoughData where there are none."""
    together = pa.concat_arrays([pc.cast(part, pa.string()) if not _whole(parts) else part for part in parts])
    names, codes = np.unique(together.to_numpy(zero_copy_only=False), return_inverse=True)
    if names.size == 0:
        raise NotEnoughData("cannot evaluate", "the files hold no product", "Bring data.")
    ends = np.cumsum([len(part) for part in parts])[:-1]
    return [part.astype(np.int32) for part in np.split(codes, ends)], int(names.size)


def _whole(parts: Sequence[Any]) -> bool:
    return len({str(part.type) for part in parts}) == 1 and all(pa.types.is_integer(part.type) for part in parts)


def _starts(lengths: Any) -> Any:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
