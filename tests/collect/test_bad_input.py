"""Bad rows never stop a file and never vanish; a wrong file stops with what was found and what to do."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lifeloop.base.errors import LifeloopError, SettingsError, SourceError
from lifeloop.collect.records import Splitter
from lifeloop.testing.till import Till

HEADER = "order,customer,date,sku,title,qty,price\n"


def line(order: int, title: str = "A mug") -> str:
    return f"{order},ann,2024-01-05,mug,{title},1,2\n"


def test_too_few_and_too_many_fields_reject_the_row_alone(till: Till) -> None:
    report = till.takes(HEADER + line(1) + "2,ann,2024-01-05\n" + line(3, "a,b") + line(4))

    assert report.files[0].rows == 4
    assert till.orders("order_id") == ["1", "4"]
    assert till.rejected("line", "reason", "detail", "raw") == [
        (3, "wrong_fields", "3 fields where the header has 7", "2,ann,2024-01-05"),
        (4, "wrong_fields", "8 fields where the header has 7", "3,ann,2024-01-05,mug,a,b,1,2"),
    ]


def test_line_numbers_count_the_lines_of_the_file_through_quoted_breaks_and_blank_lines(till: Till) -> None:
    till.takes(HEADER + line(1, '"two\nlines"') + "\n\r\n" + "bad\n" + line(2))

    assert till.rejected("line", "raw") == [(6, "bad")]
    assert till.lines("title") == ["A mug", "two\nlines"]


def test_a_stray_quote_in_a_title_is_a_letter_like_any_other(till: Till) -> None:
    report = till.takes(HEADER + line(1, '12" mug') + line(2, '"a ""fine"" mug"') + line(3))

    assert report.rejected == {}
    assert till.lines("title") == ['12" mug', "A mug", 'a "fine" mug']


def test_a_quote_that_never_closes_costs_its_own_line_only(till: Till) -> None:
    report = till.takes(HEADER + line(1) + line(2, '"never closed') + "".join(line(number) for number in range(3, 40_000)))

    assert till.rejected("line", "reason") == [(3, "bad_quotes")]
    assert report.orders_new == 39_998


def test_a_line_beyond_a_mebibyte_is_cut_and_the_import_goes_on(till: Till) -> None:
    report = till.takes(HEADER + line(1) + line(2, "x" * (9 << 20)) + line(3) + line(4, "y" * (2 << 20)) + line(5))

    assert till.orders("order_id") == ["1", "3", "5"]
    assert till.rejected("line", "reason") == [(3, "line_too_long"), (5, "line_too_long")]
    assert report.files[0].rows == 5
    assert max(len(raw) for raw in till.rejected("raw")) <= 2001


def test_a_gibibyte_without_a_line_break_needs_little_memory() -> None:
    """The splitter is fed 1 GiB in blocks; its process may grow by no more than a few blocks."""
    program = (
        "import resource\nfrom lifeloop.collect.records import Splitter\n"
        "def blocks():\n    yield b'order,total\\n1,2\\n3,'\n    block = b'x' * (4 << 20)\n"
        "    for _ in range(256):\n        yield block\n    yield b'\\n5,6\\n'\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "rows, damaged = 0, []\n"
        "for records in Splitter(',').split(blocks()):\n    rows += len(records.starts)\n    damaged += records.damaged\n"
        "print(rows, [(bad.line, bad.reason) for bad in damaged], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found, grown = done.stdout.rsplit(" ", 1)

    assert found == "3 [(3, 'line_too_long')]"
    assert int(grown) < 100_000, "KiB"


def test_bytes_that_are_no_text_reject_their_row(till: Till) -> None:
    rows = "".join(line(number, "Größe") for number in range(200)).encode()
    report = till.takes(
        HEADER.encode() + rows + line(777, "br\x00ken").encode() + line(888, "caf").encode().replace(b"caf", b"caf\xe9")
    )

    assert report.rejected == {"bad_encoding": 1, "nul_byte": 1}
    assert report.orders_new == 200
    assert till.rejected("line", "detail") == [(202, "a NUL byte stands in it"), (203, "some bytes are no utf-8")]


def test_a_json_line_that_is_no_object_is_rejected(till: Till) -> None:
    good = '{"order": 1, "customer": "ann", "date": "2024-01-05", "total": 12.10}\n'
    report = till.takes(good + "[1]\n{broken\n" + good.replace("1,", "2,", 1) + '"text"\n')

    assert report.rejected == {"bad_json": 3}
    assert till.orders("order_id", "total_minor") == [("1", 1210), ("2", 1210)]


def test_a_file_of_one_json_line_without_an_end_is_read(till: Till) -> None:
    till.takes('{"order": 1, "customer": "ann", "date": "2024-01-05", "total": 12.10}')

    assert till.orders("order_id", "total_minor") == [("1", 1210)]


WRONG = {
    "empty.csv": (b"", "it is empty", "Export it again"),
    "blank.csv": (b" \n\n \t\n", "nothing in it but blanks", "Export it again"),
    "header only.csv": (HEADER.encode(), "it has a header and no rows", "Export it again"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x02" * 50, "its bytes are no text", "Export it as CSV"),
    "prose.csv": (b"Dear shop,\nthank you for the mug.\n", "line 1 has no column for", "--map"),
    "broken.parquet": (b"PAR1 and no more", "begins like Parquet but cannot be read", "Write the file again"),
    "broken.xlsx": (b"PK\x03\x04 and no more", "looks like an Excel workbook but cannot be read", "Save it again"),
    "broken.csv.gz": (gzip.compress(HEADER.encode() * 1000, mtime=0)[:-20], "cannot be read", "fetch it again"),
    "list.json": (b'[{"order": 1}]', "it is one JSON list", "jq -c"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_says_what_was_found_and_what_to_do_and_writes_nothing(till: Till, name: str) -> None:
    content, found, fix = WRONG[name]
    path = till.folder / name
    path.write_bytes(content)

    with pytest.raises(SourceError) as error:
        till.takes(till.file(HEADER + line(1), "good.csv"), path)

    assert str(error.value).startswith("cannot import ")
    assert name in error.value.asked
    assert found in error.value.found
    assert fix in error.value.fix
    assert set(till.versions().values()) == {-1}, "nothing of the good file beside it was written either"


def test_a_file_that_is_not_there_and_a_folder_are_named(till: Till) -> None:
    with pytest.raises(SourceError, match="there is no such file"):
        till.takes(Path("nowhere.csv"))
    with pytest.raises(SourceError, match="it is a folder"):
        till.takes(till.folder)
    with pytest.raises(SettingsError, match="no file was named"):
        till.takes()


def test_a_file_most_of_which_is_rejected_is_warned_of(till: Till) -> None:
    report = till.takes(HEADER + line(1) + line(2, "a,b") + line(3, "a,b") + line(4, "a,b"))

    assert report.warnings == ("orders.csv: 3 of 4 rows were rejected, most as wrong_fields. Are the columns the right ones?",)


def test_one_customer_one_day_one_order_come_in_like_any_others(till: Till) -> None:
    assert till.takes(HEADER + line(1)).orders_new == 1


PIECES = st.sampled_from(["1", "ann", "2024-01-05", "mug", '"', '""', ",", "\n", "\r\n", "-1", "x", "é", "\x00", ";", "€", " "])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=40).map(lambda pieces: "".join(pieces).encode())))
@example(b'"')
@example(b'1,"')
def test_no_byte_salad_gives_anything_but_an_honest_answer(tmp_path_factory: pytest.TempPathFactory, salad: bytes) -> None:
    for content in (salad, HEADER.encode() + salad, HEADER.encode() + line(1).encode() + salad):
        till = Till(tmp_path_factory.mktemp("till"))
        answers: list[str] = []
        try:
            report = till.takes(content, name="salad.csv")
        except LifeloopError as refusal:
            answers.append(refusal.asked and refusal.fix)
        else:
            assert report.files[0].rows == report.lines + report.refunds + sum(report.rejected.values())
        assert all(answers), "a refusal says what was asked and what to do"


def expected_records(text: str) -> list[str]:
    """Divide text by the rules, one sign at a time."""
    found, current, inside, start, position = [], "", False, True, 0
    while position < len(text):
        sign = text[position]
        if inside:
            if text[position : position + 2] == '""':
                current += '"'
                position += 1
            elif sign == '"':
                inside = False
        elif sign == '"' and start:
            inside = True
        elif sign == "\n":
            found.append(current)
            current, start, position = "", True, position + 1
            continue
        current += sign
        start = sign == "," and not inside
        position += 1
    return [record.removesuffix("\r") for record in [*found, current] if record.removesuffix("\r")] if not inside else []


@given(st.lists(st.sampled_from(["a", '"', '""', ",", "\n", "\r\n"]), max_size=30).map("".join), st.integers(1, 7))
def test_records_are_those_of_a_reader_that_goes_sign_by_sign_however_the_blocks_fall(text: str, size: int) -> None:
    if not (expected := expected_records(text)):
        return

    def blocks() -> Iterator[bytes]:
        data = text.encode()
        yield from (data[start : start + size] for start in range(0, len(data), size))

    found = [record for records in Splitter(",").split(blocks()) for record in records.raw(np.arange(len(records.starts)))]
    assert found == expected
