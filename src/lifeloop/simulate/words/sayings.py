# ruff: noqa: E501 - the sayings read better in rows
"""What buyers say of a product, in pieces: `{p}` stands for the product; one piece of each pool makes a review.

`SHORT` is a whole review; the others follow one another as opening, thing, shop, closing. English pieces avoid words
that ask for singular or plural, since `{p}` may be either. Some pieces hedge on purpose: people do.
"""

from __future__ import annotations

from typing import NamedTuple


class Sayings(NamedTuple):
    """Pools of pieces for one language and one sentiment."""

    short: tuple[str, ...]
    opening: tuple[str, ...]
    thing: tuple[str, ...]
    shop: tuple[str, ...]
    closing: tuple[str, ...]


REVIEWS: dict[tuple[str, str], Sayings] = {
    ("en", "positive"): Sayings(
        short=("Love it!", "Perfect.", "Great {p}.", "Very happy.", "Just right", "So pretty!!", "Exactly as described.", "Good buy.", "Lovely.", "Will buy again.", "10/10", "Top.", "Better than the pictures."),
        opening=(
            "Bought the {p} for my sister and she was thrilled.", "Second time I order the {p}.", "I wasn't sure at first, but wow.", "Really pleased with this purchase.",
            "Treated myself to the {p} after a long week.", "Got the {p} as a housewarming gift.", "After three weeks of daily use I can say I'm a fan.", "My partner picked the {p} and for once I agree.",
            "I don't write reviews often, but this one earned it.", "Ordered on a whim, no regrets.", "Honestly a nice surprise.", "I compared a lot of shops before choosing the {p}.",
            "Found the {p} during the sale.", "Ok so I was sceptical about the price."),
        thing=(
            "The quality is better than I expected.", "Looks even nicer than in the photos.", "Feels solid and well made.", "The colour fits perfectly at home.", "Not cheap, but worth every cent.",
            "Everyone who visits asks where I found it.", "Simple, useful, beautiful.", "Could be a touch bigger, otherwise I can't fault it.", "No smell, no scratches, nothing to complain about.",
            "Great value for what I paid.", "Does what it should and does it well.", "You can tell somebody cared about the details."),
        shop=(
            "Arrived two days early, too.", "Packed with so much care.", "Delivery took a while, but it was worth the wait.", "The handwritten note in the parcel made me smile.", "Support answered my question the next morning.",
            "Ordering was easy and the tracking was accurate.", "The box had a dent, yet everything inside was fine.", "Hardly any plastic in the parcel, I like that.", "Shipping was quick and free."),
        closing=(
            "Highly recommended!", "Will definitely order again.", "Five stars from me.", "Already looking at the next one.", "Thank you!", "A keeper.", "Couldn't be happier.", "My new favourite shop.",
            "I'd buy it again tomorrow.", "Go for it.", "Can't say anything bad.", "Now I need a second one, haha."),
    ),
    ("en", "neutral"): Sayings(
        short=("It's ok.", "Fine I guess", "Average.", "Does the job.", "Okay for the price.", "Not bad, not great.", "As expected.", "Decent.", "Meh but fine.", "So-so.", "It's alright", "Nothing special."),
        opening=(
            "Ordered the {p} a month ago.", "The {p} came on Tuesday.", "Mixed feelings here.", "I've had the {p} for a few weeks now.", "Got the {p} with a voucher.", "Bought the {p} because I needed something quickly.",
            "Hard to say yet.", "First order from this shop.", "I had a different one before.", "My expectations were maybe too high.", "It was on offer, so I tried it.", "Somewhere in the middle for me.", "I wanted to like it more."),
        thing=(
            "Quality is about what you'd expect for the money.", "A bit smaller than I imagined.", "Looks nice, though the colour is a shade darker than in the picture.", "Works, but it won't change your life.", "Neither good nor bad, really.",
            "Some parts are lovely, others feel cheap.", "Fine for everyday use.", "There are nicer ones out there, and worse ones too.", "It took me some time to get used to it.", "Good idea, average finish.",
            "I like the look, less so the size."),
        shop=(
            "Delivery was on time, nothing more to say.", "The parcel took five days.", "Packaging could be better.", "I had to ask once where it was, then it came.", "Shipping cost a little much for one item.",
            "The order page was a bit confusing.", "Instructions are missing, but you can guess.", "Support was polite, if slow."),
        closing=(
            "Three stars.", "Might order again, might not.", "We'll see how long it lasts.", "I'll keep it.", "Okay for a gift.", "Maybe wait for a sale.", "No strong opinion.", "Could go either way.",
            "It will do for now.", "Let's see.", "You get what you pay for.", "Not sure I'd choose it again."),
    ),
    ("en", "negative"): Sayings(
        short=("Disappointed.", "Waste of money", "Broke after a week.", "Don't buy.", "Not as pictured!", "Never again.", "Very poor.", "Sent it back.", "Awful.", "Cheap rubbish", "1 star is too many", "Expected more, sorry."),
        opening=(
            "I really wanted to like the {p}.", "Bought the {p} for a birthday and it was embarrassing.", "Not what I ordered.", "Sorry, but no.", "After the good reviews I expected far more.", "Third order here and the worst so far.",
            "The {p} lasted exactly nine days.", "Where do I start.", "I was looking forward to the {p} so much.", "Regret buying the {p}.", "Maybe I was unlucky, but still.", "Opened the parcel and my heart sank.",
            "I rarely complain."),
        thing=(
            "It looks nothing like the photos.", "Feels flimsy and badly finished.", "There was a crack right down the side.", "The smell is so strong I had to leave it outside.", "Far too expensive for what you get.",
            "The colour is completely different.", "Much smaller than the description says.", "Nice idea, terrible quality.", "It stained everything it touched.", "Stopped being of any use after a few days.",
            "My old one from the flea market was better."),
        shop=(
            "Delivery took almost three weeks.", "Thrown in a box with no padding at all.", "Nobody answers my e-mails.", "I'm still waiting for my money back.", "Support was friendly but couldn't do anything.",
            "The parcel arrived torn open.", "They wanted me to pay for the return.", "The courier left it in the rain.", "One piece was missing as well."),
        closing=(
            "Save your money.", "I won't order here again.", "Going straight back.", "Such a shame.", "Very annoyed.", "I want a refund.", "Not recommended.", "How did this pass any check?",
            "Look elsewhere.", "One star, and only because I have to.", "Lesson learned.", "Really let down."),
    ),
    ("zh", "positive"): Sayings(
        short=("很好", "喜欢！", "不错不错", "超值", "好评", "第三次买了", "{p}很好看", "满意", "物美价廉", "太可爱了吧", "质量没得说", "闭眼入", "比图片好看", "推荐"),
        opening=(
            "本来只是随便买买，", "给妈妈买的{p}，她特别喜欢，", "第二次回购{p}了，", "朋友推荐我买的，", "活动的时候囤的，", "犹豫了好久才下单{p}，", "收到货就迫不及待拆开了，", "用了三个星期来评价，",
            "一开始还有点担心，结果", "搬新家买的{p}，", "很少写评价，这次忍不住了，", "对比了好几家最后选了{p}，", "说实话有点惊喜，", "同事看到都问我链接，"),
        thing=(
            "质量比想象中好很多。", "颜色很正，跟图片没有色差。", "做工精细，边角都处理得很干净。", "手感特别好，拿着就舒服。", "虽然不便宜，但是真的值。", "颜值很高，放家里很搭。", "简单实用，每天都在用。",
            "要是再大一点点就更完美了，其他没毛病。", "没有异味，用着放心。", "性价比很高，这个价钱挑不出毛病。", "细节做得很用心。", "效果出乎意料地好。"),
        shop=(
            "物流也快，第二天就到了。", "包装很严实，一点没磕碰。", "客服态度超好，问什么都耐心回答。", "快递是慢了点，不过东西值得等。", "还送了小卡片，很暖心。", "发货速度点赞。", "外盒有点压扁，好在里面完好。",
            "送货小哥也很客气。", "下单到收货都很顺。"),
        closing=(
            "会回购的！", "强烈推荐~", "五星好评。", "下次还来。", "真心不错。", "已经推荐给闺蜜了。", "爱了爱了！", "值得入手。", "还想再买一个送人。", "老顾客了，一如既往地好。", "没让我失望。", "冲就完了。"),
    ),
    ("zh", "neutral"): Sayings(
        short=("一般", "还行吧", "凑合", "中规中矩", "还可以", "普普通通", "就那样", "马马虎虎", "没有想象中好，也不差", "一分钱一分货", "能用", "对得起价格吧"),
        opening=(
            "{p}收到几天了，", "用了一阵子才来评，", "凑单买的{p}，", "第一次在这家买，", "怎么说呢，", "冲着优惠买的，", "之前买过别家的，", "期望可能有点高，", "急用才买的{p}，", "说不上喜欢也说不上讨厌，",
            "刚到手，", "看评论买的{p}，", "家里人说还可以，我觉得"),
        thing=(
            "质量一般，对得起这个价。", "比想象中小一点。", "好看是好看，颜色比图片深了些。", "能用，没什么特别的。", "做工有的地方不错，有的地方有点糙。", "日常用用够了。", "没有宣传的那么神，但也不差。",
            "外观喜欢，尺寸不太合适。", "需要适应一下。", "想法挺好，细节还差点意思。", "跟超市里卖的差不多。"),
        shop=(
            "物流正常，没什么好说的。", "快递走了五天。", "包装可以再结实一点。", "中间催过一次，后来到了。", "单买一件运费有点贵。", "没有说明书，自己摸索吧。", "客服有礼貌，就是回得慢。", "下单页面有点绕。"),
        closing=(
            "三星吧。", "先用着看看。", "下次不一定买。", "等打折再说。", "留着用吧。", "送人也行。", "没什么感觉。", "后续再追评。", "看能用多久。", "仁者见仁吧。", "暂时就这样。", "不好不坏。"),
    ),
    ("zh", "negative"): Sayings(
        short=("失望", "差评", "别买", "退了", "跟图片不一样！", "用一周就坏了", "不值这个价", "后悔了", "垃圾", "质量太差", "再也不来了", "什么玩意儿", "被坑了"),
        opening=(
            "满心期待{p}，结果", "本来想送人的，打开一看，", "看好评才买的{p}，", "真的很少给差评，", "第三次买了，这次最差，", "{p}用了九天就不行了，", "不知道怎么说，", "可能是我运气不好，", "拆开快递心都凉了，",
            "买{p}真是花钱买教训，", "家里人都说我被骗了，", "唉，", "等了这么久，"),
        thing=(
            "跟图片完全是两个东西。", "做工粗糙，到处是毛刺。", "侧面有一道很长的裂纹。", "味道特别大，放外面都散不掉。", "这个价格真的不值。", "颜色差太多了。", "比描述的小一大圈。", "想法不错，质量实在太差。",
            "没用几次就废了。", "还不如地摊货。", "一看就是次品。"),
        shop=(
            "快递整整走了快三个星期。", "包装就一层纸，压得不成样子。", "联系客服没人理。", "退款到现在还没到。", "客服态度倒是好，可是解决不了问题。", "收到的时候箱子都破了。", "退货还要我自己出运费。",
            "快递直接扔门口淋雨。", "还少发了一件。"),
        closing=(
            "大家别买了。", "不会再来了。", "申请退货了。", "太让人失望了。", "很生气。", "要求退款！", "不推荐。", "这也能发货？", "避雷。", "一星都嫌多。", "吃一堑长一智吧。", "心累。"),
    ),
}  # fmt: skip

NPS: dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]] = {
    ("en", "high"): (
        ("Love this shop.", "Always reliable.", "Great choice and fair prices.", "Friendly people, fast shipping.", "Never had a problem.", "My friends order here too now.", "Beautiful things, good service.", "Easy from start to finish."),
        ("Keep it up!", "I tell everyone.", "Thanks.", "Please never change.", "More colours, please!", "A pleasure every time.", "Would miss you.", "Nothing to improve, really."),
    ),
    ("en", "middle"): (
        ("Good, but shipping could be quicker.", "Nice products, a bit pricey.", "Happy overall.", "Mostly good.", "The app is slow sometimes.", "Fine so far.", "I like it, just not every time.", "Decent range."),
        ("Room for improvement.", "Free shipping would help.", "Will order again I think.", "Let's see.", "More in stock, please.", "Almost there.", "No complaints otherwise.", "Fewer e-mails would be nice."),
    ),
    ("en", "low"): (
        ("Late again.", "Too many e-mails.", "Poor quality for the price.", "Support didn't help me.", "Still no refund.", "Two of three orders were wrong.", "The checkout kept failing.", "Everything I want is out of stock."),
        ("Not coming back.", "Very frustrating.", "Please fix this.", "I expected more.", "Can't recommend.", "Used to be better.", "Disappointing.", "I shop elsewhere now."),
    ),
    ("zh", "high"): (
        ("一直在这家买。", "东西好看又实用。", "价格公道。", "发货快，客服好。", "从没踩过雷。", "身边朋友都被我安利了。", "品质很稳定。", "购物体验很顺畅。"),
        ("继续加油！", "会一直支持。", "希望多出新款。", "很放心。", "谢谢你们。", "没什么可挑的。", "必须满分。", "越来越好。"),
    ),
    ("zh", "middle"): (
        ("整体还行。", "东西不错，就是有点贵。", "物流可以再快点。", "大部分时候满意。", "App有时候卡。", "目前还好。", "种类再多一些就好了。", "有好有坏。"),
        ("还有进步空间。", "希望多点优惠。", "应该会再买。", "包邮门槛低一点吧。", "先观望。", "差一点点。", "其他没什么。", "短信少发点。"),
    ),
    ("zh", "low"): (
        ("又延迟发货。", "短信太多了。", "质量配不上价格。", "客服不解决问题。", "退款一直没到。", "三次有两次发错。", "付款老是失败。", "想要的总是缺货。"),
        ("不会再买了。", "很失望。", "希望改进。", "没法推荐给别人。", "越来越差。", "体验很糟。", "换别家了。", "太折腾人。"),
    ),
}  # fmt: skip
"""First and second halves of an answer to "how likely are you to recommend us", by how high the score was."""
