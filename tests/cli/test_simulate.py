"""`lifeloop simulate` writes a shop that can be simulated again, and says which setting cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from lifeloop.base.ids import file_sha256
from lifeloop.cli.main import main
from lifeloop.lake import Lake
from lifeloop.schema import CUSTOMER, ORDER, ORDER_LINE, REFUND, REJECTED
from lifeloop.simulate import WorldConfig
from lifeloop.simulate.truth import TruthFiles

SMALL = ("--customers", "900", "--products", "40", "--days", "40", "--seed", "3")


class Shell:
    """Types `lifeloop simulate` and reads what it answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def types(self, *words: str, code: int = 0) -> str:
        """Type one command; it must end with `code`. Returns what it printed."""
        self._monkeypatch.setattr("sys.argv", ["lifeloop", "simulate", *words])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._capsys.readouterr()
        assert (ended.value.code or 0) == code, said.out + said.err
        return said.out + said.err

    def asks(self, *words: str, code: int = 0) -> Any:
        """Type one command with --json; returns what it answered."""
        return json.loads(self.types(*words, "--json", code=code).splitlines()[0])


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


def test_the_tables_are_written_and_counted(shell: Shell, tmp_path: Path) -> None:
    done = shell.asks("--out", str(tmp_path / "sim"), *SMALL)

    assert sorted(Path(file).name for file in done["files"]) == [
        "customer.parquet", "event.parquet", "order.parquet", "order_line.parquet", "product.parquet", "refund.parquet",
    ]  # fmt: skip
    for name, rows in done["rows"].items():
        assert pq.ParquetFile(tmp_path / "sim" / f"{name}.parquet").metadata.num_rows == rows
    assert done["rows"]["event"] > 1000
    assert done["events_per_s"] > 0


def test_the_world_beside_the_files_gives_the_same_files(shell: Shell, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"

    shell.types("--out", str(one), *SMALL)
    shell.types("--out", str(other), "--world", str(one / "world.toml"))

    names = sorted(file.name for file in one.iterdir() if file.is_file())
    assert "world.toml" in names
    assert [file_sha256(one / name) for name in names] == [file_sha256(other / name) for name in names]


def test_people_are_told_what_was_written_and_what_comes_next(shell: Shell, tmp_path: Path) -> None:
    said = " ".join(shell.types("--out", str(tmp_path / "sim"), *SMALL).split())

    assert "events/s" in said
    assert f"lifeloop init --home {tmp_path / 'sim'}-home --currency EUR" in said
    assert f"lifeloop import {tmp_path / 'sim'}/*.parquet --home {tmp_path / 'sim'}-home --yes" in said
    assert "import will call them known and rejected" in said


def test_the_wire_form_replaces_the_tables_of_an_earlier_simulation(shell: Shell, tmp_path: Path) -> None:
    shell.asks("--out", str(tmp_path), *SMALL)
    done = shell.asks("--out", str(tmp_path), *SMALL, "--as", "wire")

    assert sorted(file.name for file in tmp_path.iterdir() if file.is_file()) == [
        "events-0001.jsonl", "product.parquet", "simulated.json", "world.toml",
    ]  # fmt: skip
    assert done["form"] == "wire"


def test_both_forms_of_a_clean_shop_are_imported_as_the_same_sales(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = tmp_path / "clean.toml"
    world.write_text("[dirt]\nduplicates = 0\nlate = 0\nout_of_order = 0\nskewed = 0\nbots = 0\nmalformed = 0\n", "utf-8")

    def imported(form: str) -> dict[str, list[dict[str, Any]]]:
        done = shell.asks("--out", str(tmp_path / form), "--world", str(world), *SMALL, "--as", form)
        home = tmp_path / f"home-{form}"
        for words in (["init"], ["import", *done["files"], "--yes"]):
            monkeypatch.setattr("sys.argv", ["lifeloop", *words, "--home", str(home)])
            with pytest.raises(SystemExit):
                main()
        lake = Lake(home / "lake")
        assert not lake.exists(REJECTED)
        found = {}
        for table in (ORDER, ORDER_LINE, REFUND, CUSTOMER):
            rows = lake.scan(table).read_all().to_pylist()
            rows.sort(key=lambda row: [str(row[name]) for name in table.key])
            found[table.name] = [{name: value for name, value in row.items() if name not in _OF_THE_FORM} for row in rows]
        return found

    tables, wire = imported("tables"), imported("wire")

    assert tables["order"]
    assert tables["refund"]
    assert tables == wire


_OF_THE_FORM = {"digest", "first_seen_at", "last_seen_at", "received_at", "told", "told_at"}
"""Columns that rightly differ: the fingerprint of what was read, what an event too tells of when people were seen, when a row
or its event came in, each by its own way, and what only events tell: when each word was said."""


def test_every_setting_can_be_seen_and_read_again(shell: Shell, tmp_path: Path) -> None:
    said = shell.types("--show-world", *SMALL)
    file = tmp_path / "world.toml"
    file.write_text(said, "utf-8")

    assert WorldConfig.read(file) == WorldConfig().but(shop={"customers": 900, "products": 40, "seed": 3}).lasting(40)
    assert shell.asks("--show-world", *SMALL)["shop"]["customers"] == 900


@pytest.mark.parametrize(
    ("words", "setting"),
    [
        (("--customers", "0"), "shop.customers"),
        (("--customers", "-5"), "shop.customers"),
        (("--products", "0"), "shop.products"),
        (("--products", "99999"), "shop.products"),
        (("--days", "-3"), "shop.days"),
        (("--days", "0"), "shop.days"),
        (("--days", "99999999"), "shop.days"),
        (("--seed", "-1"), "shop.seed"),
        (("--as", "csv"), "no form named 'csv' (known: tables, wire)"),
    ],
)
def test_an_option_that_cannot_be_is_named(shell: Shell, tmp_path: Path, words: tuple[str, ...], setting: str) -> None:
    assert setting in shell.types("--out", str(tmp_path), *words, code=2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("toml", "setting"),
    [
        ("[shop]\nstart = 2025-06-01\nend = 2025-05-01", "end (2025-05-01) must come after start (2025-06-01)"),
        ("[shop]\ncurrency = 'XYZ'", "currency 'XYZ'"),
        ("[dirt]\nduplicates = 1.5", "dirt.duplicates = 1.5"),
        ("[dirt]\nbots = -1", "dirt.bots = -1"),
        ("[customers]\nrate_shape = 0", "customers.rate_shape = 0"),
        ("[customers]\nzh = nan", "customers.zh = nan"),
        ("[acquisition.social]\nshare = 2.0", "acquisition.social.share = 2.0"),
        ("[messages]\npersuadable = 0.9", "must not exceed 1"),
        ("[season]\nweekdays = [1, 1, 1]", "weekdays must have 7 numbers"),
        ("[shop]\ncustomer = 10", "cannot simulate with shop.customer: there is no such setting; did you mean shop.customers?"),
        ("[shops]\ncustomers = 10", "there is no such setting; did you mean shop?"),
        ("[acquisition.social]\nsare = 2", "did you mean acquisition.social.share?"),
        ("[shop\n", "cannot read the world in"),
    ],
)
def test_a_setting_of_the_file_that_cannot_be_is_named(shell: Shell, tmp_path: Path, toml: str, setting: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(toml, "utf-8")

    said = shell.types("--world", str(file), "--out", str(tmp_path / "sim"), code=2)

    assert setting in said
    assert not (tmp_path / "sim").exists()


def test_errors_are_json_where_that_was_asked_for(shell: Shell, tmp_path: Path) -> None:
    assert "shop.customers" in shell.asks("--out", str(tmp_path), "--customers", "0", code=2)["asked"]


def test_a_world_that_cannot_be_read_is_not_blamed_for_its_form(shell: Shell, tmp_path: Path) -> None:
    for file, words in ((tmp_path, "Is a directory"), (tmp_path / "none.toml", "No such file")):
        said = shell.types("--world", str(file), "--out", str(tmp_path / "sim"), code=2)
        assert words in said
        assert "as TOML" not in said


def test_the_option_is_named_beside_the_setting(shell: Shell, tmp_path: Path) -> None:
    for words, name in ((("--customers", "0"), "customers"), (("--days", "0"), "days"), (("--seed", "-1"), "seed")):
        assert f"--{name} (shop.{name}) = " in shell.types("--out", str(tmp_path), *words, code=2)


def test_a_folder_with_other_files_is_left_alone(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")

    assert "thesis" not in shell.types("--out", str(tmp_path), *SMALL, code=2)
    assert "it is a file" in shell.types("--out", str(tmp_path / "thesis.txt"), *SMALL, code=2)
    assert "no folder" in shell.types(*SMALL, code=2)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]
    assert "no folder" in shell.types(*SMALL, "--out", "", code=2)


def test_the_home_that_comes_next_is_never_one_that_is_there(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "my shop-home").mkdir()

    said = shell.types("--out", str(tmp_path / "my shop"), *SMALL, "--as", "wire")

    assert f"--home '{tmp_path}/my shop-home-2'" in " ".join(said.split())
    assert f"'{tmp_path}/my shop'/events-*.jsonl" in " ".join(said.split())


def test_files_of_others_stay_and_are_not_imported_with_the_rest(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "sim"
    shell.types("--out", str(out), *SMALL)
    mine = [out / "mine.parquet", out / "events-0001.jsonl", out / "truth" / "mine.parquet"]
    for file in mine:
        file.write_text("mine")

    said = " ".join(shell.types("--out", str(out), *SMALL, "--seed", "4").split())

    assert [file.read_text() for file in mine] == ["mine"] * 3
    assert f"{out}/event.parquet" in said
    assert "*.parquet" not in said
    before = contents(out)
    assert "events-0001.jsonl" in shell.types("--out", str(out), *SMALL, "--as", "wire", code=2)
    assert contents(out) == before


@pytest.mark.parametrize("name", ["order.parquet", "world.toml", "simulated.json"])
def test_a_file_changed_since_is_not_lost(shell: Shell, tmp_path: Path, name: str) -> None:
    shell.types("--out", str(tmp_path), *SMALL)
    (tmp_path / name).write_text("[shop]\n# mine")
    before = contents(tmp_path)

    assert f"cannot write over {tmp_path / name}" in shell.types("--out", str(tmp_path), *SMALL, code=2)
    assert contents(tmp_path) == before


def test_a_world_written_by_hand_is_not_lost(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("world.toml").write_text("[shop]  # mine\ncustomers = 300\n")

    assert "Name a new folder" in shell.types("--world", "world.toml", "--out", ".", code=2)
    assert Path("world.toml").read_text().startswith("[shop]  # mine")


def test_the_list_of_files_cannot_reach_out_of_the_folder(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "sim").mkdir()
    listed = {"form": "tables", "files": {"../mine.txt": file_sha256(tmp_path / "mine.txt")}}
    (tmp_path / "sim" / "simulated.json").write_text(json.dumps(listed))

    assert "outside of the folder" in shell.types("--out", str(tmp_path / "sim"), *SMALL, code=2)
    assert (tmp_path / "mine.txt").exists()


@pytest.mark.parametrize("form", ["tables", "wire"])
@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [(KeyboardInterrupt(), 130, "stopped"), (OSError(28, "disk full"), 2, "No space left on device")],
)
def test_an_interruption_leaves_the_folder_as_it_was(
    shell: Shell, tmp_path: Path, form: str, wrong: BaseException, code: int, words: str
) -> None:
    out, days = tmp_path / "deep" / "sim", iter(range(5))
    typed = ("--out", str(out), *SMALL, "--as", form)

    def stops(_files: TruthFiles) -> None:
        if next(days, None) is None:
            raise wrong

    for earlier in ({}, None):
        with pytest.MonkeyPatch.context() as patch:
            before = contents(tmp_path) if earlier is None else earlier
            patch.setattr(TruthFiles, "keep", stops)
            said = shell.types(*typed, "--seed", "8", code=code)
        assert words in said
        assert code != 2 or f"cannot write to {out}" in said
        assert contents(tmp_path) == before
        if earlier is not None:
            assert not list(tmp_path.iterdir())
            shell.types(*typed)


def test_a_swap_that_fails_is_undone(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "sim"
    shell.types("--out", str(out), *SMALL)
    before, replace = contents(out), Path.replace

    def fails(file: Path, to: Path) -> Path:
        if to == out / "world.toml" and "new" in file.parts:
            raise PermissionError(13, "no")
        return replace(file, to)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fails)
        patch.setattr("lifeloop.cli.simulated.write_shop", drafted)
        assert f"cannot write to {out}" in shell.types("--out", str(out), *SMALL, code=2)

    assert contents(out) == before


def drafted(_config: Any, folder: Path, *_rest: Any) -> Any:
    """Write files as a simulation would, at once."""
    for name in ("order.parquet", "truth/visit.parquet", "world.toml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("new")
    return {"files": [], "truth": []}, None


def contents(folder: Path) -> dict[str, str]:
    """Return the fingerprint of every file in a folder."""
    return {str(file): file_sha256(file) for file in sorted(folder.rglob("*")) if file.is_file()}
