"""`lifeloop rehearse` lives one shop once per policy and says what each would have earned."""

from __future__ import annotations

import json

import pytest

from lifeloop.cli.main import main

SMALL = ("--customers", "250", "--days", "70", "--after", "20", "--seed", "3")


def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    monkeypatch.setattr("sys.argv", ["lifeloop", "rehearse", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert (ended.value.code or 0) == code, said.out + said.err
    return said.out + said.err


def test_policies_are_told_beside_silence_with_the_cost_of_new_customers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = typed(monkeypatch, capsys, *SMALL, "--policy", "rfm_coupon")
    answer = json.loads(typed(monkeypatch, capsys, *SMALL, "--policy", "rfm_coupon", "--json").splitlines()[0])

    assert "against none" in told
    assert "the same with every policy" in " ".join(told.split())
    policies = (answer.get("data") or answer)["policies"]
    assert [*policies] == ["none", "rfm_coupon"]
    assert policies["none"]["acquisition_minor"] == policies["rfm_coupon"]["acquisition_minor"] > 0


def test_a_policy_nobody_knows_and_a_beginning_behind_the_end_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "rfm_cupon" in typed(monkeypatch, capsys, *SMALL, "--policy", "rfm_cupon", code=2)
    assert "after 70 days" in typed(monkeypatch, capsys, *SMALL, "--after", "70", code=2)
