"""Why a row of an import can be rejected: every code, in words. docs/guide/import.md carries the same table."""

from __future__ import annotations

from collections.abc import Mapping

from lifeloop.base.text import Text

REASONS: Mapping[str, Text] = {
    "wrong_fields": Text("more or fewer fields than the header has", "字段数与表头不符"),
    "bad_quotes": Text("a quote opens in this line and does not close within 1 MiB", "本行的引号在 1 MiB 内没有闭合"),
    "line_too_long": Text("the line is longer than 1 MiB; its beginning is kept", "本行超过 1 MiB，只保留开头"),
    "bad_encoding": Text("some of its bytes are not in the file's encoding", "含有不属于文件编码的字节"),
    "nul_byte": Text("a NUL byte stands in it", "含有 NUL 字节"),
    "bad_json": Text("the line is no JSON object", "本行不是 JSON 对象"),
    "no_date": Text("its date is empty", "日期为空"),
    "bad_date": Text("no date as this column writes them, or before 1970", "不是该列写法的日期，或早于 1970 年"),
    "future_date": Text("more than a day ahead of the clock", "比当前时间晚一天以上"),
    "missing_value": Text("a text that is needed is empty", "必需的文字为空"),
    "missing_number": Text("a number that is needed is empty", "必需的数字为空"),
    "bad_number": Text("no number, or too large to be one", "不是数字，或数值过大"),
    "zero_quantity": Text("nothing was bought", "数量为零，没有购买"),
    "bad_stock": Text("stock that is neither a number nor a word such as `sold out`", "库存既不是数字，也不是“售罄”之类的说法"),
    "negative_price": Text("a price below 0: a correction of accounts", "价格为负：属于账目调整"),
    "stock_adjustment": Text(
        "a price of 0 with a negative quantity or without a customer: goods moved, nobody bought them "
        "(a customer's free line is kept)",
        "价格为 0，且数量为负或没有顾客：属于库存变动，不是销售（顾客的赠品行会保留）",
    ),
    "unknown_currency": Text("a currency code lifeloop does not know", "未知的货币代码"),
    "no_rate": Text("a currency without a rate to the base currency", "该货币没有对本位币的汇率"),
    "not_paid": Text("the status says no payment was confirmed", "状态表明尚未付款"),
    "cancelled": Text("the status says cancelled, and nothing says it was ever paid", "状态为已取消，且没有付款的迹象"),
    "no_order": Text("neither an order number nor a customer", "既没有订单号也没有顾客"),
    "no_product": Text("a product list's row without a product number", "商品表中没有商品编号的行"),
    "no_customer": Text("a customer list's or event's row that names nobody", "顾客表或事件中没有指明任何人的行"),
    "no_event": Text("an event's row that does not say what was done", "没有说明发生了什么的事件行"),
    "too_large": Text("an event of more than 32 KB", "单个事件超过 32 KB"),
    "too_many": Text("an event behind the first 2,500 of one request", "同一请求中第 2,500 条之后的事件"),
    "bad_type": Text("an event that is no object, or has fields of the wrong type", "不是对象或字段类型错误的事件"),
    "bad_document": Text("a webhook's body that is not what its topic says", "内容与主题不符的 Webhook"),
}
"""Code kept in `rejected` -> its meaning."""
