# ruff: noqa: E501 - the phrasings read better in rows
"""How customers ask support for something: per intent the phrasings in English and in Chinese.

Blanks: {order_id}, {product}, {coupon}, {city} and {amount} (with its currency). An intent has the same blanks in both languages.
"""

from __future__ import annotations

ASKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "where_is_order": (
        (
            "Where is my order {order_id}?", "I ordered {product} over a week ago and it still hasn't come.", "Can you tell me when {order_id} will arrive?", "The tracking of {order_id} hasn't moved for four days.",
            "Has order {order_id} been shipped to {city} yet?", "My parcel was supposed to be in {city} on Monday.", "How long does delivery to {city} take? I'm waiting for {order_id}.", "Still no sign of my parcel.",
            "It says delivered but there's nothing here, order {order_id}.", "When can I expect the {product}?", "Any news on {order_id}, the one with the {product}?", "The courier says they can't find my parcel, number {order_id}."),
        (
            "我的订单{order_id}到哪了？", "{product}都买了一个多星期了还没到。", "帮我查一下{order_id}什么时候能到。", "订单{order_id}的物流四天没更新了。", "{order_id}发到{city}了吗？", "不是说周一到{city}吗，怎么还没收到？",
            "发{city}一般要几天？我的单号{order_id}。", "快递怎么还没到啊？", "显示已签收，但是我没收到，订单{order_id}。", "我买的{product}什么时候发货？", "{order_id}有消息了吗，里面是{product}。", "快递说查不到我的件，订单号{order_id}。"),
    ),
    "return_item": (
        (
            "I'd like to return the {product}.", "How do I send back something from order {order_id}?", "I changed my mind about the {product}, can I return it?", "Please send me a return label for {order_id}.",
            "Can I give the {product} back without the original box?", "How many days do I have to return order {order_id}?", "The {product} doesn't fit our kitchen, I want to send it back.", "I want to return everything in {order_id}.",
            "Is returning things free?", "Who pays for the postage if I return the {product} from {order_id}?", "I need to start a return, please."),
        (
            "{product}我想退货。", "订单{order_id}里的东西怎么退？", "{product}不想要了，可以退吗？", "{order_id}申请退货，麻烦给个退货地址。", "{product}没有原包装还能退吗？", "{order_id}几天内可以退？", "{product}放家里不合适，想退掉。",
            "{order_id}整单都要退。", "你们这退货收费吗？", "退{product}的运费谁出？订单{order_id}。", "怎么办理退货啊？"),
    ),
    "refund_status": (
        (
            "When will I get my {amount} back for {order_id}?", "I returned the parcel two weeks ago, where's my refund?", "The refund for order {order_id} hasn't reached my account.", "You said 5 days for the refund. It's been 12.",
            "I only got part of my money, it should be {amount}.", "Has {amount} been refunded yet?", "What's the status of my refund, order {order_id}?", "My bank says nothing came from you, order {order_id}.",
            "Is the refund going to my card or to my balance?", "Still missing {amount}.", "Can you check whether the money for {order_id} was sent?"),
        (
            "{order_id}的{amount}什么时候退给我？", "货退回去两个星期了，钱呢？", "订单{order_id}的退款还没到账。", "说好五天退款，这都十二天了。", "只退了一部分，应该是{amount}。", "{amount}退了吗？", "帮我看看{order_id}退款到哪一步了。",
            "银行说没收到你们的退款，单号{order_id}。", "退款是退到卡里还是余额？", "还差我{amount}没退。", "{order_id}的钱到底打了没有？"),
    ),
    "cancel_order": (
        (
            "Please cancel order {order_id}.", "I ordered the {product} by mistake, can you cancel it?", "Is it too late to cancel {order_id}?", "I want to cancel the order I just placed.", "Cancel the {product} in {order_id} but keep the rest.",
            "I found it cheaper, please stop {order_id}.", "I clicked twice, one of the two orders has to go, {order_id}.", "Don't ship the {product}, I don't need it any more.", "How can I cancel?", "I don't want {order_id} any longer.",
            "Can you stop order {order_id} before it leaves?"),
        (
            "帮我取消订单{order_id}。", "{product}拍错了，能取消吗？", "{order_id}现在取消还来得及吗？", "刚下的单想取消。", "{order_id}里的{product}取消，其他的留着。", "别家更便宜，{order_id}不要了。", "手滑点了两次，{order_id}这单取消掉。",
            "{product}先别发货，不需要了。", "在哪里可以取消啊？", "{order_id}我不想要了。", "能在发货前把{order_id}拦下来吗？"),
    ),
    "change_address": (
        (
            "I moved, please send {order_id} to {city} instead.", "I typed the wrong house number for order {order_id}.", "Can the delivery address of {order_id} be changed?", "Please deliver to my office in {city}.", "My address is in {city} now, can you update it?",
            "Wrong address on {order_id}, help!", "I forgot to change the address before paying.", "Could you send {order_id} to a pick-up point?", "The postcode for {city} is wrong on my order.", "How do I change where my parcel goes?",
            "Is it still possible to redirect {order_id} to {city}?"),
        (
            "我搬家了，{order_id}改寄到{city}。", "订单{order_id}门牌号写错了。", "{order_id}的收货地址能改吗？", "麻烦送到我{city}的公司。", "我现在住{city}，帮我改一下地址。", "{order_id}地址填错了怎么办！", "付款前忘记换地址了。",
            "{order_id}能放到自提点吗？", "我订单里{city}的邮编写错了。", "收货地址在哪里改？", "{order_id}还能转寄到{city}吗？"),
    ),
    "damaged_item": (
        (
            "The {product} arrived broken.", "Order {order_id} came with a crack in it.", "My {product} has a big scratch on one side.", "Half of what was in {order_id} is smashed.", "I opened the box and the {product} was in pieces.",
            "The parcel was soaked and the {product} is ruined.", "The lid was chipped when it arrived, order {order_id}.", "The {product} stopped working after two days, {order_id}.", "It leaks. I have photos.", "What do I do with a damaged {product}?",
            "Everything in {order_id} is dented, the box too."),
        (
            "{product}收到就是坏的。", "订单{order_id}收到有裂痕。", "{product}侧面有一道很大的划痕。", "{order_id}里一半都碎了。", "打开箱子{product}已经成渣了。", "包裹全湿了，{product}没法用了。", "盖子磕掉一块，单号{order_id}。",
            "{product}用两天就坏了，订单{order_id}。", "漏水，我拍了照片。", "{product}破损了怎么处理？", "{order_id}全都压变形了，箱子也是。"),
    ),
    "wrong_item": (
        (
            "I got the wrong item in order {order_id}.", "I ordered {product} but something else was in the box.", "This isn't the {product} I ordered.", "{order_id}: wrong colour.", "You sent me somebody else's parcel.", "The size is wrong, I ordered {product}.",
            "Wrong thing again in {order_id}, second time!", "I received two different lids instead of the {product}.", "My order {order_id} was mixed up with another one.", "Can you swap it for the {product} I paid for?", "What I got is not what's on the invoice of {order_id}."),
        (
            "订单{order_id}发错货了。", "我买的是{product}，收到的是别的。", "这不是我买的{product}。", "{order_id}颜色发错了。", "你们把别人的包裹寄给我了。", "尺寸不对，我拍的是{product}。", "{order_id}又发错，第二次了！", "收到两个不一样的盖子，没有{product}。",
            "我的{order_id}跟别人的弄混了。", "能给我换成我付钱买的{product}吗？", "收到的东西跟{order_id}的清单对不上。"),
    ),
    "missing_item": (
        (
            "The {product} is missing from order {order_id}.", "Only one of three things was in the parcel.", "I paid for two {product} and got one.", "Something is missing in {order_id}.", "Where's the rest of order {order_id}?", "The box was empty.",
            "The free sample you promised with {order_id} isn't there.", "There's no {product} in the box.", "Is {order_id} coming in two parcels? The {product} isn't in the first.", "The screws for the {product} weren't included.", "Incomplete delivery, {order_id}."),
        (
            "{order_id}里少了{product}。", "三样东西只收到一样。", "{product}付了两件的钱只来了一件。", "{order_id}少发了东西。", "{order_id}剩下的在哪？", "箱子是空的。", "{order_id}说好的赠品没有。", "箱子里没有{product}啊。",
            "{order_id}是分两个包裹吗？第一个里没有{product}。", "{product}的螺丝没给。", "{order_id}没发全。"),
    ),
    "product_question": (
        (
            "How big is the {product}?", "Is the {product} dishwasher safe?", "What is the {product} made of?", "Does the {product} come in other colours?", "Is the {product} suitable for sensitive skin?", "How long does one {product} usually last?",
            "Where is the {product} made?", "Can you tell me more about the {product}?", "Is there a warranty on the {product}?", "Does the {product} smell strongly?", "Which one is better as a gift, this or a set?", "Are the {product} photos true to colour?"),
        (
            "{product}有多大？", "{product}可以放洗碗机吗？", "{product}是什么材质？", "{product}还有别的颜色吗？", "敏感肌能用{product}吗？", "{product}一般能用多久？", "{product}产地是哪里？", "{product}能详细介绍一下吗？", "{product}有保修吗？",
            "{product}味道大不大？", "送人的话单件好还是套装好？", "{product}图片有色差吗？"),
    ),
    "coupon_problem": (
        (
            "My code {coupon} doesn't work.", "Coupon {coupon} says expired but it's from yesterday.", "I should get {amount} off with {coupon}.", "The discount wasn't taken off my order.", "Why can't I use {coupon} twice?", "I forgot to enter {coupon}, can you still apply it?",
            "Where do I type in the voucher?", "{coupon} is not valid for this basket, it says.", "You took {amount} too much, the code was ignored.", "Can I combine {coupon} with the sale?", "I never got my welcome coupon."),
        (
            "优惠券{coupon}用不了。", "{coupon}显示过期，可是昨天才领的。", "用{coupon}应该减{amount}的。", "下单没有减优惠。", "{coupon}为什么不能用两次？", "忘了用{coupon}，还能补吗？", "优惠码在哪里输？", "提示{coupon}不适用于当前商品。",
            "多扣了我{amount}，券没生效。", "{coupon}能跟活动叠加吗？", "新人券一直没收到。"),
    ),
    "invoice_request": (
        (
            "Please send me the invoice for {order_id}.", "I need a receipt over {amount} for my tax office.", "Can you put my company name on the invoice of {order_id}?", "The invoice for order {order_id} is missing in the parcel.", "Where can I download my bill?",
            "The invoice says {amount}, but I paid less.", "I need an invoice with VAT shown, order {order_id}.", "Could you mail the invoice again?", "The name on the invoice for {order_id} is wrong.", "Do you issue invoices for store purchases?",
            "I'm doing my accounts and {order_id} has no invoice."),
        (
            "麻烦开一下{order_id}的发票。", "报销要一张{amount}的发票。", "{order_id}的发票抬头能写公司吗？", "订单{order_id}的包裹里没有发票。", "电子发票在哪下载？", "发票金额写的{amount}，我实付没这么多。", "{order_id}要开专票。", "发票能再发一遍吗？",
            "{order_id}发票名字开错了。", "门店买的能开发票吗？", "对账发现{order_id}没开票。"),
    ),
    "payment_problem": (
        (
            "I was charged {amount} twice.", "My card was declined but the money is gone, order {order_id}.", "The payment page keeps crashing.", "I paid {amount} and the order still says unpaid.", "Can I pay {order_id} by bank transfer?", "Why can't I pay with my card?",
            "There's a charge of {amount} I don't recognise.", "Paid for {order_id} but got no confirmation.", "The payment is stuck on pending since this morning.", "It asks for the code from my bank again and again.", "Double payment for {order_id}!"),
        (
            "{amount}扣了我两次。", "显示支付失败，但是钱扣了，订单{order_id}。", "付款页面老是闪退。", "付了{amount}还显示未付款。", "{order_id}可以银行转账吗？", "为什么我的卡付不了？", "有一笔{amount}不知道是什么。", "{order_id}付完款没有确认短信。",
            "从早上到现在一直显示支付中。", "验证码输了好几遍还让输。", "{order_id}重复付款了！"),
    ),
    "account_login": (
        (
            "I can't log in.", "The password reset mail never arrives.", "My account is locked.", "How do I change my e-mail address?", "I have two accounts, can you merge them?", "Forgot my password, what now?", "The login code doesn't come.",
            "It says my e-mail isn't known, but I've ordered before.", "Please delete my account and my data.", "The app logs me out every time.", "I have a new phone number and can't get in."),
        (
            "登录不上去。", "重置密码的邮件一直收不到。", "我的账号被锁了。", "邮箱怎么换？", "我有两个账号，能合并吗？", "密码忘了怎么办？", "收不到验证码。", "提示邮箱不存在，可我以前买过啊。", "麻烦注销账号，删掉我的信息。", "App每次都自动退出登录。",
            "换手机号了，进不去。"),
    ),
    "stock_question": (
        (
            "When will the {product} be back in stock?", "Is the {product} available in your {city} store?", "Do you still have the {product}?", "The {product} is sold out, will there be more?", "Can you put one {product} aside for me in {city}?", "How many {product} do you have left?",
            "Please tell me when the {product} is available again.", "Can I pre-order the {product}?", "It was in my basket and now it's gone.", "Any chance of getting the {product} before Friday?"),
        (
            "{product}什么时候补货？", "{city}门店有{product}吗？", "{product}还有吗？", "{product}卖完了，还会再上吗？", "{city}店能帮我留一个{product}吗？", "{product}还剩多少？", "{product}有货了通知我一下。", "{product}可以预订吗？", "放购物车里怎么没货了？",
            "周五之前能有{product}吗？"),
    ),
    "delivery_cost": (
        (
            "How much is shipping to {city}?", "Do you deliver to {city}?", "Is delivery free above {amount}?", "Why is shipping so expensive?", "Do you have express delivery to {city}?", "My basket is {amount}, do I still pay shipping?", "Can I collect in {city} to save the shipping?",
            "Do you ship abroad?", "Which courier do you use for {city}?", "The shipping fee shows {amount}, is that right?", "Can I choose the delivery day?"),
        (
            "寄{city}运费多少？", "{city}能送吗？", "满{amount}包邮吗？", "运费怎么这么贵？", "到{city}有加急吗？", "我买了{amount}，还要付运费吗？", "能在{city}自提省运费吗？", "能寄国外吗？", "发{city}用什么快递？", "运费显示{amount}，没算错吧？", "送货日期能自己选吗？"),
    ),
    "complaint": (
        (
            "I want to complain about order {order_id}.", "This is the third time something goes wrong.", "Your service has become terrible.", "The {product} is nothing like you advertise.", "I've written four times about {order_id} and nobody answers.", "I expected better from you.",
            "Your courier was rude to me.", "You keep sending me messages I never asked for.", "{product} is a complete rip-off.", "How can you sell the {product} like that?", "I'll leave a bad review if {order_id} isn't sorted out."),
        (
            "我要投诉，订单{order_id}。", "已经是第三次出问题了。", "你们的服务越来越差。", "{product}跟宣传的完全不一样。", "{order_id}的事我说了四遍都没人管。", "对你们太失望了。", "你们快递员态度恶劣。", "老给我发广告短信，烦死了。", "{product}简直是骗钱。",
            "{product}这种东西你们也好意思卖？", "{order_id}再不处理我就去平台投诉。"),
    ),
    "talk_to_human": (
        (
            "Can I talk to a real person?", "I want to speak to somebody.", "Agent please.", "Is there a phone number?", "Please connect me with your team.", "I don't want to chat with a bot.", "Get me a colleague who can decide something.", "Could somebody call me back?",
            "Are you a robot? I need a human.", "Your answers don't help, put me through to someone.", "Customer service, please."),
        (
            "转人工。", "我要找真人客服。", "有人在吗？", "有客服电话吗？", "帮我接人工客服。", "不想跟机器人聊。", "找个能做主的人来。", "能给我回个电话吗？", "你是机器人吧？我要人工。", "你答非所问，换个人来。", "人工客服呢？"),
    ),
    "thanks": (
        (
            "Thank you, that's all.", "Great, thanks for your help!", "Everything arrived, thanks.", "Just wanted to say the service was lovely.", "Thanks, problem solved.", "Perfect, have a nice day.", "You've been very helpful.", "Cheers!", "No more questions, thank you.",
            "All good now, thanks a lot.", "Wonderful, that was quick."),
        (
            "谢谢，没别的事了。", "太好了，多谢帮忙！", "东西收到了，谢谢。", "就是想夸一下你们服务好。", "搞定了，谢谢。", "好的，祝你今天愉快。", "辛苦了。", "感谢！", "没有问题了，谢谢你。", "现在都好了，非常感谢。", "真快，点赞。"),
    ),
}  # fmt: skip
