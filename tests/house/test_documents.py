"""What exists is documented, and what the documents say exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from lifeloop.base.text import LANGUAGES, Text, blanks
from lifeloop.cli.main import app
from lifeloop.cli.reference import pages

ROOT = Path(__file__).parents[2]
GROUP: Any = typer.main.get_command(app)


@pytest.mark.parametrize("name", ["tables.md", "features.md", "settings.md", "world.md", "commands.md", "http.md"])
def test_a_reference_page_is_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / "reference" / name).read_text("utf-8") == pages(GROUP)[name], "run `make docs`"


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_every_command_of_the_readme_exists_with_its_options(readme: str) -> None:
    text = (ROOT / readme).read_text("utf-8")
    said = [
        line.split("#")[0].strip() for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()
    ]
    calls = [shlex.split(line)[1:] for line in said if line.startswith("lifeloop ")]

    assert {call[0] for call in calls} >= {"init", "import", "run", "report", "customer", "segments", "backtest", "doctor"}
    for call in calls:
        command, words = GROUP, list(call)
        while hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_every_target_and_page_of_the_readme_exists(readme: str) -> None:
    text = (ROOT / readme).read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")

    for target in re.findall(r"make ([a-z]+)", text):
        if target not in {"and", "after"}:
            assert f"\n{target}:" in makefile
    for page in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / page).exists(), page


@pytest.mark.parametrize("model", sorted(path.stem for path in (ROOT / "src/lifeloop/predict/models").glob("[a-z]*.py")))
def test_every_model_has_a_page(model: str) -> None:
    assert (ROOT / "docs" / "models" / f"{model}.md").exists()


def test_every_link_between_documents_leads_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} -> {target}"


def test_every_text_for_people_has_both_languages_with_the_same_blanks() -> None:
    import gc

    import lifeloop.cli.people
    import lifeloop.features
    import lifeloop.measure.notes
    import lifeloop.predict.run  # noqa: F401 - together they load every room that speaks

    texts = [thing for thing in gc.get_objects() if isinstance(thing, Text)]

    assert len(texts) > 100
    for text in texts:
        assert len({bool(getattr(text, language).strip()) for language in LANGUAGES}) == 1
        assert blanks(text.en) == blanks(text.zh)
