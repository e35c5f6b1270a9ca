"""What shops call the things people do, told as Segment's e-commerce events (`view` is `Product Viewed`).

Source  Segment's e-commerce specification, version 2, its names of version 1, and those Google Analytics 4 has for the same.
"""

from __future__ import annotations

from collections.abc import Mapping

NAMES: Mapping[str, str] = {
    "Product Viewed": "view, view_item, viewed product, product view, product_view, pv, detail, 浏览, 查看",
    "Product Clicked": "click, select_item, product click, 点击",
    "Product List Viewed": "view_item_list, list view, category view",
    "Products Searched": "search, 搜索",
    "Product Added": "addtocart, add_to_cart, add to cart, cart, basket, 加购, 加入购物车",
    "Product Removed": "remove_from_cart, remove from cart, removefromcart, 移出购物车",
    "Product Added to Wishlist": "add_to_wishlist, wishlist, fav, favorite, 收藏",
    "Cart Viewed": "view_cart, cart view",
    "Checkout Started": "begin_checkout, checkout, 结算",
    "Payment Info Entered": "add_payment_info",
    "Order Completed": "purchase, transaction, buy, order, completed order, bought, 购买, 下单, 支付",
    "Order Refunded": "refund, 退款",
    "Order Cancelled": "order canceled, cancelled order, canceled order, 取消订单",
    "Signed Up": "sign_up, signup, register, 注册",
    "Signed In": "login, sign_in, 登录",
}
"""Segment's name -> what else it is called; compared without case."""

_SEGMENT = {other.strip(): name for name, others in NAMES.items() for other in others.split(",")}
PAGES = frozenset({"page", "page_view", "pageview", "$pageview", "page view", "page viewed"})
"""What a visit to a page is called, in lower case."""

TYPES = ("track", "page", "screen", "identify", "alias", "group")
"""Every type of event there is, as Segment has them."""


def segment_name(text: str | None) -> str | None:
    """Return Segment's name of an event, or the text itself.

    >>> segment_name("addtocart"), segment_name("Coupon Applied")
    ('Product Added', 'Coupon Applied')
    """
    return None if text is None else _SEGMENT.get(text.lower(), text)
