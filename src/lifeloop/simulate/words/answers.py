# ruff: noqa: E501 - the phrasings read better in rows
"""How the shop's support answers, and how a conversation begins and ends; blanks as in `asks`, {topic} is filled from `TOPICS`."""

from __future__ import annotations

SETTLED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "where_is_order": (
        ("Order {order_id} left our warehouse yesterday and should be in {city} within two working days.", "The courier has {order_id} in the van, so it should reach you today.", "I found {order_id}: it was held up at the depot and is moving again."),
        ("订单{order_id}昨天已经出库，预计两个工作日内到{city}。", "{order_id}正在派送，今天应该就能收到。", "查到了，{order_id}之前卡在中转站，现在已经继续发往您那边。")),
    "return_item": (
        ("I've sent you a return label for {order_id}; it's free within 30 days.", "No problem, the {product} may come back. The label is in your inbox.", "Your return is registered. Just hand the parcel in at any drop-off point."),
        ("{order_id}的退货单已经发到您邮箱，30天内免运费。", "没问题，{product}可以退，退货地址已发给您。", "已经帮您登记退货，把包裹交到附近网点就行。")),
    "refund_status": (
        ("Your refund of {amount} was sent today and takes up to three bank days.", "I've checked {order_id}: the money went out on Monday, to the card you paid with.", "The refund had stalled. I've released the {amount} just now."),
        ("{amount}今天已经退出，三个工作日内到账。", "查了一下{order_id}，周一已经原路退回您付款的卡。", "之前退款卡住了，{amount}刚刚已经处理。")),
    "cancel_order": (
        ("Order {order_id} is cancelled and nothing will be charged.", "Done, I stopped {order_id} before it was packed.", "The {product} is taken off your order; the money goes back to you."),
        ("订单{order_id}已取消，不会扣款。", "好了，{order_id}在打包前拦下来了。", "{product}已经从订单里去掉，款项会退给您。")),
    "change_address": (
        ("I've changed the address of {order_id} for you.", "All set, the parcel will go to {city}.", "The new address is saved, and {order_id} will use it."),
        ("{order_id}的地址已经帮您改好了。", "好的，包裹会送到{city}。", "新地址已保存，{order_id}会按新地址派送。")),
    "damaged_item": (
        ("I'm sorry about that! A new {product} goes out to you today, and you can keep the old one.", "Sorry for the trouble with {order_id}. I've sent your money back.", "That shouldn't happen. A replacement is on its way and costs you nothing."),
        ("非常抱歉！今天就给您补发新的{product}，坏的不用寄回。", "{order_id}给您添麻烦了，已经为您退款。", "实在不应该，已免费安排补发。")),
    "wrong_item": (
        ("Our mistake! The right {product} is being packed now.", "I've arranged the swap for {order_id}; the courier collects the other one.", "Please keep what you got, the correct one ships today."),
        ("是我们的失误！正确的{product}已经在打包。", "{order_id}已安排换货，快递会上门取回发错的。", "发错的您留着就好，对的今天寄出。")),
    "missing_item": (
        ("The {product} travels in a second parcel and comes tomorrow.", "I've checked the packing list of {order_id} and am sending what was missing.", "You're right, it was left out. It ships today, free of charge."),
        ("{product}在第二个包裹里，明天就到。", "核对了{order_id}的装箱单，缺的马上给您补发。", "确实漏发了，今天免费补寄。")),
    "product_question": (
        ("You'll find the measurements and the material of the {product} on its page; I've sent you the link.", "Yes, the {product} is fine for that.", "Good question: the {product} comes with a care card and two years of warranty."),
        ("{product}的尺寸和材质详情页都有，链接发您了。", "可以的，{product}没问题。", "{product}附有保养卡，保修两年哦。")),
    "coupon_problem": (
        ("I've renewed {coupon}; please try once more.", "The code only works without sale items, so I took {amount} off by hand.", "{coupon} is active again until Sunday."),
        ("{coupon}已重新激活，您再试一下。", "这个码不能和特价同用，我已经手动给您减了{amount}。", "{coupon}恢复了，周日前有效。")),
    "invoice_request": (
        ("The invoice for {order_id} is in your inbox.", "I've issued it again with your company name.", "Here is the corrected invoice over {amount}."),
        ("{order_id}的发票已经发到您邮箱。", "已按公司抬头重新开具。", "这是更正后的{amount}发票。")),
    "payment_problem": (
        ("The second charge of {amount} was only reserved and disappears within three days.", "I see the payment for {order_id} now; the order is confirmed.", "Your bank had blocked it. It should go through now."),
        ("第二笔{amount}只是预授权，三天内会自动释放。", "{order_id}的付款已经查到，订单已确认。", "之前是银行拦截，现在可以正常支付了。")),
    "account_login": (
        ("I've unlocked your account; please set a new password with the link I sent.", "The mail was in our queue, it's on its way now.", "Your e-mail address is changed, you can log in with the new one."),
        ("账号已解锁，请点我发的链接重设密码。", "邮件刚才堵在队列里，现在已经发出。", "邮箱已经改好，用新邮箱登录就行。")),
    "stock_question": (
        ("The {product} will be back next week, and I've put you on the list.", "Yes, we still have the {product}.", "There are four left. I've set one {product} aside for you."),
        ("{product}下周到货，已经帮您登记到货提醒。", "有的，{product}还有现货。", "还剩四个，帮您留了一个{product}。")),
    "delivery_cost": (
        ("We do deliver to {city}, usually in two to four days.", "Above {amount} shipping is on us.", "Collecting in the store is always free."),
        ("{city}可以送，一般两到四天。", "满{amount}包邮。", "到店自提一直是免费的。")),
    "complaint": (
        ("I'm truly sorry. I've looked into {order_id} and put it right, with a voucher for the trouble.", "You're right to be cross. The {product} is refunded in full.", "Thank you for telling us; I've fixed it and told the team."),
        ("真的非常抱歉，{order_id}已经核实处理，并补偿您一张优惠券。", "您生气是应该的，{product}已全额退款。", "谢谢您的反馈，问题已经处理，也转告了团队。")),
    "talk_to_human": (
        ("I'm a person, this is the service team. What can I do for you?", "You're talking to a colleague now, go ahead.", "Of course, I'm here and have read everything above."),
        ("您好，我是人工客服，有什么可以帮您？", "现在就是真人在线，您请讲。", "好的，我在，上面的内容我都看过了。")),
    "thanks": (
        ("You're welcome!", "Glad to help, have a lovely day!", "Any time."),
        ("不客气！", "很高兴帮到您，祝您生活愉快！", "应该的，随时找我们。")),
}  # fmt: skip

TOPICS: dict[str, tuple[str, str]] = {
    "where_is_order": ("your delivery", "物流"), "return_item": ("your return", "退货"), "refund_status": ("your refund", "退款"),
    "cancel_order": ("the cancellation", "取消订单"), "change_address": ("the address change", "修改地址"), "damaged_item": ("the damage", "商品破损"),
    "wrong_item": ("the mix-up", "发错货"), "missing_item": ("the missing part", "漏发"), "product_question": ("your question about the product", "商品咨询"),
    "coupon_problem": ("the coupon", "优惠券"), "invoice_request": ("the invoice", "发票"), "payment_problem": ("the payment", "付款"),
    "account_login": ("your account", "账号"), "stock_question": ("the stock", "库存"), "delivery_cost": ("shipping", "运费"),
    "complaint": ("your complaint", "投诉"), "talk_to_human": ("your request", "您的问题"), "thanks": ("your message", "您的留言"),
}  # fmt: skip
"""What the matter is called in an answer, (en, zh)."""

UNSETTLED: dict[tuple[str, str], tuple[str, ...]] = {
    ("en", "handed_over"): (
        "I'm passing this on to a colleague who looks after {topic}.", "Let me bring in somebody from the team for {topic}.", "A colleague will take over now, {topic} needs a closer look.",
        "I've forwarded {topic} to our team; you'll hear from a person within a day.", "One moment, I'm connecting you with somebody who can decide about {topic}."),
    ("en", "unresolved"): (
        "I'm afraid I can't do anything about {topic} at the moment.", "I don't have any news about {topic}, please try again later.", "Our system shows nothing on {topic}, sorry.",
        "I didn't quite get that. Is it about {topic}?", "Please see the help page about {topic}."),
    ("zh", "handed_over"): (
        "{topic}这边我帮您转给专门的同事。", "请稍等，{topic}由人工客服继续为您处理。", "关于{topic}需要同事进一步核实，马上为您转接。", "{topic}已提交给负责的团队，一天内会有专人联系您。", "这就为您转接能处理{topic}的同事。"),
    ("zh", "unresolved"): (
        "抱歉，{topic}目前没有办法处理。", "{topic}暂时没有新的消息，请您稍后再来问。", "系统里查不到{topic}相关的记录，不好意思。", "没太明白您的意思，是关于{topic}吗？", "{topic}相关请您查看帮助页面。"),
}  # fmt: skip

GREETINGS: dict[str, tuple[str, ...]] = {
    "en": (
        "",
        "",
        "",
        "Good morning! ",
        "Hello, thanks for writing. ",
        "Thanks for your patience. ",
        "Thanks for the details. ",
    ),
    "zh": ("", "", "您好，", "早上好，", "您好，感谢您的联系。", "久等了，", "感谢反馈，"),
}
"""What support says before an answer."""

OFFERS: dict[str, tuple[str, ...]] = {
    "en": ("", "", "", " Anything else?", " Is there anything else I can do?", " Thanks for shopping with us."),
    "zh": ("", "", "", "还有其他需要吗？", "请问还有什么可以帮您？", "感谢您的支持。"),
}
"""What support adds to an answer that settles the matter."""

OPENERS: dict[tuple[str, str], tuple[str, ...]] = {
    ("en", "calm"): ("Hi. ", "Hello! ", "Hi there! ", "Good day. ", "Hey! ", "hello, ", "Dear team, ", "Good evening. ", "Hi, hope you're well. ", "hi ", "Hello, one thing: "),
    ("en", "upset"): ("This is ridiculous. ", "Seriously? ", "I'm really annoyed. ", "Hello?? Anyone there? ", "For the third time: ", "Unbelievable. ", "I've had enough. ", "Not happy at all. ", "What is going on? ", "Come on. ", "What a joke. "),
    ("zh", "calm"): ("您好，", "你好，", "你好！", "在吗？", "亲，", "请问一下，", "麻烦问一下，", "晚上好，", "客服你好，", "打扰了，", "hello，"),
    ("zh", "upset"): ("真是服了，", "搞什么啊，", "太过分了！", "有没有人啊？", "说了三遍了，", "气死我了，", "到底怎么回事？", "我受够了，", "能不能靠谱点？", "简直离谱，", "呵呵，"),
}  # fmt: skip
"""What a customer says before asking, by mood; each ends where the question may follow."""

CLOSERS: dict[tuple[str, str], tuple[str, ...]] = {
    ("en", "resolved"): ("Thanks a lot!", "Great, thank you.", "Perfect, that helps.", "Ok thanks", "Nice to wake up to.", "Lovely, have a nice day!", "Cheers", "Thank you so much 🙂", "Alright then, thanks.", "Good to know, bye!", "ty!"),
    ("en", "handed_over"): ("Ok, I'll wait.", "Fine, but please hurry.", "Thanks, hope it's quick.", "How long will that take?", "Alright.", "Finally, a person.", "Ok thank you", "I'd rather have had an answer now, but fine.", "Please do.", "Hope they've read all this."),
    ("en", "unresolved"): ("That doesn't help at all.", "You haven't answered my question.", "Forget it.", "Terrible service.", "So what am I supposed to do now?", "I'll buy somewhere else then.", "Useless", "Great, and for this I waited all night.", "I'm not done with this.", "Wow. Just wow.", "never mind"),
    ("zh", "resolved"): ("谢谢！", "好的，谢谢啦。", "太好了，解决了。", "嗯嗯，明白了", "一早就有答复，点赞！", "辛苦了，再见。", "ok谢谢", "非常感谢🙂", "行，那就这样，谢谢。", "知道了，拜拜。", "爱你们"),
    ("zh", "handed_over"): ("好，我等着。", "行吧，麻烦快点。", "谢谢，希望快一些。", "要等多久？", "嗯", "终于有人管了。", "好的谢谢", "现在能答复就更好了，算了，等吧。", "麻烦了。", "希望别再让我重复一遍。"),
    ("zh", "unresolved"): ("说了等于没说。", "你根本没回答我的问题。", "算了。", "服务真差。", "那我现在怎么办？", "以后去别家买了。", "没用", "白等了一晚上。", "这事没完。", "无语了。", "呵呵"),
}  # fmt: skip
"""What a customer says last, by how the conversation went."""
