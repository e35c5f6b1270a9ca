"""The spool: what was accepted and is not indexed yet, in synced append files.

One writer per folder, any number of readers, each with a position of its own that it keeps elsewhere.
"""

from lifeloop.collect.spool.errors import SpoolBusy, SpoolFailed, SpoolFull
from lifeloop.collect.spool.group import GroupCommit
from lifeloop.collect.spool.reader import START, bytes_after, newest, next_place, read_records, remove_before
from lifeloop.collect.spool.record import Place, Record, Stamp, WireForm
from lifeloop.collect.spool.writer import SpoolWriter

__all__ = [
    "START",
    "GroupCommit",
    "Place",
    "Record",
    "SpoolBusy",
    "SpoolFailed",
    "SpoolFull",
    "SpoolWriter",
    "Stamp",
    "WireForm",
    "bytes_after",
    "newest",
    "next_place",
    "read_records",
    "remove_before",
]
