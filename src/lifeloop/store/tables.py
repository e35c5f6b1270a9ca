"""Every table of the store. A column `*_at` holds microseconds since 1970 UTC; a column of JSON is text.

The same declarations serve SQLite and PostgreSQL; migrations are compared with them by a test.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Float, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy import text as sql

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_SERIAL = BigInteger().with_variant(Integer, "sqlite")
"""A number that counts up by itself."""


def _at(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=null)


def _text(name: str, *, null: bool = False, key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null, primary_key=key)


def _only(where: str) -> dict[str, Any]:
    """Return what makes an index one of some rows alone: the fewer it names, the less is written."""
    return {f"{dialect}_where": sql(where) for dialect in ("sqlite", "postgresql")}


KEY = Table(
    "key",
    METADATA,
    _text("key_id", key=True),
    _text("scope"),
    _text("name"),
    _text("source"),
    _text("hash"),
    _text("origins", null=True),
    _at("created_at"),
    _at("expires_at", null=True),
    _at("revoked_at", null=True),
    _at("used_at", null=True),
    CheckConstraint("scope IN ('ingest', 'read', 'admin')", name="scope"),
    Index("uq_key_hash", "hash", unique=True),
)
"""API keys: `hash` is the SHA-256 of the whole key; `source` is the one its events are kept under; `origins` a JSON list."""

SPOOL_POSITION = Table(
    "spool_position",
    METADATA,
    _text("spool", key=True),
    _text("reader", key=True),
    Column("segment", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
    _at("moved_at"),
)
"""How far each reader of each spool has come: everything before `offset` of `segment` is done."""

RECENT_EVENT = Table(
    "recent_event",
    METADATA,
    Column("seq", _SERIAL, primary_key=True, autoincrement=True),
    _text("source"),
    _text("message_id"),
    _text("spool"),
    Column("segment", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
    _text("named", null=True),
    _text("anonymous_id", null=True),
    _text("type"),
    _text("name", null=True),
    _at("occurred_at"),
    _at("received_at"),
    _text("product_id", null=True),
    _text("order_id", null=True),
    _text("properties", null=True),
    Column("is_bot", Boolean, nullable=False, default=False),
    Index("uq_recent_event_message", "source", "message_id", unique=True),
    Index("ix_recent_event_named", "named", **_only("named IS NOT NULL")),
    Index("ix_recent_event_anonymous", "anonymous_id", **_only("named IS NULL")),
)
"""Events that may not be in the lake yet; `named` is the customer id the event itself gives (see `lifeloop.collect.idents`)."""

SIGHTING = Table(
    "sighting",
    METADATA,
    _text("device", key=True),
    Column("bucket", BigInteger, primary_key=True, autoincrement=False),
    _text("named", key=True),
    _at("first_at"),
    _at("last_at"),
    _text("evidence"),
    Index("ix_sighting_named", "named"),
)
"""Who was named on a device, once per half hour: first and last time, and the message id of the first."""

EMAIL_USE = Table(
    "email_use",
    METADATA,
    _text("guest", key=True),
    _text("account", key=True),
    _at("first_at"),
    _text("evidence"),
    Index("ix_email_use_account", "account"),
)
"""Which accounts named an e-mail address (`guest`: the customer id of whoever is known by it alone), and since when."""

LINK = Table(
    "link",
    METADATA,
    _text("kind", key=True),
    _text("identifier", key=True),
    Column("since_at", BigInteger, primary_key=True, autoincrement=False),
    _at("until_at", null=True),
    _text("customer_id"),
    _text("rule"),
    _text("evidence"),
    _at("made_at"),
    CheckConstraint("kind IN ('guest', 'device', 'account')", name="kind"),
    Index("ix_link_customer", "customer_id"),
)
"""What follows now: from `since_at` until before `until_at`, an identifier means this customer."""

IDENTITY_CHANGE = Table(
    "identity_change",
    METADATA,
    Column("change_id", _SERIAL, primary_key=True, autoincrement=True),
    _text("action"),
    _text("kind"),
    _text("identifier"),
    _text("customer_id"),
    _text("rule"),
    _text("evidence", null=True),
    _text("actor"),
    _at("made_at"),
    _at("undone_at", null=True),
    _text("undone_by", null=True),
    Index("ix_identity_change_identifier", "kind", "identifier"),
    Index("ix_identity_change_customer", "customer_id"),
)
"""The merge log: every link made or taken away, by which rule, on what evidence, by whom, and whether it was undone."""

IDENTITY_RULING = Table(
    "identity_ruling",
    METADATA,
    _text("kind", key=True),
    _text("identifier", key=True),
    _text("customer_id", key=True),
    Column("joined", Boolean, nullable=False),
    _text("actor"),
    _at("made_at"),
)
"""What an operator decided, above every rule: this identifier is (`joined`) or is not this customer."""

IDENTITY_TURN = Table(
    "identity_turn",
    METADATA,
    _text("name", key=True),
    _text("token"),
)
"""One row, written anew with every change of who is who: whoever remembers another token has missed one."""

BLOCKED_VALUE = Table(
    "blocked_value",
    METADATA,
    _text("kind", key=True),
    _text("identifier", key=True),
    _text("reason"),
    _at("made_at"),
)
"""Identifiers that name nobody because too many share them."""

PROFILE = Table(
    "profile",
    METADATA,
    _text("named", key=True),
    _at("first_seen_at"),
    _at("last_seen_at"),
    _text("email", null=True),
    _text("phone", null=True),
    _text("name_key", null=True),
    _text("traits"),
    _text("first_touch", null=True),
    _text("last_touch", null=True),
    Index("ix_profile_email", "email"),
    Index("ix_profile_phone", "phone"),
    Index("ix_profile_name_key", "name_key"),
)
"""What was told of each name (account or guest) or device (`device:ID`), before linking.

`traits`: JSON, trait -> [value, told_at]; `name_key` is their name in folded case; `*_touch`: JSON.
"""

CONSENT = Table(
    "consent",
    METADATA,
    _text("consent_id", key=True),
    _text("named"),
    _text("channel"),
    _text("purpose"),
    _text("state"),
    _text("basis"),
    _text("proof", null=True),
    _text("source"),
    _at("told_at"),
    _at("received_at"),
    CheckConstraint("state IN ('given', 'withdrawn', 'pending')", name="state"),
    Index("ix_consent_named", "named", "channel", "purpose"),
)
"""Append only; the state of a name, channel and purpose is what was told last. `consent_id`: source and message it came in."""

SUPPRESSION = Table(
    "suppression",
    METADATA,
    _text("channel", key=True),
    _text("address_hash", key=True),
    _text("reason"),
    _text("source"),
    _at("made_at"),
)
"""Addresses nothing is sent to, by hash: they outlive an erasure."""

CART = Table(
    "cart",
    METADATA,
    _text("owner", key=True),
    _text("state"),
    _text("lines"),
    _text("currency", null=True),
    _at("emptied_at", null=True),
    _at("updated_at"),
    CheckConstraint("state IN ('open', 'empty')", name="state"),
    Index("ix_cart_state", "state", "updated_at"),
)
"""The cart of a name or device (`named` or `device:ID`); `lines`: JSON, product -> [quantity, price, told_at, currency].

Lines told of before `emptied_at` (the last order) are gone.
"""

WEBHOOK = Table(
    "webhook",
    METADATA,
    _text("source", key=True),
    _text("delivery_id", key=True),
    _text("topic"),
    _at("received_at"),
    Index("ix_webhook_received", "source", "received_at"),
)
"""Deliveries that were accepted, so that a repeated one is known."""

JOB = Table(
    "job",
    METADATA,
    _text("job_id", key=True),
    _text("kind"),
    _text("state"),
    _text("asked"),
    _text("answer", null=True),
    _at("made_at"),
    _at("started_at", null=True),
    _at("ended_at", null=True),
    Column("tries", Integer, nullable=False, default=0),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),
    Index("ix_job_state", "state", "made_at"),
)
"""Imports and runs asked for: `asked` and `answer` are JSON."""

LEASE = Table(
    "lease",
    METADATA,
    _text("name", key=True),
    _text("holder"),
    _at("until_at"),
)
"""Who may do what only one may do at a time."""

IDEMPOTENCY = Table(
    "idempotency",
    METADATA,
    _text("key_id", key=True),
    _text("idempotency_key", key=True),
    _text("request_hash"),
    Column("status", Integer, nullable=True),
    _text("content_type", null=True),
    Column("body", LargeBinary, nullable=True),
    _at("made_at"),
)
"""The first answer to each write that named an Idempotency-Key; `status` null: still being worked on."""

SEEN = Table(
    "seen",
    METADATA,
    _text("what", key=True),
    _text("detail"),
    Column("figure", Float, nullable=True),
    _at("seen_at"),
)
"""Signs of life: the last word of each part of the process, for readiness and metrics."""
