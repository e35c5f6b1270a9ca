"""Imports asked for over HTTP: a file is taken in, and a job brings it into the lake as `lifeloop import` would."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from lifeloop.api.errors import ApiError, placeless, problems
from lifeloop.api.guard import KEYED, REFUSALS, Handler, ReadRoute, asked_for
from lifeloop.api.idempotent import IDEMPOTENT, AdminRoute, bounded, once
from lifeloop.api.parts import Door, TheCaller, TheDoor
from lifeloop.base.clock import instant_of
from lifeloop.base.config import ImportKind
from lifeloop.store import jobs
from lifeloop.store.jobs import Job

FILE_BYTES = 2 << 30
"""How large a file may be; larger ones are for `lifeloop import`."""

_PIECE = 1 << 20
_NAME_CHARACTERS = 60
"""Of a file's name; a character may take four bytes, and 255 bytes is what a folder takes."""
_PLAIN_NAME = re.compile(r"[^\w.-]+")


class Import(BaseModel):
    """One import that was asked for."""

    import_id: str
    state: Literal["waiting", "running", "done", "failed"]
    file: str = Field(description="Name of the file.")
    made_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    answer: dict[str, Any] | None = Field(description="What came of it: rows by table, rejected rows, warnings; or why not.")

    @classmethod
    def of(cls, job: Job, home: Path) -> Import:
        """Return a job as it is shown: without the path of the data home."""
        return cls(
            import_id=job.job_id,
            state=job.state,
            file=Path(str(job.asked["file"])).name,
            made_at=instant_of(job.made_at),
            started_at=None if job.started_at is None else instant_of(job.started_at),
            ended_at=None if job.ended_at is None else instant_of(job.ended_at),
            answer=placeless(job.answer, home),
        )


class Imports(BaseModel):
    """The last imports."""

    imports: list[Import] = Field(description="Newest first.")


@dataclass(frozen=True)
class Upload:
    """A file that came in."""

    path: Path
    sha256: str


class UploadRoute(AdminRoute):
    """A route whose body is a file: raw, or the first one of a form. It is written to the disk piece by piece."""

    async def answer(self, request: Request, inner: Handler) -> Response:
        """Take the file in, then do the write once for each Idempotency-Key."""
        door: Door = request.app.state.door
        within = bounded(request, FILE_BYTES)
        folder = door.app.home.path / "uploads" / secrets.token_hex(8)
        request.state.upload = await _received(within, folder)
        try:
            response = await once(request, inner, request.state.upload.sha256)
        except BaseException:
            await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)
            raise
        if response.status_code >= 400 or "idempotent-replayed" in response.headers:
            await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)
        return response


imports_read = APIRouter(prefix="/v1", tags=["imports"], route_class=ReadRoute, dependencies=[KEYED], responses=REFUSALS)
imports_written = APIRouter(
    prefix="/v1",
    tags=["imports"],
    route_class=UploadRoute,
    dependencies=[KEYED, IDEMPOTENT],
    responses=REFUSALS | problems(400, 409, 413),
)
_BODY = {
    "required": True,
    "content": {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        "text/csv": {"schema": {"type": "string"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
            }
        },
    },
}


@imports_written.post("/imports", status_code=202, summary="Import a file", openapi_extra={"requestBody": _BODY})
def ask(
    door: TheDoor,
    caller: TheCaller,
    request: Request,
    name: Annotated[
        str | None, Query(max_length=120, description="Name of the file where it is sent raw; its ending says what it is.")
    ] = None,
    kind: Annotated[ImportKind | None, Query(description="What a row is, where guessing is not enough.")] = None,
    source: Annotated[
        str | None, Query(max_length=64, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_. -]*$", description="Kept with every fact.")
    ] = None,
    date_format: Annotated[
        str | None, Query(max_length=64, pattern=r"^%[%A-Za-z0-9 /:.,-]*$", description="strptime format of its dates.")
    ] = None,
) -> Import:
    """Take a file in and have it imported in the background: `GET /v1/imports/{import_id}` says what came of it.

    What the settings keep under `[sources.NAME]` for a file like it applies here, too. The same rows twice are one fact.
    """
    upload: Upload = request.state.upload
    file = upload.path.rename(upload.path.with_name(_plain(name or upload.path.name)))
    asked = {
        "file": str(file),
        "kind": kind,
        "source": source,
        "date_format": date_format,
        "sha256": upload.sha256,
        "actor": caller.actor,
    }
    with door.app.store.writing() as connection:
        _sweep(connection, door)
        job = jobs.ask(connection, "import", asked, door.app.clock, job_id=f"import_{upload.path.parent.name}")
    return Import.of(job, door.app.home.path)


@imports_read.get("/imports", summary="The last imports")
def last_imports(door: TheDoor) -> Imports:
    """Return the last hundred imports that were asked for over HTTP."""
    home = door.app.home.path
    with door.app.store.reading() as connection:
        return Imports(imports=[Import.of(job, home) for job in jobs.list_jobs(connection, kind="import", limit=100)])


@imports_read.get("/imports/{import_id}", summary="What came of an import", responses=problems(404))
def one_import(
    door: TheDoor,
    import_id: Annotated[str, InPath(max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="As the import was answered.")],
) -> Import:
    """Return the state of an import: waiting, running, done or failed."""
    with door.app.store.reading() as connection:
        job = jobs.find(connection, import_id)
    if job.kind != "import":
        raise ApiError(404, "unknown_name", "cannot show the import", "there is no such import", "GET /v1/imports lists them.")
    return Import.of(job, door.app.home.path)


async def _received(request: Request, folder: Path) -> Upload:
    """Write the file of a request into `folder`. Raises ApiError where there is none, or it is too large."""
    form = request.headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/form-data"
    try:
        await run_in_threadpool(_make, folder)
        return await (_from_form(request, folder) if form else _written(request.stream(), folder / "upload"))
    except OSError as error:
        await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)
        raise ApiError(
            503,
            "disk_failed",
            asked_for(request),
            f"the disk does not take the file: {error.strerror}",
            "Make room in the data home, and send it again.",
            headers={"Retry-After": "60"},
        ) from error
    except BaseException:
        await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)
        raise


async def _from_form(request: Request, folder: Path) -> Upload:
    async with request.form(max_files=1, max_fields=10) as fields:
        file = next((value for value in fields.values() if isinstance(value, UploadFile)), None)
        if file is None:
            raise ApiError(400, "no_file", asked_for(request), "the form holds no file", "Send it as the field `file`.")
        return await _written(_pieces(file), folder / _plain(file.filename or "upload"))


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE):
        yield piece


async def _written(pieces: AsyncIterator[bytes], path: Path) -> Upload:
    digest = hashlib.sha256()
    with open(path, "wb", opener=_private) as stream:
        async for piece in pieces:
            digest.update(piece)
            await run_in_threadpool(stream.write, piece)
    if not path.stat().st_size:
        raise ApiError(400, "no_file", "cannot import what was sent", "it is empty", "Send the file as the body, or in a form.")
    return Upload(path, digest.hexdigest())


def _make(folder: Path) -> None:
    """Make a folder that only we may look into, within one like it: what is sent may be about people."""
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.parent.chmod(0o700)
    folder.mkdir(mode=0o700)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _plain(name: str) -> str:
    """Return a file's name without folders, blanks and signs, in any script: it is used on a disk and in a command.

    >>> _plain("../../Café orders.csv")
    'Café-orders.csv'
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    whole = unicodedata.normalize("NFC", last.encode("utf-8", "ignore").decode())
    return _PLAIN_NAME.sub("-", whole).strip(".-")[-_NAME_CHARACTERS:].strip(".-") or "upload"


def _sweep(connection: Any, door: Door) -> None:
    """Delete the files of imports that have ended: the lake has what they said."""
    for job in jobs.list_jobs(connection, kind="import", limit=100):
        file = Path(str(job.asked["file"]))
        if job.state in ("done", "failed") and file.parent.parent == door.app.home.path / "uploads":
            shutil.rmtree(file.parent, ignore_errors=True)
