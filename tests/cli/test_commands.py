"""The command line tells the whole story: a home, facts, a run, people, a verdict, a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lifeloop.base.lock import writing
from lifeloop.base.recommend_settings import PLACEMENTS
from lifeloop.cli import recommend
from lifeloop.cli.main import main
from lifeloop.recommend.asked import Strategy
from lifeloop.schema import SCORE, SNAPSHOT
from lifeloop.simulate import Shop, WorldConfig
from lifeloop.simulate.files.tables import write_tables


class Shell:
    """Types commands at one home and reads what they answer."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def types(self, *words: str, code: int = 0) -> str:
        """Type one command; it must end with `code`. Returns what it printed."""
        self._monkeypatch.setattr("sys.argv", ["lifeloop", *words, "--home", str(self.folder)])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._capsys.readouterr()
        assert (ended.value.code or 0) == code, said.out + said.err
        return said.out + said.err

    def asks(self, *words: str, code: int = 0) -> Any:
        """Type one command with --json; returns what it answered."""
        return json.loads(self.types(*words, "--json", code=code).splitlines()[0])


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    world = WorldConfig().but(shop={"customers": 300, "products": 30}).lasting(500)
    return write_tables(Shop(world), tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop") / "home"


@pytest.fixture
def shell(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(home, monkeypatch, capsys)


def email_of(file: Path, customer_id: str) -> str:
    """Return the e-mail a file of customers tells of one."""
    people = pq.read_table(file, columns=["customer_id", "email"]).to_pylist()
    return next(one["email"] for one in people if one["customer_id"] == customer_id)


def test_the_whole_loop(shell: Shell, files: dict[str, Path]) -> None:
    assert shell.asks("init", "--name", "Tea & Paper", "--timezone", "Europe/Berlin")["made"]
    assert not shell.asks("init")["made"]

    everything = [str(file) for file in files.values()]
    planned = shell.asks("import", *everything, "--dry-run")
    done = shell.asks("import", *everything)
    again = shell.asks("import", *everything)
    shell.types("import", str(files["customer"]), "--as", "customers", "--yes")

    orders = pq.read_table(files["order"], columns=["order_id", "customer_id"])
    assert planned["orders_new"] == done["orders_new"] == pc.count_distinct(orders["order_id"]).as_py() > 400
    assert (again["orders_new"], again["written"]) == (0, [])
    assert 'currency = "EUR"' in (shell.folder / "lifeloop.toml").read_text()

    first = shell.asks("run")
    assert [one["question"] for one in first["models"]] == ["churn", "value", "next_order", "stage", "segment"]

    card = shell.asks("customer", "C000001", "--features")
    assert card["stage"]["label"]
    assert card["profile"]["email"] == email_of(files["customer"], "C000001")
    assert {score["target"] for score in card["scores"]} >= {"p_churn", "revenue_minor", "days", "rfm", "cluster"}
    assert "C000001" in shell.types("customer", "C000001")

    assert (
        sum(group["customers"] for group in shell.asks("segments")["rfm"]) == pc.count_distinct(orders["customer_id"]).as_py()
    )
    assert shell.asks("backtest")["verdict"]["zh"]
    assert "rfm" in shell.types("backtest", "--question", "churn", "--from", "2025-09-01", "--every", "14")

    report = Path(shell.asks("report")["report"])
    assert "Tea &amp; Paper" in report.read_text("utf-8")
    assert shell.asks("doctor")["ok"]


def test_every_placement_recommends_with_reasons(shell: Shell) -> None:
    found = shell.asks("recommend", "C000001")
    told = {one["placement"]: one for one in found["answers"]}
    stranger = shell.asks("recommend", "--placement", "home", "-k", "5")
    page = told["home"]["products"][0]["product_id"]
    beside = shell.asks("recommend", "--placement", "cart", "--item", page, "-k", "4")["answers"][0]

    assert found["customer_id"] == "C000001"
    assert list(told) == ["home", "product", "search", "cart", "message"]
    for placement, answer in told.items():
        assert answer["products"], placement
        assert all(one["title"] and one["reasons"][0]["zh"] for one in answer["products"]), placement
    assert stranger["customer_id"] is None
    assert not stranger["answers"][0]["personal"]
    assert page not in [one["product_id"] for one in beside["products"]]
    assert "because" in shell.types("recommend", "C000001")


def test_the_shares_of_the_reasons_of_a_product_add_up_to_the_whole(shell: Shell) -> None:
    for answer in shell.asks("recommend", "C000001")["answers"]:
        for one in answer["products"]:
            shares = [reason["share"] for reason in one["reasons"]]
            contributions = [reason["contribution"] for reason in one["reasons"]]
            if sum(contributions) > 0:
                assert sum(shares) == pytest.approx(1)
            else:
                assert set(shares) == {None}


def test_every_table_says_what_it_stands_on_in_the_language_of_the_shop(shell: Shell) -> None:
    told = {one["placement"]: one for one in shell.asks("recommend", "C000001", "-k", "3")["answers"]}
    first = told["home"]["products"][0]
    shown = shell.types("recommend", "C000001")
    named = shell.types("recommend", "C000001", "--item", first["product_id"])
    settings = shell.folder / "lifeloop.toml"
    before = settings.read_text("utf-8")
    settings.write_text(before.replace('language = "en"', 'language = "zh"'), "utf-8")
    try:
        chinese = shell.types("recommend", "C000001")
    finally:
        settings.write_text(before, "utf-8")

    assert told["product"]["items"] == told["cart"]["items"] == [first["product_id"]]
    assert [name for name, one in told.items() if one["example"]] == ["product", "search", "cart"]
    assert "home page" in shown
    assert f"product page of {first['title']} (an example)" in shown
    assert f"cart with {first['title']} (an example)" in shown
    assert "search, hits handed in (an example)" in shown
    assert f"cart with {first['title']}" in named
    assert f"cart with {first['title']} (an example)" not in named
    assert f"含 {first['title']} 的购物车（示例）" in chinese
    assert "首页" in chinese
    assert "本人历史" in chinese
    assert "personal" not in chinese


def test_every_placement_and_strategy_has_words() -> None:
    assert tuple(recommend._TITLES) == PLACEMENTS
    assert tuple(recommend._STRATEGIES) == get_args(Strategy)


def test_as_many_products_are_shown_as_were_asked_for(shell: Shell) -> None:
    told = shell.asks("recommend", "C000001", "-k", "2")["answers"]

    assert all(len(one["products"]) == 2 for one in told)
    assert " 5  " in shell.types("recommend", "C000001", "-k", "5")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--placement", "chart"], "did you mean 'cart'"),
        (["--placement", "home", "-k", "0"], "-k must be at least 1"),
        (["-k", "-3"], "Ask for 1 to 100 products with -k"),
        (["--placement", "product"], "Name the product on the page with --item ID"),
    ],
)
def test_what_cannot_be_recommended_is_said_in_the_options_of_the_command(shell: Shell, words: list[str], said: str) -> None:
    assert said in shell.types("recommend", *words, code=2)


def test_running_twice_leaves_the_same_tables(shell: Shell) -> None:
    from lifeloop.app import App
    from lifeloop.base.clock import SystemClock

    def everything() -> list[list[dict[str, Any]]]:
        app = App.open(shell.folder, clock=SystemClock())
        return [
            app.engine.query("SELECT * FROM t ORDER BY as_of, customer_id", {"t": SNAPSHOT}).to_pylist(),
            app.engine.query("SELECT * FROM t ORDER BY as_of, customer_id, model, target", {"t": SCORE}).to_pylist(),
        ]

    before = everything()
    shell.types("run")

    assert everything() == before


def test_a_moment_of_the_past_can_be_run_and_looked_at(shell: Shell) -> None:
    assert shell.asks("run", "--as-of", "2025-10-01")["as_of"].startswith("2025-09-30T22:00")
    assert shell.asks("customer", "C000001", "--as-of", "2025-10-01")["as_of"].startswith("2025-09-30T22:00")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["import", "nowhere.csv", "--yes"], 3, "no such file"),
        (["import", "nowhere.csv", "--yes", "--map", "customer"], 2, "OUR=THEIRS"),
        (["customer", "nobody"], 4, "cannot show the customer 'nobody'"),
        (["customer", "C000001", "--as-of", "2020-01-01"], 4, "lifeloop run"),
        (["run", "--as-of", "5.9.2011"], 2, "Write it like 2011-09-05"),
        (["run", "--as-of", "2001-01-01"], 4, "Choose a later --as-of"),
        (["backtest", "--model", "blnd"], 2, "did you mean 'blend'"),
        (["backtest", "--question", "chrun"], 2, "did you mean 'churn'"),
        (["backtest", "--horizon", "4000"], 4, "shorter horizon"),
        (["demo"], 2, "the home of another shop"),
    ],
)
def test_what_cannot_be_done_says_why_and_what_to_do(shell: Shell, words: list[str], code: int, said: str) -> None:
    assert said in shell.types(*words, code=code)


def test_an_error_is_json_where_json_was_asked_for(shell: Shell) -> None:
    answer = shell.asks("customer", "nobody", code=4)

    assert answer["error"] == "NotEnoughData"
    assert answer["asked"] == "cannot show the customer 'nobody'"


def test_without_a_home_the_way_to_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("LIFELOOP_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["lifeloop", "run"])

    with pytest.raises(SystemExit):
        main()

    assert "lifeloop init" in capsys.readouterr().err


def test_a_home_without_facts_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(tmp_path / "empty", monkeypatch, capsys)
    shell.types("init")

    assert "lifeloop import FILE" in shell.types("run", code=4)
    assert "lifeloop import FILE" in shell.types("report", code=4)
    assert "no orders yet" in shell.types("doctor", code=1)


def test_a_second_writer_is_sent_away_until_the_first_has_ended(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(tmp_path / "home", monkeypatch, capsys)
    shell.types("init")

    with writing(shell.folder, "cannot write"):
        refused = shell.asks("import", str(files["order_line"]), code=5)
        planned = shell.asks("import", str(files["order_line"]), "--dry-run")
    done = shell.asks("import", str(files["order_line"]))

    assert refused["found"] == "another import or run is writing in this home"
    assert planned["orders_new"] == done["orders_new"] > 0


def test_a_place_that_cannot_be_written_is_an_answer_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")

    refused = Shell(tmp_path / "file" / "home", monkeypatch, capsys).asks("init", code=2)

    assert refused["error"] == "SettingsError"
    assert refused["fix"] == "Check space and rights of its folder."


def test_the_doctor_sees_an_order_that_counts_twice_under_two_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(tmp_path / "home", monkeypatch, capsys)
    shell.types("init", "--currency", "EUR")
    (tmp_path / "lines.csv").write_text("order,customer,date,sku,qty,price\n1,ann,2024-01-05,mug,1,2\n")
    (tmp_path / "orders.csv").write_text("order,customer,date,total\n1,ann,2024-01-05,2\n2,bob,2024-01-05,2\n")
    for name in ("lines.csv", "orders.csv"):
        shell.types("import", str(tmp_path / name), "--yes", "--source", name)

    found = {check["name"]: check for check in shell.asks("doctor", code=1)["checks"]}

    assert not found["sources"]["ok"]
    assert found["sources"]["found"].startswith("orders that stand under two sources and count twice: 1;")
