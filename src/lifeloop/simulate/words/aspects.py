# ruff: noqa: E501 - the sayings read better in rows
"""What can be said of one kind of good and not of another: nobody praises the colour of dog food or the taste of a lamp.

Kinds: ware (what stands or is used), textile, food, scent (candles and what scents a room), care (what is put on the skin),
pet (what pets eat), supply (what is used up in the house) and garden (what makes plants grow).
"""

from __future__ import annotations

KINDS = ("ware", "textile", "food", "scent", "care", "pet", "supply", "garden")
"""Kinds of goods, by number."""

THINGS_ONLY = frozenset(
    (
        "So pretty!!", "Better than the pictures.", "Broke after a week.", "Not as pictured!", "Got the {p} as a housewarming gift.", "After three weeks of daily use I can say I'm a fan.",
        "The {p} lasted exactly nine days.", "Looks even nicer than in the photos.", "Feels solid and well made.", "The colour fits perfectly at home.", "Everyone who visits asks where I found it.",
        "Simple, useful, beautiful.", "Could be a touch bigger, otherwise I can't fault it.", "No smell, no scratches, nothing to complain about.", "You can tell somebody cared about the details.",
        "A bit smaller than I imagined.", "Looks nice, though the colour is a shade darker than in the picture.", "Works, but it won't change your life.", "Some parts are lovely, others feel cheap.",
        "Fine for everyday use.", "Good idea, average finish.", "I like the look, less so the size.", "It looks nothing like the photos.", "Feels flimsy and badly finished.", "There was a crack right down the side.",
        "The smell is so strong I had to leave it outside.", "The colour is completely different.", "Much smaller than the description says.", "It stained everything it touched.", "Stopped being of any use after a few days.",
        "My old one from the flea market was better.", "Instructions are missing, but you can guess.", "We'll see how long it lasts.", "A keeper.", "It will do for now.", "There are nicer ones out there, and worse ones too.",
        "Nice idea, terrible quality.", "It took me some time to get used to it.",
        "{p}很好看", "太可爱了吧", "比图片好看", "用一周就坏了", "跟图片不一样！", "用了三个星期来评价，", "搬新家买的{p}，", "{p}用了九天就不行了，", "颜色很正，跟图片没有色差。", "做工精细，边角都处理得很干净。",
        "手感特别好，拿着就舒服。", "颜值很高，放家里很搭。", "简单实用，每天都在用。", "要是再大一点点就更完美了，其他没毛病。", "没有异味，用着放心。", "细节做得很用心。", "比想象中小一点。", "好看是好看，颜色比图片深了些。",
        "做工有的地方不错，有的地方有点糙。", "外观喜欢，尺寸不太合适。", "需要适应一下。", "想法挺好，细节还差点意思。", "跟图片完全是两个东西。", "做工粗糙，到处是毛刺。", "侧面有一道很长的裂纹。", "味道特别大，放外面都散不掉。",
        "颜色差太多了。", "比描述的小一大圈。", "想法不错，质量实在太差。", "没用几次就废了。", "还不如地摊货。", "没有说明书，自己摸索吧。", "看能用多久。", "先用着看看。", "留着用吧。", "效果出乎意料地好。", "能用，没什么特别的。",
        "日常用用够了。", "能用", "用了一阵子才来评，", "没有宣传的那么神，但也不差。",
        "ok the {p} lives up to the hype", "where has this been all my life", "found a good home for my {p}", "that colour though", "looks even better in real life", "does the {p} come in other colours", "how big is it really",
        "the {p} broke after four days", "looks nothing like the ad", "mine came cracked", "why is it half the size",
        "这个颜值我可以", "谁懂啊，{p}也太好看了", "家里瞬间有氛围感了", "老公都夸好看", "实物比图还美", "好用到想哭", "{p}还有别的颜色吗", "有人用过{p}吗", "实际有多大", "{p}用四天就坏了", "跟广告完全不一样", "收到就是碎的", "尺寸缩水一半",
        "The {product} doesn't fit our kitchen, I want to send it back.", "My {product} has a big scratch on one side.", "Order {order_id} came with a crack in it.", "Half of what was in {order_id} is smashed.",
        "I opened the box and the {product} was in pieces.", "The lid was chipped when it arrived, order {order_id}.", "The {product} stopped working after two days, {order_id}.", "{order_id}: wrong colour.", "The size is wrong, I ordered {product}.", "尺寸不对，我拍的是{product}。",
        "I received two different lids instead of the {product}.", "The screws for the {product} weren't included.", "How big is the {product}?", "Is the {product} dishwasher safe?", "Does the {product} come in other colours?",
        "Is the {product} suitable for sensitive skin?", "Is there a warranty on the {product}?", "Does the {product} smell strongly?", "Are the {product} photos true to colour?", "What is the {product} made of?",
        "{product}放家里不合适，想退掉。", "{product}侧面有一道很大的划痕。", "订单{order_id}收到有裂痕。", "{order_id}里一半都碎了。", "打开箱子{product}已经成渣了。", "盖子磕掉一块，单号{order_id}。", "{product}用两天就坏了，订单{order_id}。",
        "{order_id}颜色发错了。", "收到两个不一样的盖子，没有{product}。", "{product}的螺丝没给。", "{product}有多大？", "{product}可以放洗碗机吗？", "{product}还有别的颜色吗？", "敏感肌能用{product}吗？", "{product}有保修吗？",
        "{product}味道大不大？", "{product}图片有色差吗？", "{product}是什么材质？",
        "You'll find the measurements and the material of the {product} on its page; I've sent you the link.", "Good question: the {product} comes with a care card and two years of warranty.",
        "{product}的尺寸和材质详情页都有，链接发您了。", "{product}附有保养卡，保修两年哦。",
    )
)  # fmt: skip
"""Sayings of all tables that fit wares; of other goods they are said only where the tables below say so."""

_USED_UP = frozenset(
    (
        "Is the {product} suitable for sensitive skin?", "Does the {product} smell strongly?", "敏感肌能用{product}吗？", "{product}味道大不大？",
        "How long does one {product} usually last?", "{product}一般能用多久？",
    )
)  # fmt: skip
"""What nobody asks of wares and textiles."""

ASPECTS: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
    ("en", "positive"): {
        "textile": ("So soft, and it stays soft after washing.", "The colour is just like in the picture.", "Fits exactly, the size is right.", "Lovely fabric, neatly sewn.", "Feels wonderful on the skin.", "Looks even nicer than in the photos."),
        "food": ("Tastes wonderful.", "Really fresh, you notice it when you open the bag.", "Full flavour, not too sweet.", "The smell alone makes me happy.", "A good portion for the money.", "Gone within two days, that says it all."),
        "scent": ("The scent fills the room without being too much.", "It lasts much longer than others I had.", "Smells natural, not like perfume.", "A warm and calm smell.", "Even after weeks you can still smell it."),
        "care": ("My skin feels soft all day.", "Smells lovely and isn't sticky.", "A little goes a long way.", "No itching, and I'm sensitive.", "Soaks in quickly."),
        "pet": ("The bowl was empty in a minute.", "Ours is very picky and loves it.", "The coat shines since we changed over.", "No upset stomach at all.", "Comes running as soon as I open it."),
        "supply": ("Does the work and smells of almost nothing.", "You need less of it than of others.", "Easy to use and easy to store.", "Lasts for weeks.", "Works the first time, every time."),
        "garden": ("My plants have never looked better.", "Green shoots after only a few days.", "Everything on the balcony is thriving.", "Easy to use, even for a beginner."),
    },
    ("en", "neutral"): {
        "textile": ("Nice to the touch, but a bit thin.", "The colour is a shade darker than in the picture.", "It shrank a little in the wash.", "Soft enough, some loose threads.", "A bit smaller than I imagined."),
        "food": ("Tastes all right, nothing more.", "A little too sweet for me.", "Fresh, but the pack is small.", "The flavour is rather mild.", "I have had better, and worse too."),
        "scent": ("Nice smell, though it fades quickly.", "A bit stronger than I like.", "The scent is fine, not what I imagined.", "Pleasant when new, hardly there later.", "Lasts about as long as others."),
        "care": ("Takes a while to soak in.", "The smell is not quite mine.", "I don't see much of a difference yet.", "Fine on the skin, the pack is small.", "Works about as well as my old one."),
        "pet": ("One of ours eats it, the other won't.", "Eaten, but without joy.", "The smell takes some getting used to.", "It took a few days until it was accepted.", "All right between meals."),
        "supply": ("Does the work, you need a lot of it though.", "About the same as the one from the supermarket.", "The pack is hard to close again.", "Works for most things.", "Used up sooner than I thought."),
        "garden": ("Half of it came up, half didn't.", "My plants look the same as before.", "Fine for a balcony, too little for a garden.", "It took longer than the pack says."),
    },
    ("en", "negative"): {
        "textile": ("Lost its colour in the first wash.", "Scratchy and thin.", "The seams came apart.", "The size is plain wrong.", "Full of loose threads."),
        "food": ("Tastes of nothing.", "It was stale when I opened it.", "Only a week left until the best-before date.", "Far too sweet.", "Half of it was crumbs.", "It had a strange taste, I threw it away."),
        "scent": ("You smell nothing at all.", "Smells like cleaning agent.", "The scent gave me a headache.", "Used up in no time.", "Nothing like the scent it says."),
        "care": ("I got a rash from it.", "Sticky, and the smell is awful.", "It dried out my skin.", "Leaked into the whole parcel.", "No effect that I could see."),
        "pet": ("Nobody here will touch it.", "Two days of upset stomach.", "Smells terrible and stays in the bowl.", "Left untouched, we gave it away.", "Far too hard and dry."),
        "supply": ("Doesn't do what it says.", "The pack was leaking.", "Used up in a week.", "You need three times as much.", "Not half as strong as the last one."),
        "garden": ("Nothing came up at all.", "Full of tiny flies.", "My plants look worse than before.", "The bag was torn and half was gone."),
    },
    ("zh", "positive"): {
        "textile": ("特别柔软，洗过还是一样软。", "颜色跟图片一样正。", "尺寸刚刚好。", "面料舒服，走线整齐。", "贴身很亲肤。"),
        "food": ("味道很赞。", "很新鲜，一打开就闻得到。", "口感浓郁，不会太甜。", "光闻着就很满足。", "分量足。", "两天就吃完了，说明一切。"),
        "scent": ("香味淡淡的，满屋都是。", "比之前用过的都持久。", "味道自然，不像香精。", "闻着特别放松。", "放了几个星期还有香味。"),
        "care": ("用完皮肤一整天都很润。", "味道好闻，不黏腻。", "用一点点就够了。", "敏感肌用着也没事。", "吸收很快。"),
        "pet": ("一分钟就光盘了。", "我家很挑食的都爱吃。", "换粮以后毛都亮了。", "肠胃没有不舒服。", "一开包装就跑过来。"),
        "supply": ("效果好，几乎没有味道。", "用量比别家省。", "好用也好收纳。", "一包能用好几个星期。", "次次都管用。"),
        "garden": ("植物长得特别精神。", "没几天就冒芽了。", "阳台上一片绿油油。", "新手也能用好。"),
    },
    ("zh", "neutral"): {
        "textile": ("摸着还行，就是有点薄。", "颜色比图片深了一点点。", "洗了以后缩了一点。", "柔软度可以，有些线头。"),
        "food": ("味道还可以，没有惊艳。", "对我来说甜了点。", "新鲜是新鲜，分量少了些。", "味道偏淡。", "吃过更好的，也吃过更差的。"),
        "scent": ("好闻，就是散得快。", "味道比我喜欢的浓一点。", "香味不难闻，跟想的不一样。", "刚用时明显，后来就淡了。"),
        "care": ("吸收得慢一些。", "味道不太是我的菜。", "暂时没看出什么变化。", "用着还行，量有点少。"),
        "pet": ("两只里只有一只肯吃。", "吃是吃，不太积极。", "味道需要习惯一下。", "过了几天才肯吃。"),
        "supply": ("管用，就是费。", "跟超市买的一样。", "包装不太好封口。", "用得比想象中快。"),
        "garden": ("一半活了，一半没动静。", "植物看着跟以前差不多。", "阳台够用，院子就不够了。", "比包装上写的时间久。"),
    },
    ("zh", "negative"): {
        "textile": ("第一次洗就掉色。", "又薄又扎人。", "线都开了。", "尺码完全不对。"),
        "food": ("一点味道都没有。", "打开就不新鲜了。", "离保质期只剩一个星期。", "甜得发腻。", "一半都碎成渣了。", "有股怪味，扔了。"),
        "scent": ("根本闻不到香味。", "像洁厕灵的味道。", "闻得头疼。", "没几天就用完了。", "跟写的香型不是一回事。"),
        "care": ("用了起疹子。", "又黏又难闻。", "皮肤越用越干。", "漏得整个包裹都是。"),
        "pet": ("我家的闻都不闻。", "吃完拉了两天肚子。", "味道冲，剩了一碗。", "太硬太干了。"),
        "supply": ("跟说的效果不一样。", "包装漏了。", "一个星期就用完了。", "要用三倍的量。"),
        "garden": ("一点动静都没有。", "全是小飞虫。", "植物反而蔫了。", "袋子破了，漏了一半。"),
    },
}  # fmt: skip
"""What is said of goods other than wares, by language and sentiment, then by kind; wares keep to `THINGS_ONLY`."""

ASKED: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
    ("en", "product_question"): {
        "textile": ("At how many degrees can I wash the {product}?", "How big is the {product}?", "Does the {product} come in other colours?", "Are the {product} photos true to colour?", "What is the {product} made of?"),
        "food": ("What exactly is in the {product}?", "Does the {product} contain nuts?", "How long does the {product} keep once opened?", "How much caffeine or sugar is in the {product}?"),
        "scent": ("How long does the scent of the {product} last?", "Does the {product} smell strongly?", "What is in the {product}?", "Is the {product} fine for a small room?"),
        "care": ("Is the {product} suitable for sensitive skin?", "Does the {product} smell strongly?", "What is in the {product}?", "Is the {product} tested on animals?"),
        "pet": ("How much of the {product} do I give a day?", "Is the {product} free of grain?", "Is the {product} right for older animals?", "What is in the {product}?"),
        "supply": ("What is in the {product}?", "How many uses does the {product} give?", "Is the {product} safe with children around?", "Is the {product} plastic free?"),
        "garden": ("When is the best time to use the {product}?", "Is the {product} fine for a balcony?", "How much of the {product} do I need for one pot?", "What is in the {product}?"),
    },
    ("zh", "product_question"): {
        "textile": ("{product}可以多少度水洗？", "{product}有多大？", "{product}还有别的颜色吗？", "{product}图片有色差吗？", "{product}是什么材质？"),
        "food": ("{product}配料有哪些？", "{product}含坚果吗？", "{product}开封后能放多久？", "{product}糖多不多，有咖啡因吗？"),
        "scent": ("{product}的香味能留多久？", "{product}味道大不大？", "{product}是什么成分？", "{product}适合小房间吗？"),
        "care": ("敏感肌能用{product}吗？", "{product}味道大不大？", "{product}是什么成分？", "{product}做动物实验吗？"),
        "pet": ("{product}一天喂多少？", "{product}是无谷的吗？", "{product}年纪大的能吃吗？", "{product}是什么成分？"),
        "supply": ("{product}是什么成分？", "{product}大概能用几次？", "家里有小孩，{product}安全吗？", "{product}是无塑料的吗？"),
        "garden": ("{product}什么时候用最好？", "{product}适合阳台吗？", "一盆要用多少{product}？", "{product}是什么成分？"),
    },
}  # fmt: skip
"""What is asked of goods other than wares, by language and intent, then by kind."""

TOLD: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "textile": (("You'll find the measurements and the fabric of the {product} on its page; I've sent you the link.",), ("{product}的尺寸和面料详情页都有，链接发您了。",)),
    "food": (("All that is in the {product} stands on its page; I've sent you the link.",), ("{product}的配料表详情页都有，链接发您了。",)),
    "scent": (("All about the {product} and its scent stands on its page; I've sent you the link.",), ("{product}的香型和成分详情页都有，链接发您了。",)),
    "care": (("All that is in the {product} stands on its page, and a small amount is enough to try it.",), ("{product}的成分详情页都有，可以先少量试用。",)),
    "pet": (("The feeding guide of the {product} stands on its page; I've sent you the link.",), ("{product}的喂食建议详情页都有，链接发您了。",)),
    "supply": (("All that is in the {product} and how to use it stands on its page; I've sent you the link.",), ("{product}的成分和用法详情页都有，链接发您了。",)),
    "garden": (("When and how to use the {product} stands on its page; I've sent you the link.",), ("{product}的使用时间和方法详情页都有，链接发您了。",)),
}  # fmt: skip
"""Answers to questions about goods other than wares, (en, zh)."""


_LEFT_OUT = {"ware": _USED_UP, "textile": THINGS_ONLY | _USED_UP}


def fitting(kind: str, sayings: tuple[str, ...], more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return those of `sayings` that can be said of a kind of good, then `more` that only it has.

    Raises
    ------
    KeyError
        If `kind` is not one of `KINDS`.
    """
    if kind not in KINDS:
        raise KeyError(kind)
    left_out = _LEFT_OUT.get(kind, THINGS_ONLY)
    return tuple(dict.fromkeys((*(one for one in sayings if one not in left_out), *more)))
