"""Files that are whole at every moment."""

from __future__ import annotations

from pathlib import Path


def write_whole(file: Path, text: str) -> Path:
    """Write `text` to `file` and return it; who reads it meanwhile, or after a crash, sees all of the old or of the new."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.writing")
    fresh.write_text(text, "utf-8")
    return fresh.replace(file)
