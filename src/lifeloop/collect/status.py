"""What an order's status says about its payment, in the words of several shop systems, English and Chinese."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.collect.rows import Mask, Sieve, as_mask

UNPAID = (
    "pending", "unpaid", "not paid", "payment pending", "pending payment", "awaiting payment", "authorized", "authorised",
    "voided", "expired", "failed", "payment failed", "on-hold", "on hold", "draft", "checkout-draft", "created",
    "待付款", "未付款", "待支付", "未支付", "等待买家付款", "支付失败",
)  # fmt: skip
CANCELLED = ("cancelled", "canceled", "trash", "已取消", "取消", "交易关闭", "已关闭", "关闭", "交易取消")
REFUNDED = ("refunded", "returned", "charged back", "chargeback", "已退款", "退款成功", "已退货", "全额退款", "交易退款")


def drop_unpaid(sieve: Sieve, status: Any, column: str | None) -> None:
    """Reject rows whose status says that no payment was confirmed."""
    said = pc.utf8_lower(status)
    sieve.drop(_among(said, UNPAID), "not_paid", "its status is '{value}': no payment was confirmed", column)


def drop_cancelled(sieve: Sieve, status: Any, column: str | None) -> None:
    """Reject rows whose status says cancelled and nothing says that they had been paid."""
    said = pc.utf8_lower(status)
    sieve.drop(_among(said, CANCELLED), "cancelled", "its status is '{value}' and nothing says it was ever paid", column)


def is_refunded(status: Any) -> Mask:
    """Return which rows were paid and paid back in full."""
    return _among(pc.utf8_lower(status), REFUNDED)


def _among(said: Any, words: tuple[str, ...]) -> Mask:
    return as_mask(pc.is_in(said, value_set=pa.array(words)))
