# ruff: noqa: E501 - the tables read better in rows
"""The shelves of the simulated shop, row by row: what stands there and in which finishes it comes."""

from __future__ import annotations

from typing import TypeAlias

_Finishes: TypeAlias = tuple[tuple[str, str], ...]

_MATERIALS: _Finishes = (
    ("oak", "橡木"), ("walnut", "胡桃木"), ("bamboo", "竹制"), ("stoneware", "粗陶"), ("porcelain", "白瓷"), ("glass", "玻璃"),
    ("brass", "黄铜"), ("copper", "紫铜"), ("steel", "不锈钢"), ("enamel", "搪瓷"), ("marble", "大理石"), ("terracotta", "红陶"),
)  # fmt: skip
_COLOURS: _Finishes = (
    ("indigo", "靛蓝"), ("slate grey", "石板灰"), ("snow white", "雪白"), ("sage green", "灰绿"), ("mustard", "芥末黄"), ("blush pink", "藕粉"),
    ("jade green", "翡翠绿"), ("charcoal", "炭黑"), ("sand", "沙色"), ("sky blue", "天蓝"), ("cherry red", "樱桃红"), ("cream", "奶油白"),
)  # fmt: skip
_PATTERNS: _Finishes = (
    ("lilac", "丁香紫"), ("navy", "藏青"), ("olive", "橄榄绿"), ("rust", "铁锈红"), ("butter yellow", "鹅黄"), ("peach", "蜜桃粉"),
    ("dove grey", "鸽灰"), ("chestnut brown", "栗棕"), ("pale mint", "薄荷绿"), ("striped", "条纹"), ("checked", "格纹"), ("floral", "碎花"),
)  # fmt: skip
_SCENTS: _Finishes = (
    ("jasmine", "茉莉"), ("osmanthus", "桂花"), ("rose", "玫瑰"), ("lavender", "薰衣草"), ("cedar", "雪松"), ("sandalwood", "檀香"),
    ("mint", "薄荷"), ("fig", "无花果"), ("amber", "琥珀"), ("white tea", "白茶"), ("sea salt", "海盐"), ("neroli", "橙花"),
    ("yuzu", "柚子"), ("green bamboo", "青竹"), ("gardenia", "栀子花"), ("sage", "鼠尾草"), ("bergamot", "佛手柑"), ("oakmoss", "橡苔"),
    ("vanilla", "香草"), ("ginger lily", "姜花"), ("vetiver", "岩兰草"), ("magnolia", "木兰"), ("cherry blossom", "樱花"), ("coconut", "椰子"),
)  # fmt: skip
_TASTES: _Finishes = (
    ("jasmine", "茉莉"), ("osmanthus", "桂花"), ("rose", "玫瑰"), ("mint", "薄荷"), ("yuzu", "柚子"), ("bergamot", "佛手柑"),
    ("vanilla", "香草"), ("honey", "蜂蜜"), ("ginger", "生姜"), ("cinnamon", "肉桂"), ("caramel", "焦糖"), ("hazelnut", "榛果"),
    ("coconut", "椰子"), ("cocoa", "可可"), ("white peach", "白桃"), ("lychee", "荔枝"), ("plum", "梅子"), ("chestnut", "栗香"),
    ("orange peel", "陈皮"), ("smoked", "烟熏"), ("single estate", "单一庄园"), ("organic", "有机"), ("high mountain", "高山"),
    ("small batch", "小批量"),
)  # fmt: skip
_PACKS: _Finishes = tuple(
    (f"{en} {size_en}", zh + size_zh)
    for en, zh in (
        ("classic", "经典"),
        ("natural", "天然"),
        ("premium", "优选"),
        ("eco", "环保"),
        ("everyday", "日常"),
        ("gentle", "温和"),
    )
    for size_en, size_zh in (
        ("small pack", "小包装"),
        ("family pack", "家庭装"),
        ("value pack", "超值装"),
        ("refill", "补充装"),
    )
)
_MEALS: _Finishes = tuple(
    (en + side_en, f"{zh}{side_zh}味")
    for en, zh in (
        ("chicken", "鸡肉"),
        ("beef", "牛肉"),
        ("salmon", "三文鱼"),
        ("duck", "鸭肉"),
        ("lamb", "羊肉"),
        ("tuna", "金枪鱼"),
    )
    for side_en, side_zh in (("", ""), (" & pumpkin", "南瓜"), (" & oats", "燕麦"), (" & carrot", "胡萝卜"))
)
SUITS = {
    "ware": _MATERIALS + _COLOURS,
    "colour": _COLOURS + _PATTERNS,
    "scent": _SCENTS,
    "taste": _TASTES,
    "pack": _PACKS,
    "meal": _MEALS,
}
"""Which 24 finishes, each (en, zh), suit the things of a shelf."""

_Row: TypeAlias = tuple[str, str, float, int | None]
_Shelf: TypeAlias = tuple[str, str, str, tuple[_Row, ...]]

DEPARTMENTS: tuple[tuple[str, str, tuple[_Shelf, ...]], ...] = (
    ("Tea & coffee", "茶与咖啡", (
        ("Tea", "茶叶", "taste", (
            ("Green tea", "绿茶", 12.5, 45), ("Black tea", "红茶", 11.0, 45), ("Oolong tea", "乌龙茶", 15.0, 50),
            ("Pu-erh tea", "普洱茶", 19.0, 75), ("Rooibos tea", "路易波士茶", 9.5, 40), ("Chai blend", "印度香料茶", 9.0, 40))),
        ("Coffee", "咖啡", "taste", (
            ("Coffee beans", "咖啡豆", 13.9, 28), ("Ground coffee", "咖啡粉", 9.9, 25), ("Coffee pods", "咖啡胶囊", 7.9, 21),
            ("Decaf coffee", "低因咖啡", 11.9, 32), ("Cold brew bags", "冷萃咖啡包", 10.5, 25))),
        ("Tea ware", "茶具", "ware", (
            ("Teapot", "茶壶", 34.0, None), ("Tea tin", "茶叶罐", 14.0, None), ("Tea cup", "茶杯", 9.5, None),
            ("Tea tray", "茶盘", 28.0, None), ("Tea strainer", "茶滤", 8.5, None), ("Lidded bowl", "盖碗", 22.0, None))),
        ("Coffee ware", "咖啡器具", "ware", (
            ("Coffee press", "法压壶", 32.0, None), ("Coffee dripper", "手冲滤杯", 18.0, None), ("Coffee grinder", "磨豆机", 45.0, None),
            ("Mug", "马克杯", 12.0, None), ("Espresso cup", "浓缩咖啡杯", 8.0, None))),
    )),
    ("Kitchen & table", "厨房餐桌", (
        ("Cookware", "锅具", "colour", (
            ("Wok", "炒锅", 42.0, None), ("Stew pot", "炖锅", 58.0, None), ("Frying pan", "煎锅", 36.0, None),
            ("Baking dish", "烤盘", 24.0, None), ("Steamer", "蒸锅", 33.0, None))),
        ("Tableware", "餐具", "ware", (
            ("Dinner plate", "餐盘", 11.0, None), ("Rice bowl", "饭碗", 7.5, None), ("Serving bowl", "汤碗", 19.0, None),
            ("Salt cellar", "盐罐", 12.0, None), ("Carafe", "水瓶", 21.0, None))),
        ("Storage", "收纳", "ware", (
            ("Storage jar", "储物罐", 13.0, None), ("Bread box", "面包箱", 35.0, None), ("Spice rack", "调料架", 26.0, None),
            ("Fruit bowl", "果盘", 24.0, None), ("Lunch box", "便当盒", 19.0, None))),
        ("Kitchen supplies", "厨房耗材", "pack", (
            ("Dish soap", "洗洁精", 4.5, 35), ("Dishwasher tablets", "洗碗块", 12.9, 40), ("Baking paper", "烘焙纸", 3.9, 60),
            ("Coffee filters", "咖啡滤纸", 4.2, 50), ("Cleaning cloths", "清洁抹布", 6.5, 70), ("Beeswax wraps", "蜂蜡保鲜布", 14.0, 180))),
    )),
    ("Home textiles", "家纺布艺", (
        ("Bedding", "床品", "colour", (
            ("Bed linen", "四件套", 69.0, None), ("Duvet", "被子", 89.0, None), ("Pillow case", "枕套", 14.0, None),
            ("Fitted sheet", "床笠", 29.0, None), ("Bedspread", "床盖", 54.0, None))),
        ("Bath textiles", "浴室织物", "colour", (
            ("Bath towel", "浴巾", 22.0, None), ("Hand towel", "毛巾", 9.0, None), ("Bath mat", "浴室地垫", 19.0, None),
            ("Bathrobe", "浴袍", 49.0, None))),
        ("Living room textiles", "客厅布艺", "colour", (
            ("Cushion", "抱枕", 24.0, None), ("Throw", "盖毯", 39.0, None), ("Curtain", "窗帘", 45.0, None),
            ("Rug", "地毯", 95.0, None), ("Floor cushion", "坐垫", 35.0, None))),
        ("Table linen", "餐桌布艺", "colour", (
            ("Tablecloth", "桌布", 32.0, None), ("Table runner", "桌旗", 18.0, None), ("Napkin set", "餐巾套装", 16.0, None),
            ("Apron", "围裙", 22.0, None), ("Tea towel", "茶巾", 8.0, None))),
    )),
    ("Light & scent", "灯饰香氛", (
        ("Candles", "蜡烛", "scent", (
            ("Scented candle", "香薰蜡烛", 18.0, 60), ("Candle in a jar", "玻璃罐蜡烛", 22.0, 75), ("Tealights", "茶蜡", 7.5, 30),
            ("Wax melts", "融蜡香块", 8.5, 30), ("Massage candle", "按摩蜡烛", 24.0, 90))),
        ("Home scent", "家居香氛", "scent", (
            ("Reed diffuser", "藤条香薰", 26.0, 90), ("Room spray", "室内喷雾", 14.0, 50), ("Incense sticks", "线香", 9.0, 40),
            ("Essential oil", "精油", 12.0, 80), ("Wardrobe sachet", "衣柜香包", 7.0, 120))),
        ("Lamps", "灯具", "ware", (
            ("Table lamp", "台灯", 49.0, None), ("Floor lamp", "落地灯", 99.0, None), ("Pendant light", "吊灯", 79.0, None),
            ("Night light", "小夜灯", 19.0, None), ("Reading lamp", "阅读灯", 39.0, None))),
        ("Candle ware", "烛台器皿", "ware", (
            ("Lantern", "提灯", 29.0, None), ("Candle holder", "烛台", 15.0, None), ("Incense burner", "香炉", 21.0, None),
            ("Oil burner", "香薰炉", 17.0, None))),
    )),
    ("Stationery & gifts", "文具礼品", (
        ("Writing", "书写", "colour", (
            ("Notebook", "笔记本", 11.0, 120), ("Fountain pen", "钢笔", 29.0, None), ("Pencil case", "笔袋", 13.0, None),
            ("Desk planner", "桌面计划本", 16.0, 365), ("Sketchbook", "素描本", 14.0, 120))),
        ("Cards & wrapping", "贺卡包装", "colour", (
            ("Greeting card set", "贺卡套装", 9.0, 120), ("Gift wrap", "礼品纸", 5.5, 90), ("Ribbon", "丝带", 4.5, 120),
            ("Gift box", "礼盒", 7.5, None), ("Sticker sheet", "贴纸", 3.5, 60))),
        ("Sweet gifts", "甜点伴手礼", "taste", (
            ("Chocolate bar", "巧克力排块", 4.9, 21), ("Butter biscuits", "黄油饼干", 6.9, 24), ("Nougat", "牛轧糖", 8.5, 30),
            ("Truffle box", "松露巧克力礼盒", 16.9, 45), ("Granola", "烤燕麦片", 7.9, 25))),
        ("Keepsakes", "摆件纪念", "ware", (
            ("Photo frame", "相框", 18.0, None), ("Music box", "八音盒", 32.0, None), ("Trinket box", "首饰盒", 22.0, None),
            ("Bud vase", "小花瓶", 14.0, None), ("Book end", "书立", 19.0, None))),
    )),
    ("Garden & balcony", "园艺阳台", (
        ("Pots & planters", "花盆", "ware", (
            ("Planter", "花盆", 24.0, None), ("Hanging pot", "吊盆", 19.0, None), ("Window box", "窗台花箱", 27.0, None),
            ("Plant stand", "花架", 36.0, None), ("Pot saucer", "花盆托盘", 6.0, None))),
        ("Garden tools", "园艺工具", "colour", (
            ("Watering can", "浇水壶", 22.0, None), ("Hand trowel", "小铲子", 12.0, None), ("Pruning shears", "修枝剪", 21.0, None),
            ("Garden gloves", "园艺手套", 9.5, 240), ("Plant mister", "喷水壶", 13.0, None))),
        ("Seeds & soil", "种子与土", "pack", (
            ("Herb seeds", "香草种子", 3.5, 120), ("Flower seeds", "花卉种子", 3.2, 120), ("Vegetable seeds", "蔬菜种子", 3.4, 120),
            ("Potting soil", "营养土", 8.9, 90), ("Plant food", "植物营养液", 7.5, 60))),
        ("Outdoor living", "户外生活", "colour", (
            ("Wind chime", "风铃", 19.0, None), ("Bird house", "鸟屋", 26.0, None), ("Picnic blanket", "野餐垫", 34.0, None),
            ("Parasol", "遮阳伞", 59.0, None), ("Hammock", "吊床", 49.0, None))),
    )),
    ("Beauty & care", "美妆个护", (
        ("Hand & body", "手部身体", "scent", (
            ("Hand soap", "洗手液", 8.5, 40), ("Hand cream", "护手霜", 9.5, 50), ("Body lotion", "身体乳", 15.0, 55),
            ("Shower gel", "沐浴露", 9.0, 35), ("Bar soap", "手工皂", 6.5, 30), ("Bath salts", "浴盐", 11.0, 45))),
        ("Face care", "面部护理", "scent", (
            ("Face cream", "面霜", 28.0, 60), ("Cleansing foam", "洁面泡沫", 14.0, 45), ("Face serum", "精华液", 34.0, 60),
            ("Sheet masks", "面膜", 12.0, 30), ("Lip balm", "润唇膏", 5.5, 60), ("Facial mist", "保湿喷雾", 13.0, 50))),
        ("Hair care", "头发护理", "scent", (
            ("Shampoo", "洗发水", 11.0, 45), ("Conditioner", "护发素", 11.0, 50), ("Hair oil", "护发精油", 18.0, 90),
            ("Hair mask", "发膜", 16.0, 60))),
        ("Bath tools", "沐浴工具", "colour", (
            ("Hair brush", "气垫梳", 17.0, None), ("Bath brush", "沐浴刷", 14.0, None), ("Wash bag", "洗漱包", 22.0, None),
            ("Hand mirror", "手持镜", 19.0, None), ("Bath sponge", "沐浴球", 5.0, 60))),
    )),
    ("Pets", "宠物", (
        ("Dog & cat food", "猫狗主粮", "meal", (
            ("Dry dog food", "狗粮", 24.0, 30), ("Dry cat food", "猫粮", 22.0, 30), ("Wet dog food", "狗罐头", 15.0, 21),
            ("Wet cat food", "猫罐头", 14.0, 20), ("Puppy food", "幼犬粮", 26.0, 30), ("Kitten food", "幼猫粮", 24.0, 30))),
        ("Pet treats", "宠物零食", "meal", (
            ("Dog biscuits", "狗饼干", 6.5, 21), ("Cat treats", "猫零食", 4.9, 18), ("Chew sticks", "磨牙棒", 7.9, 25),
            ("Cat paste", "猫条", 5.5, 15))),
        ("Pet care", "宠物护理", "pack", (
            ("Cat litter", "猫砂", 11.9, 25), ("Pet shampoo", "宠物香波", 9.5, 75), ("Waste bags", "拾便袋", 5.9, 45),
            ("Pet wipes", "宠物湿巾", 4.9, 30), ("Puppy pads", "宠物尿垫", 13.9, 28))),
        ("Pet living", "宠物用品", "colour", (
            ("Pet bed", "宠物窝", 45.0, None), ("Dog lead", "牵引绳", 18.0, None), ("Feeding bowl", "宠物食盆", 13.0, None),
            ("Scratching post", "猫抓柱", 39.0, None), ("Plush toy", "宠物玩偶", 8.5, 90))),
    )),
)  # fmt: skip
"""Departments (en, zh) of shelves (en, zh, suit) of things (en, zh, price in EUR, days until used up)."""
