"""`lifeloop simulate --like HOME` writes a twin, its world and two drawings, and says how close it came."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lifeloop.cli.main import main
from lifeloop.cli.twin import Twin
from lifeloop.simulate import WorldConfig
from lifeloop.simulate.like import fit as like


@pytest.fixture
def lifeloop(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Types commands; worlds are lived small and seldom, so that an answer takes seconds."""
    for name, value in {"PEOPLE": (500, 500), "ROUNDS": 1, "_TRIES": 20}.items():
        monkeypatch.setattr(like, name, value)

    def types(*words: str, code: int = 0) -> str:
        monkeypatch.setattr("sys.argv", ["lifeloop", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert (ended.value.code or 0) == code, said.out + said.err
        return said.out + said.err

    return types


@pytest.fixture
def shop(lifeloop, tmp_path: Path) -> Path:
    """The home of a shop called 茶馆 whose operator reads Chinese."""
    world = tmp_path / "world.toml"
    world.write_text(WorldConfig().but(shop={"customers": 700, "products": 60}).lasting(150).toml(), "utf-8")
    lifeloop("simulate", "--world", str(world), "--out", str(tmp_path / "facts"))
    home = tmp_path / "home"
    lifeloop("init", "--home", str(home), "--name", "茶馆", "--language", "zh")
    sold = [str(file) for file in (tmp_path / "facts").glob("*.parquet") if file.stem != "event"]
    lifeloop("import", *sold, "--home", str(home), "--yes")
    return home


@pytest.mark.parametrize("form", ["tables", "wire"])
def test_a_twin_is_written_compared_and_drawn(lifeloop, shop: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "twin"

    done = json.loads(lifeloop("simulate", "--like", str(shop), "--out", str(out), "--as", form, "--json").splitlines()[0])

    assert {row["key"] for row in done["closeness"]} >= {"customers", "once", "weekday", "price", "lines"}
    assert sum(row["good"] for row in done["closeness"]) > len(done["closeness"]) / 2
    assert "茶馆" in (out / "marginals.svg").read_text("utf-8")
    assert "模拟店铺" in (out / "marginals.zh.svg").read_text("utf-8")
    assert WorldConfig.read(out / "world.toml").season.one_clock


def test_how_close_it_came_is_said_in_the_language_of_the_shop(lifeloop, shop: Path, tmp_path: Path) -> None:
    said = lifeloop("simulate", "--like", str(shop), "--out", str(tmp_path / "twin"))

    assert "项指标中有" in said
    assert "模拟店铺无法再现的" in said
    assert f"lifeloop init --home {tmp_path / 'twin-home'} --currency " in said
    assert f"--home {shop} " not in said
    assert "--home shop" not in said


def test_a_twin_that_cannot_be_compared_leaves_nothing(lifeloop, shop: Path, tmp_path: Path) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "disk full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Twin, "compare", full)
        said = lifeloop("simulate", "--like", str(shop), "--out", str(tmp_path / "twin"), code=2)

    assert f"cannot write to {tmp_path / 'twin'}" in said
    assert not (tmp_path / "twin").exists()


def test_the_fitted_world_can_be_shown_alone(lifeloop, shop: Path) -> None:
    assert "[customers]" in lifeloop("simulate", "--like", str(shop), "--show-world", "--seed", "5")


def test_a_twin_has_the_days_of_its_shop(lifeloop, shop: Path, tmp_path: Path) -> None:
    said = lifeloop("simulate", "--like", str(shop), "--days", "90", "--out", str(tmp_path / "twin"), code=2)

    assert "Leave --days out" in said


def test_an_empty_home_cannot_be_imitated(lifeloop, tmp_path: Path) -> None:
    lifeloop("init", "--home", str(tmp_path / "empty"))

    assert "no orders" in lifeloop("simulate", "--like", str(tmp_path / "empty"), "--out", str(tmp_path / "twin"), code=4)
