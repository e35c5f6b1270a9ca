"""What shops call their columns, in English and Chinese, most telling first; and how a name is compared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_WRITTEN = """
order_id: order id, order no, order number, order nr, order, invoice no, invoice number, invoice id, invoice,
    basket id, basket, transaction id, transaction no, transaction number, receipt id, receipt no, receipt number,
    receipt, sale id, purchase id, bill no, document no, order name, order key, cart id, 订单号, 订单编号, 订单id,
    主订单编号, 交易号, 交易编号, 单号, 发票号, 小票号, 订单
customer_id: customer id, customer no, customer number, customer code, customer, client id, client no, client,
    user id, user no, user, member id, member no, member, buyer id, buyer, household id, household key, shopper id,
    account id, account no, cust id, custid, consumer id, contact id, visitor id, person id, master id, card no,
    loyalty id, 客户编号, 客户id, 客户号, 顾客编号, 顾客id, 会员编号, 会员id, 会员号, 会员卡号, 用户id, 用户编号,
    买家id, 买家会员名, 买家昵称, 客户, 顾客, 会员, 用户, 买家
email: email, e mail, email address, customer email, contact email, billing email, mail, 邮箱, 电子邮箱, 电子邮件,
    客户邮箱
placed_at: order date, order time, order timestamp, invoice date, transaction timestamp, transaction date,
    transaction time, purchase date, purchase time, placed at, paid at, created at, ordered at, date time, datetime,
    timestamp, date, time, created, day, sale date, order purchase timestamp, date created, event time,
    order datetime, 下单时间, 订单创建时间, 订单付款时间, 付款时间, 支付时间, 成交时间, 创建时间, 交易时间, 购买时间,
    订单时间, 下单日期, 订单日期, 购买日期, 交易日期, 销售日期, 日期, 时间
product_id: product id, product code, product no, product number, sku, stock code, item id, item code, item no,
    article id, article no, article number, material, variant id, asin, upc, ean, barcode, product, item, article,
    goods id, product sku, variant sku, lineitem sku, 商品编码, 商品编号, 商品id, 商品货号, 货号, 产品编码, 产品编号, 产品id,
    商品代码, sku编码, 商家编码, 物料编码, 条码, 商品, 产品
title: product name, description, product title, item name, item description, title, product description,
    article name, name, goods name, lineitem name, commodity desc, product type, 商品名称, 商品标题, 产品名称,
    宝贝标题, 品名, 标题, 名称, 商品名
quantity: quantity, qty, units, pieces, items, item quantity, order quantity, quantity ordered, pcs, num items,
    number of items, number of, amount of items, item count, count, units sold, volume, 购买数量, 商品数量, 宝贝数量, 数量,
    件数, 销量
price: unit price, price, item price, unit cost price, price per unit, product price, sales price, selling price,
    price each, list price, variant price, 单价, 商品单价, 价格, 售价, 商品价格, 成交单价
amount: sales value, line total, line amount, amount, total amount, total price, total, sales, revenue, value,
    sales amount, net amount, net sales, order total, order value, order amount, total value, grand total,
    paid amount, amount paid, payment value, subtotal, net, gross, paid, payment, turnover, spend, monetary, sum,
    dollar value, total sales, total paid, payment amount, 实付金额, 实际支付金额, 买家实际支付金额, 支付金额,
    付款金额, 订单金额, 成交金额, 销售金额, 交易金额, 总金额, 金额, 总价, 小计, 销售额, 应付金额, 合计
currency: currency, currency code, ccy, order currency, 币种, 货币
country: country, customer country, country code, billing country, shipping country, ship country, 国家, 国家地区
channel: channel, order channel, sales channel, 渠道, 订单来源, 销售渠道
coupon: coupon, coupon code, discount code, promo code, promotion code, voucher, 优惠券, 优惠码, 优惠券码
discount: discount, discount amount, total discount, discount total, 优惠金额, 折扣金额, 优惠, 折扣
shipping: shipping, shipping cost, shipping amount, shipping total, freight, freight value, delivery fee,
    shipping fee, postage, 运费, 邮费, 快递费
tax: tax, taxes, total tax, tax amount, vat, vat amount, gst, 税, 税费, 税额
status: status, order status, financial status, payment status, state, 订单状态, 交易状态, 状态
category: category, product category, category name, product type, product group, department, commodity,
    category path, item category, 分类, 类目, 商品分类, 商品类目, 品类, 类别
description: description, body, body html, details, detail, product description, product details, long description,
    full description, item description, 描述, 商品描述, 产品描述, 详细描述, 详情, 商品详情, 产品详情, 宝贝描述, 宝贝详情,
    详情描述
brand: brand, manufacturer, vendor, maker, brand name, 品牌, 厂商, 生产商
cost: cost, unit cost, cost price, purchase price, cost per item, 成本, 成本价, 进价, 采购价
stock: stock, in stock quantity, stock quantity, stock level, stock on hand, stock qty, inventory, inventory quantity,
    inventory level, inventory qty, variant inventory qty, quantity available, available quantity, quantity in stock,
    qty in stock, qty available, quantity on hand, qty on hand, on hand, available stock, 库存, 库存数量, 库存量, 现有库存,
    可用库存, 可售库存, 商品库存, 库存数, 可售数量, 剩余库存, 存货, 存货数量
availability: availability, stock status, inventory status, in stock, is in stock, available, 库存状态, 供货状态, 是否有货,
    有无库存, 货源状态
updated_at: updated at, modified at, last modified, updated, date updated, 更新时间, 修改时间
phone: phone, phone number, mobile, mobile number, telephone, tel, cell, 手机, 手机号, 手机号码, 电话, 联系电话,
    联系手机
name: name, full name, customer name, contact name, display name, 姓名, 名字, 客户姓名, 顾客姓名, 收货人姓名,
    客户名称, 昵称
first_name: first name, firstname, given name, 名
last_name: last name, lastname, surname, family name, 姓
language: language, locale, lang, customer locale, 语言
created_at: created at, signup date, sign up date, registration date, registered at, registered, joined, join date,
    date joined, member since, created, customer since, 注册时间, 注册日期, 创建时间, 入会时间
message_id: message id, event id, uuid, insert id, id, 事件id, 消息id
event: event, event name, event type, action, behavior, behaviour, behavior type, activity, 事件, 事件名,
    事件名称, 行为, 行为类型, 动作
anonymous_id: anonymous id, visitor id, device id, client id, cookie id, distinct id, visitor, 匿名id, 访客id, 设备id
session_id: session id, session, user session, visit id, 会话id, 会话
"""

WORDS: Mapping[str, Sequence[str]] = {
    name: tuple(word.strip() for word in words.split(","))
    for name, words in re.findall(r"^(\w+):(.*?)(?=^\w+:|\Z)", _WRITTEN, re.MULTILINE | re.DOTALL)
}
"""Our column -> what it is called elsewhere."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BREAK = re.compile(r"[^0-9a-z\u3400-\u9fff]+")


def plain_name(column: str) -> str:
    """Return a column's name for comparison: lower case, words separated by one blank, Chinese kept.

    >>> plain_name("CustomerID"), plain_name("Customer ID"), plain_name("order_no."), plain_name("订单号 ")
    ('customer id', 'customer id', 'order no', '订单号')
    """
    spaced = _CAMEL.sub(" ", column.strip().lstrip("\ufeff"))
    return _BREAK.sub(" ", spaced.lower().replace("#", " no ")).strip()
