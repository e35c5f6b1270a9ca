"""Cities in which customers live, by country, in English and in Chinese."""

from __future__ import annotations

_CITIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Germany": (
        ("Berlin", "Hamburg", "Munich", "Cologne", "Leipzig", "Bremen", "Dresden"),
        ("柏林", "汉堡", "慕尼黑", "科隆", "莱比锡", "不来梅", "德累斯顿"),
    ),
    "United Kingdom": (
        ("London", "Leeds", "Bristol", "Manchester", "Glasgow", "Cardiff", "York"),
        ("伦敦", "利兹", "布里斯托", "曼彻斯特", "格拉斯哥", "加的夫", "约克"),
    ),
    "China": (
        ("Shanghai", "Beijing", "Hangzhou", "Chengdu", "Shenzhen", "Wuhan", "Xiamen"),
        ("上海", "北京", "杭州", "成都", "深圳", "武汉", "厦门"),
    ),
    "Singapore": (("Tampines", "Bedok", "Jurong East", "Woodlands"), ("淡滨尼", "勿洛", "裕廊东", "兀兰")),
    "Taiwan": (("Taipei", "Taichung", "Tainan", "Kaohsiung"), ("台北", "台中", "台南", "高雄")),
    "Hong Kong": (("Kowloon", "Sha Tin", "Tsuen Wan", "Tuen Mun"), ("九龙", "沙田", "荃湾", "屯门")),
    "France": (("Paris", "Lyon", "Lille", "Nantes", "Toulouse"), ("巴黎", "里昂", "里尔", "南特", "图卢兹")),
    "Japan": (("Tokyo", "Osaka", "Nagoya", "Sapporo", "Fukuoka"), ("东京", "大阪", "名古屋", "札幌", "福冈")),
}
_ELSEWHERE = (("Newport", "Kingston", "Richmond", "Victoria"), ("纽波特", "金斯顿", "里士满", "维多利亚"))


def cities(country: str, language: int) -> tuple[str, ...]:
    """Return cities of a country in English (0) or Chinese (1); names found in many places, where we know none."""
    return _CITIES.get(country, _ELSEWHERE)[language]
