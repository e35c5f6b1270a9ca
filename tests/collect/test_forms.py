"""One small file in every form it can be written in gives the same facts."""

from __future__ import annotations

import gzip
import io
import json
from datetime import datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifeloop.base.errors import SourceError
from lifeloop.testing.till import Till

COLUMNS = ["order", "customer", "date", "sku", "title", "qty", "price"]
ROWS = [
    ["1", "ann", "2024-01-05 08:26:00", "mug", "Große Tasse", 2, 1.1],
    ["2", "bob", "2024-01-06 09:00:00", "tea", 'Tee, "grün"', 1, 6.95],
    ["2", "bob", "2024-01-06 09:00:00", "x", "zwei\nZeilen", 3, 0.335],
]
EXPECTED = [
    ("1", "ann", "mug", "Große Tasse", 220),
    ("2", "bob", "tea", 'Tee, "grün"', 695),
    ("2", "bob", "x", "zwei\nZeilen", 100),
]


def delimited(delimiter: str, *, end: str = "\n") -> str:
    def cell(value: object) -> str:
        text = str(value).replace('"', '""')
        return f'"{text}"' if any(sign in text for sign in (delimiter, '"', "\n")) else text

    return "".join(delimiter.join(cell(value) for value in row) + end for row in [COLUMNS, *ROWS])


def workbook(*sheets: tuple[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def parquet() -> bytes:
    stream = io.BytesIO()
    columns = dict(zip(COLUMNS, zip(*ROWS, strict=True), strict=True))
    pq.write_table(pa.table({name: list(values) for name, values in columns.items()}), stream)
    return stream.getvalue()


def json_lines() -> str:
    nested = [
        {"order": r[0], "customer": r[1], "date": r[2], "item": {"sku": r[3], "title": r[4]}, "qty": r[5], "price": r[6]}
        for r in ROWS
    ]
    return "".join(json.dumps(row) + "\n" for row in nested)


DATED = [[r[0], r[1], datetime.fromisoformat(str(r[2])), *r[3:]] for r in ROWS]
FORMS: dict[str, bytes] = {
    "comma.csv": delimited(",").encode(),
    "tab.tsv": delimited("\t").encode(),
    "semicolon.csv": delimited(";").encode(),
    "bar.txt": delimited("|").encode(),
    "excel.csv": b"sep=;\r\n" + delimited(";", end="\r\n").encode(),
    "windows.csv": delimited(",", end="\r\n").encode("cp1252"),
    "latin1.csv": delimited(",").encode("latin-1"),
    "bom.csv": delimited(",").encode("utf-8-sig"),
    "utf16.csv": delimited("\t").encode("utf-16"),
    "utf16 without a mark.csv": delimited(",").encode("utf-16-le"),
    "lines.jsonl": json_lines().encode(),
    "table.parquet": parquet(),
    "book.xlsx": workbook(("Orders", [COLUMNS, *ROWS])),
    "dates.xlsx": workbook(("Empty", []), ("Orders", [COLUMNS, *DATED])),
    "no ending at all": delimited(",").encode().rstrip(b"\n"),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_facts(till: Till, name: str, *, packed: bool) -> None:
    path = till.folder / (name + ".gz" if packed else name)
    path.write_bytes(gzip.compress(FORMS[name]) if packed else FORMS[name])

    report = till.takes(path)

    assert till.lines("order_id", "customer_id", "product_id", "title", "amount_minor") == EXPECTED
    assert [at.isoformat() for at in till.orders("placed_at")] == ["2024-01-05T08:26:00+00:00", "2024-01-06T09:00:00+00:00"]
    assert report.files[0].rows == 3


def test_chinese_in_gb18030_is_told_from_western_text(till: Till) -> None:
    text = delimited(",").replace("Große", "大号杯子").replace("grün", "绿茶").replace("zwei", "两行")
    report = till.takes(text.encode("gb18030"))

    assert report.files[0].guess.encoding == "gb18030"
    assert till.lines("title")[0] == 'Tee, "绿茶"'


def test_sheets_with_the_same_columns_are_read_like_files_that_overlap(till: Till) -> None:
    book = workbook(
        ("2009", [COLUMNS, *ROWS]),
        ("2010", [COLUMNS, ROWS[2], ["3", "cy", "2024-02-01", "mug", "x", 1, "y"]]),
        ("Notes", [["a note"]]),
    )
    path = till.folder / "years.xlsx"
    path.write_bytes(book)

    report = till.takes(path)

    assert [file.guess.file for file in report.files] == ["years.xlsx[2009]", "years.xlsx[2010]"]
    assert (report.lines, report.rejected) == (3, {"bad_number": 1})
    assert till.rejected("file", "line") == [("years.xlsx[2010]", 3)]


def test_an_old_macs_line_ends_are_line_ends(till: Till) -> None:
    rows = "order,customer,date,total\r1,ann,2024-01-05,5\r2,bob,2024-01-06,6\r"
    assert till.takes(rows).orders_new == 2


def test_a_rejected_row_of_a_table_is_kept_as_a_line_of_csv(till: Till) -> None:
    path: Path = till.folder / "t.parquet"
    pq.write_table(
        pa.table({"order": [1], "customer": ["a,b"], "date": ["soon"], "total": [1.5]} | {"date": ["2024-13-05"]}), path
    )
    with pytest.raises(SourceError, match="placed_at"):
        till.takes(path)
    pq.write_table(
        pa.table({"order": [1, 2], "customer": ["a,b", "c"], "date": ["2024-13-05", "2024-01-05"], "total": [1.5, 2]}), path
    )
    till.takes(path)

    assert till.rejected("line", "raw") == [(1, '1,"a,b",2024-13-05,1.5')]
