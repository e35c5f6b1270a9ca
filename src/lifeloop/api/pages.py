"""The documents of the HTTP API, written from its own declarations: a page at /docs, and docs/reference/http.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

Schema = Mapping[str, Any]
Rows = list[tuple[str, ...]]

_METHODS = ("get", "post", "put", "patch", "delete")
_ABOUT_TAGS = {
    "customers": "Customers",
    "segments": "Segments",
    "scores": "Scores",
    "identity": "Who is who",
    "consent": "Consent and suppression",
    "imports": "Imports",
    "rejected": "What could not become a fact",
    "keys": "Keys",
    "collect": "Collecting events",
    "webhooks": "Webhooks of shop systems",
    "health": "Health",
}
_SHORT = frozenset({"collect"})
"""Tags of which a table is enough: their forms are those of the clients."""

_SERVED = "Successful Response"
"""What FastAPI says where nothing is said."""


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked."""

    method: str
    path: str
    tag: str
    summary: str
    about: str
    key: str
    """Who may ask."""
    takes: Rows
    """Name, where it stands, type, meaning."""
    answers: Rows
    """Status, form, meaning, of what is served."""
    refusals: tuple[str, ...]
    """The statuses of what is not; they mean the same everywhere."""


def operations(schema: Schema) -> list[Operation]:
    """Return everything that can be asked, in the order of the page."""
    found = [
        _operation(schema, method, path, entry[method])
        for path, entry in schema["paths"].items()
        for method in _METHODS
        if method in entry
    ]
    order = list(_ABOUT_TAGS)
    return sorted(found, key=lambda one: order.index(one.tag) if one.tag in order else len(order))


def refusals(schema: Schema) -> Rows:
    """Return what each status of a refusal means."""
    found = {
        status: _line(answer.get("description", ""))
        for entry in schema["paths"].values()
        for method in _METHODS
        if method in entry
        for status, answer in entry[method]["responses"].items()
        if _is_refusal(answer)
    }
    return sorted(found.items())


def shapes(schema: Schema) -> dict[str, Rows]:
    """Return the fields of every named form: name, type, meaning."""
    models = schema.get("components", {}).get("schemas", {})
    return {name: list(_fields(model)) for name, model in sorted(models.items()) if "properties" in model}


def markdown_page(schema: Schema, note: str) -> str:
    """Return docs/reference/http.md."""
    parts = [f"# HTTP\n\n{note}\n\n{schema['info']['description']}\n"]
    for tag, asked in _by_tag(schema).items():
        parts.append(f"\n## {_ABOUT_TAGS.get(tag, tag)}\n")
        if tag in _SHORT:
            parts.append(_table(("path", "takes"), [(f"`{one.method} {one.path}`", one.summary) for one in asked]))
            continue
        for one in asked:
            parts.append(f"\n### {one.method} {one.path}\n\n{one.about}\n\nKey: {one.key}.\n")
            if one.takes:
                parts.append(_table(("takes", "where", "type", "meaning"), one.takes))
            parts.append(_table(("answer", "form", "meaning"), one.answers))
            if one.refusals:
                parts.append(f"\nRefusals: {', '.join(one.refusals)}.\n")
    parts.append("\n## Refusals\n\nEach is a `Problem`.\n" + _table(("status", "meaning"), refusals(schema)))
    parts.append("\n## Forms\n")
    for name, fields in shapes(schema).items():
        parts.append(f"\n### {name}\n" + _table(("field", "type", "meaning"), fields))
    return "".join(parts)


def html_page(schema: Schema) -> str:
    """Return the page at /docs; it loads nothing from anywhere."""
    parts = [_HEAD, f"<h1>lifeloop {escape(schema['info']['version'])}</h1>", _paragraphs(schema["info"]["description"])]
    parts.append('<p>As data: <a href="/openapi.json">/openapi.json</a></p>')
    for tag, asked in _by_tag(schema).items():
        parts.append(f"<h2>{escape(_ABOUT_TAGS.get(tag, tag))}</h2>")
        for one in asked:
            parts.append(
                f"<details><summary><b>{one.method}</b> <code>{escape(one.path)}</code> {escape(one.summary)}</summary>"
                f"{_paragraphs(one.about)}<p>Key: {escape(one.key)}.</p>"
            )
            if one.takes:
                parts.append(_html_table(("takes", "where", "type", "meaning"), one.takes))
            parts.append(_html_table(("answer", "form", "meaning"), one.answers))
            parts.append((f"<p>Refusals: {', '.join(one.refusals)}.</p>" if one.refusals else "") + "</details>")
    parts.append("<h2>Refusals</h2>" + _html_table(("status", "meaning"), refusals(schema)))
    parts.append("<h2>Forms</h2>")
    for name, fields in shapes(schema).items():
        table = _html_table(("field", "type", "meaning"), fields)
        parts.append(f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>{table}</details>')
    return "\n".join(parts) + "\n</body></html>\n"


def _by_tag(schema: Schema) -> dict[str, list[Operation]]:
    found: dict[str, list[Operation]] = {}
    for one in operations(schema):
        found.setdefault(one.tag, []).append(one)
    return found


def _operation(schema: Schema, method: str, path: str, entry: Schema) -> Operation:
    scope = entry.get("x-lifeloop-scope")
    tag = (entry.get("tags") or ["other"])[0]
    asked_by = {"read": "`read` or `admin`", "admin": "`admin`"}.get(str(scope), "`ingest`" if tag == "collect" else "none")
    return Operation(
        method=method.upper(),
        path=path,
        tag=tag,
        summary=entry.get("summary", ""),
        about=entry.get("description") or f"{entry.get('summary', '')}.",
        key=asked_by,
        takes=[*_parameters(entry), *_body(schema, entry)],
        answers=[
            (status, _form(answer.get("content", {})), _line(answer.get("description", "")).replace(_SERVED, ""))
            for status, answer in sorted(entry["responses"].items())
            if not _is_refusal(answer)
        ],
        refusals=tuple(status for status, answer in sorted(entry["responses"].items()) if _is_refusal(answer)),
    )


def _is_refusal(answer: Schema) -> bool:
    return _form(answer.get("content", {})) == "`Problem`"


def _parameters(entry: Schema) -> Iterator[tuple[str, ...]]:
    for one in entry.get("parameters", ()):
        name = f"`{one['name']}`" + (", required" if one.get("required") and one["in"] != "path" else "")
        kind = _type(one.get("schema", {})).removesuffix(" or null")
        yield name, str(one["in"]), kind, _line(one.get("description", ""))


def _body(schema: Schema, entry: Schema) -> Iterator[tuple[str, ...]]:
    body = entry.get("requestBody")
    if body is None:
        return
    form = _form(body.get("content", {}))
    model = schema.get("components", {}).get("schemas", {}).get(form.strip("`"))
    if model is None:
        yield "the body", "body", form, _line(body.get("description", ""))
        return
    needed = model.get("required", ())
    for name, kind, about in _fields(model):
        yield name + (", required" if name.strip("`") in needed else ""), "body", kind, about


def _fields(model: Schema) -> Iterator[tuple[str, str, str]]:
    for name, field in model["properties"].items():
        yield f"`{name}`", _type(field), _line(field.get("description", ""))


def _form(content: Schema) -> str:
    """Return the name of what a body holds."""
    media = content.get("application/json", {}).get("schema", {})
    if "$ref" in media:
        return _type(media)
    return ", ".join(f"`{kind}`" for kind in content if kind != "application/json" or media) or "–"


def _type(field: Schema) -> str:
    """Return what kind of value a field holds."""
    if "$ref" in field:
        return f"`{str(field['$ref']).rpartition('/')[2]}`"
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(one) for one in field["anyOf"]))
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    plain = {"date-time": "instant", "binary": "file"}.get(str(field.get("format")), str(field.get("type", "any value")))
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(plain, plain)


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _html_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join("<tr>" + "".join(f"<td>{_inline(one)}</td>" for one in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _inline(text: str) -> str:
    """Return one line as HTML; what stands between backquotes is code."""
    pieces = escape(text.replace("\\|", "|")).split("`")
    return "".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_inline(' '.join(part.split()))}</p>" for part in text.split("\n\n"))


_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>lifeloop: HTTP</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1d2733 }
summary { cursor: pointer; padding: .3rem 0 }
code { background: #eef2f6; padding: 0 .2rem }
table { border-collapse: collapse; margin: .5rem 0 1rem; font-size: .9rem }
th, td { text-align: left; vertical-align: top; border-bottom: 1px solid #d5dde5; padding: .2rem .8rem .2rem 0 }
@media (prefers-color-scheme: dark) {
  body { background: #14191f; color: #dfe6ee }
  code { background: #26303b }
  th, td { border-color: #35414e }
  a { color: #8ec5ff }
}
</style></head><body>"""
