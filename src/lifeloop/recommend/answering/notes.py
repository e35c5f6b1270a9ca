"""Notes: what whoever asked should know of an answer, in both languages."""

from __future__ import annotations

from lifeloop.base.text import Text

NO_CONSENT = Text(
    "There is no consent to personalisation: nothing of this person's own history was used.",
    "未获得个性化推荐的同意：未使用此人的任何历史记录。",
)
ITEMS_NOT_USED = Text(
    "Without consent to personalisation, the products that were named in the request were not used here.",
    "未获得个性化推荐的同意：此处未使用请求中列出的商品。",
)
NOTHING_DONE = Text(
    "Nothing is known of what this customer did: they are answered as a visitor.",
    "没有此客户的任何行为记录：按访客处理。",
)
NOT_LEARNED = Text(
    "Nothing has been learned yet (lifeloop run does): the newest products are shown.",
    "模型尚未训练（请运行 lifeloop run）：展示的是最新商品。",
)
NOTHING_SPEAKS = Text(
    "Nothing was learned that speaks for any of these products: the newest are shown.",
    "目前没有任何数据支持推荐这些商品：展示的是最新商品。",
)
NO_PRODUCTS = Text("The catalogue is empty: there is nothing to recommend.", "商品目录为空：没有可推荐的商品。")
CUT = Text("{asked} were asked for; a list holds at most {most}.", "请求了 {asked} 个；一个列表最多 {most} 个。")
SHORT = Text(
    "{found} of {asked} places are filled: there is no other product that may be shown here.",
    "{asked} 个位置中填入了 {found} 个：没有其他可在此展示的商品。",
)
UNKNOWN = Text("No product '{name}' is known; it was left out.", "没有名为“{name}”的商品，已略过。")
UNKNOWN_NEAR = Text(
    "No product '{name}' is known; it was left out. Did you mean '{near}'?",
    "没有名为“{name}”的商品，已略过。您是指“{near}”吗？",
)
UNKNOWN_MANY = Text(
    "{count} of the products are not known, such as '{name}'; they were left out.",
    "有 {count} 个商品未知（例如“{name}”），已略过。",
)
NO_CATEGORY = Text("Nothing lies in the category '{name}'.", "分类“{name}”中没有商品。")
MANY_ITEMS = Text(
    "{count} products were given; the last {most} of them were looked at.",
    "共给出 {count} 个商品；只参考了最后 {most} 个。",
)
MANY_HITS = Text(
    "{count} hits were given; the first {most} of them were ranked.",
    "共给出 {count} 个搜索结果；只对前 {most} 个排序。",
)
DROPPED = Text(
    "{count} products were taken out at the last check: they do not keep the rules.",
    "最后检查时移除了 {count} 个不符合规则的商品。",
)


def note(text: Text, **values: object) -> Text:
    """Return a note with its blanks filled in both languages; whatever stands in them is taken as it is.

    >>> note(UNKNOWN, name="{a}").say("en")
    "No product '{a}' is known; it was left out."
    """
    return Text(*(_plain(text.say(language, **values)) for language in ("en", "zh")))


def _plain(said: str) -> str:
    return said.replace("{", "{{").replace("}", "}}")
