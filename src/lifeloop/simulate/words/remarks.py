# ruff: noqa: E501 - the sayings read better in rows
"""What people post under a product on a social network, in pieces: words, then a face, then a tag; `{p}` is the product."""

from __future__ import annotations

REMARKS: dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    ("en", "positive"): (
        ("obsessed with my {p}", "Just got the {p} and wow", "ok the {p} lives up to the hype", "need three more of these", "where has this been all my life", "the {p} made my day", "found a good home for my {p}", "best gift I got this year",
         "that colour though", "take my money", "so worth the wait", "Not me buying the {p} twice", "Sunday mornings with my {p}", "you were right about the {p}", "looks even better in real life", "love love love"),
        ("", " 😍", " ❤️", "!!", " 🔥", " ✨", " 🙌", "!", " 🥰", " 💛"),
        ("", "", "", " #cosyhome", " #homefinds", " #treatyourself", " #newin", " #smalljoys", " #shelfie", " #giftidea"),
    ),
    ("en", "neutral"): (
        ("anyone tried the {p} yet?", "does the {p} come in other colours", "is the {p} back in stock?", "saw the {p} today", "how big is it really", "my {p} arrived", "thinking about the {p}", "the {p}, day one", "hm not sure about this one",
         "how much was it", "{p} or something else, help me decide", "it's fine I guess", "do they ship abroad?", "asking for a friend", "tagging my roommate", "wait for the sale or not"),
        ("", " 🤔", "...", " 👀", " 🙂", " 🤷", " 📦", " ?", " 😅", "…"),
        ("", "", "", " #question", " #homefinds", " #unboxing", " #help", " #whattobuy", " #wishlist", " #maybe"),
    ),
    ("en", "negative"): (
        ("the {p} broke after four days", "looks nothing like the ad", "still waiting for my {p}", "paid how much for this", "three weeks and no parcel", "do not get the {p}", "asked for a refund, got silence", "so much for premium", "mine came cracked",
         "never ordering here again", "the {p} is a joke", "your support is a bad dream", "wanted to love the {p}, can't", "sent the {p} back today", "why is it half the size", "third wrong item in a row"),
        ("", " 😡", " 👎", "!!", " 🙄", " 😤", "...", " 💔", " 🤦", " 😒"),
        ("", "", "", " #fail", " #neveragain", " #refund", " #disappointed", " #notworthit", " #expectationvsreality", " #beware"),
    ),
    ("zh", "positive"): (
        ("我的{p}到啦", "被{p}种草成功", "这个颜值我可以", "谁懂啊，{p}也太好看了", "已经买第二个了", "姐妹们冲", "今年最满意的一笔", "家里瞬间有氛围感了", "{p}真的绝", "幸福感拉满", "老公都夸好看", "实物比图还美", "链接拿走不谢",
         "周末的快乐是{p}给的", "收到礼物啦，好喜欢", "好用到想哭"),
        ("", "😍", "❤️", "！！", "🔥", "✨", "～", "！", "🥰", "👍"),
        ("", "", "", " #好物分享#", " #我的家居日常#", " #治愈系#", " #开箱#", " #生活小确幸#", " #送礼推荐#", " #氛围感#"),
    ),
    ("zh", "neutral"): (
        ("有人用过{p}吗", "{p}还有别的颜色吗", "什么时候补货", "今天看到{p}了", "实际有多大", "{p}到了", "在纠结要不要买{p}", "先蹲一个", "多少钱啊", "求测评", "要不要等活动", "感觉一般般", "帮朋友问问", "包邮吗", "这个和别家的比怎么样",
         "路过看看"),
        ("", "🤔", "……", "👀", "🙂", "？", "📦", "😅", "。", "～"),
        ("", "", "", " #求推荐#", " #开箱#", " #购物日常#", " #选择困难#", " #种草清单#", " #好物测评#", " #随手拍#"),
    ),
    ("zh", "negative"): (
        ("{p}用四天就坏了", "跟广告完全不一样", "我的{p}到现在还没发货", "就这？还卖这么贵", "等了三个星期", "千万别买{p}", "退款没人理", "说好的品质呢", "收到就是碎的", "再也不买了", "{p}真的翻车", "客服是摆设吗", "想喜欢{p}，真喜欢不起来",
         "今天把{p}退了", "尺寸缩水一半", "连着三次发错货"),
        ("", "😡", "👎", "！！", "🙄", "😤", "……", "💔", "🤦", "😒"),
        ("", "", "", " #避雷#", " #踩坑#", " #退款#", " #失望#", " #买家秀翻车#", " #不值#", " #吐槽#"),
    ),
}  # fmt: skip
