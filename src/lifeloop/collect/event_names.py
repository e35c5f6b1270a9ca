"""What shops call the things people do, told as Segment's e-commerce events (`view` is `Product Viewed`).

Source  Segment's e-commerce specification, version 2, its names of version 1, and those Google Analytics 4 has for the same
(`share` there says not what was shared: most often a product).
"""

from __future__ import annotations

from collections.abc import Mapping

NAMES: Mapping[str, str] = {
    "Product Viewed": "view, view_item, viewed product, product view, product_view, pv, detail, 浏览, 查看",
    "Product Clicked": "click, select_item, clicked product, product click, 点击",
    "Product List Viewed": "view_item_list, viewed product list, viewed product category, list view, category view",
    "Product List Filtered": "filtered product list",
    "Products Searched": "search, view_search_results, searched products, 搜索",
    "Product Added": "addtocart, add_to_cart, added product, add to cart, cart, basket, 加购, 加入购物车",
    "Product Removed": "remove_from_cart, removed product, remove from cart, removefromcart, 移出购物车",
    "Product Added to Wishlist": "add_to_wishlist, added product to wishlist, wishlist, fav, favorite, 收藏",
    "Product Removed from Wishlist": "remove_from_wishlist, removed product from wishlist",
    "Wishlist Product Added to Cart": "added wishlist product to cart",
    "Product Shared": "shared product, share",
    "Product Reviewed": "reviewed product",
    "Cart Viewed": "view_cart, viewed cart, cart view",
    "Cart Shared": "shared cart",
    "Promotion Viewed": "view_promotion, viewed promotion",
    "Promotion Clicked": "select_promotion, clicked promotion",
    "Checkout Started": "begin_checkout, started checkout, checkout, 结算",
    "Checkout Step Viewed": "viewed checkout step",
    "Checkout Step Completed": "add_shipping_info, completed checkout step",
    "Payment Info Entered": "add_payment_info, entered payment info",
    "Coupon Entered": "entered coupon",
    "Coupon Applied": "applied coupon",
    "Coupon Denied": "denied coupon",
    "Coupon Removed": "removed coupon",
    "Order Updated": "updated order",
    "Order Completed": "purchase, transaction, buy, order, completed order, bought, 购买, 下单, 支付",
    "Order Refunded": "refund, refunded order, 退款",
    "Order Cancelled": "order canceled, cancelled order, canceled order, 取消订单",
    "Signed Up": "sign_up, signup, register, 注册",
    "Signed In": "login, sign_in, 登录",
}
"""Segment's name -> what else it is called; compared without case."""

_SEGMENT = {other.strip(): name for name, others in NAMES.items() for other in (name.lower(), *others.split(","))}
PAGES = frozenset({"page", "page_view", "pageview", "$pageview", "page view", "page viewed"})
"""What a visit to a page is called, in lower case."""

TYPES = ("track", "page", "screen", "identify", "alias", "group")
"""Every type of event there is, as Segment has them."""


def segment_name(text: str | None) -> str | None:
    """Return Segment's name of an event, or the text itself.

    >>> segment_name("addtocart"), segment_name("order completed"), segment_name("Waved")
    ('Product Added', 'Order Completed', 'Waved')
    """
    return None if text is None else _SEGMENT.get(text.lower(), text)
