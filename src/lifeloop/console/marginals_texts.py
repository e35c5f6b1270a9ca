"""The words and colours of the drawing that lays a real shop beside a simulated one."""

from __future__ import annotations

from lifeloop.base.text import Text

STYLE = """
.paper{fill:#ffffff}
text{font-family:"Inter","Noto Sans","Segoe UI","Helvetica Neue",Arial,"PingFang SC","Noto Sans CJK SC","Source Han Sans SC",
"Microsoft YaHei",sans-serif;font-size:12px;fill:#1d2125}
.title{font-size:22px;font-weight:650}
.about{font-size:13.5px;fill:#5c646c}
.head{font-size:14px;font-weight:650}
.axis{font-size:11.5px;fill:#69717a}
.grid{stroke:#eceae4}.base{stroke:#b9bfc4}.even{stroke:#8b929a;stroke-dasharray:3 4}
.real{fill:#0072b2}.simulated{fill:#e69f00}
.real-line,.simulated-line{fill:none;stroke-width:2.5;stroke-linejoin:round}
.real-line{stroke:#0072b2}.simulated-line{stroke:#e69f00}
"""
"""Blue and orange of Okabe & Ito: told apart with every kind of colour vision, and by their darkness in print."""

TEXTS: dict[str, Text] = {
    "title": Text("{real} beside {simulated}", "{real}与{simulated}对照"),
    "about": Text(
        "{real}: {real_customers} customers, {real_orders} orders in {real_days} days. "
        "{simulated}: {simulated_customers} customers, {simulated_orders} orders in {simulated_days} days.",
        "{real}：{real_days} 天，{real_customers} 位顾客，{real_orders} 笔订单。"
        "{simulated}：{simulated_days} 天，{simulated_customers} 位顾客，{simulated_orders} 笔订单。",
    ),
    "orders": Text("How many orders a customer places", "每位顾客下多少单"),
    "orders_x": Text("orders per customer", "每位顾客的订单数"),
    "gaps": Text("How long until they order again", "多久之后再次下单"),
    "gaps_x": Text("days between order days", "相邻下单日的间隔（天）"),
    "weekday": Text("On which day of the week", "星期几下单"),
    "weekday_x": Text("day of the week", "星期"),
    "hour": Text("At which hour", "几点下单"),
    "hour_x": Text("hour of the day, shop's time", "店铺当地时间（时）"),
    "month": Text("In which month of the year", "几月下单"),
    "month_x": Text("month, growth taken out", "月份（已剔除增长）"),
    "lines": Text("How many lines an order has", "每单有多少行"),
    "lines_x": Text("lines per order", "每单行数"),
    "price": Text("At what price a piece", "单价多少"),
    "price_x": Text("price per piece, {unit}", "单价（{unit}）"),
    "popularity": Text("How much the best sellers sell", "畅销商品占多少"),
    "popularity_x": Text("best-selling share of products", "按销量排名的商品占比"),
    "value": Text("How much an order is worth", "一单值多少"),
    "value_x": Text("goods of an order, {unit}", "订单商品金额（{unit}）"),
    "of_customers": Text("share of customers", "顾客占比"),
    "of_gaps": Text("share of gaps", "间隔占比"),
    "of_orders": Text("share of orders", "订单占比"),
    "of_lines": Text("share of lines", "订单行占比"),
    "of_mean": Text("orders a day, 1 = average month", "日均订单，1 = 平均月份"),
    "minor": Text("minor units", "最小货币单位"),
    "and_more": Text("more", "更多"),
    "figure": Text("Figure", "指标"),
    "distance": Text("Apart", "差异"),
    "kind": Text("What is compared", "比较方式"),
    "close": Text("Close", "是否接近"),
    "yes": Text("yes, within {tolerance}", "是，不超过 {tolerance}"),
    "no": Text("no, over {tolerance}", "否，超过 {tolerance}"),
    "days": Text("{days} days", "{days} 天"),
    "simulated": Text("Simulated twin", "模拟店铺"),
    "limits": Text(
        "What no twin can be like: nobody in it orders twice a day, those who never say their name buy like everybody else, "
        "and what comes back is worth no more than what stays.",
        "模拟店铺无法再现的：没有人一天下两单；不留姓名的顾客与其他人买得一样；退回的商品并不比留下的更贵。",
    ),
    "untold": Text(
        "What no order tells is as in the world the fit began with: visits, messages, offers, reviews, support, stock.",
        "订单没有透露的部分沿用拟合起点的设定：访问、消息、优惠、评价、客服与库存。",
    ),
    "table": Text("{good} of {all} figures are close", "{all} 项指标中有 {good} 项接近"),
}
"""Every text of the drawing and of the rows."""

WEEKDAYS = Text("Mon Tue Wed Thu Fri Sat Sun", "一 二 三 四 五 六 日")
MONTHS = Text("J F M A M J J A S O N D", "1 2 3 4 5 6 7 8 9 10 11 12")
