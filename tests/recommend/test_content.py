"""Content: new products are recommended by what is written about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.content import ContentConfig, features_of, fit_content, fit_from_features
from lifeloop.recommend.content.words import words_of
from lifeloop.recommend.histories import Histories, Products
from lifeloop.recommend.matrices import DenseMatrix, Following, FollowingConfig, LowRankMatrix, SparseMatrix

TEA, POT, SHOE = "Drinks > Tea", "Kitchen > Pots", "Fashion > Shoes"


def shop(*rows: tuple[str, str, str]) -> Catalogue:
    return Catalogue.of({"product_id": name, "category": category, "title": title} for name, category, title in rows)


def dense(products: int, cells: dict[tuple[int, int], float]) -> DenseMatrix:
    values = np.zeros((products, products), np.float32)
    for place, value in cells.items():
        values[place] = value
    return DenseMatrix(values)


def test_words_are_found_in_english_and_chinese() -> None:
    assert list(words_of("<p>Men&#39;s Tea-pot</p> 龙井绿茶 X 杯 2024")) == [
        "men's",
        "tea",
        "pot",
        "龙井",
        "井绿",
        "绿茶",
        "杯",
        "2024",
    ]
    assert list(words_of("")) == []


def test_products_alike_in_category_brand_price_or_words_have_features_in_common() -> None:
    told = [
        {"product_id": "a", "category": TEA, "brand": "Yun", "title": "Green tea", "price_minor": 500},
        {"product_id": "b", "category": "drinks>TEA", "title": "绿茶 green", "price_minor": 520},
        {
            "product_id": "c",
            "category": "Drinks > Coffee",
            "brand": "Yun",
            "title": "Beans",
            "description": "绿茶",
            "price_minor": 9000,
        },
        {"product_id": "d", "category": SHOE, "title": "Boots"},
    ]
    found = features_of(Catalogue.of(told), np.array([0, 1, 2, 3, -1], np.int32)).toarray()
    alike = found @ found.T

    assert alike[0, 1] > alike[0, 2] > alike[0, 3] == 0
    assert alike[1, 2] > 0, "a Chinese word in common"
    assert not found[4].any(), "of what is not in the catalogue nothing is known"


def test_a_new_product_is_recommended_to_whom_products_like_it_are() -> None:
    book = shop(*((f"tea{n}", TEA, "tea") for n in range(4)), *((f"shoe{n}", SHOE, "shoe") for n in range(4)))
    teas, shoes, new = [4, 5, 6], [0, 1, 2], {"tea": 7, "shoe": 3}
    assert [book.products.ids[place] for place in (*teas, new["tea"])] == ["tea0", "tea1", "tea2", "tea3"]
    bought = {(a, b): 1.0 for kind in (teas, shoes) for a in kind for b in kind if a != b}
    people = np.array([100, 100, 100, 0, 100, 100, 100, 0])

    content = fit_content(book, book.products, dense(8, bought), people)
    scores = content.scores(np.array([4], np.int32), np.ones(1, np.float32))

    assert scores[new["tea"]] > scores[new["shoe"]] + 0.1
    assert scores[new["tea"]] > scores[5], "who is known speaks for itself"


def test_what_goes_with_what_is_learned_where_likeness_would_mislead() -> None:
    """Who buys shoes wants socks, not another pair: new socks go with new shoes, though nothing about them is alike."""
    book = shop(*((f"a{n}", SHOE, "shoe") for n in range(6)), *((f"b{n}", "Fashion2 > Socks", "sock") for n in range(6)))
    follows = {(a, b): 1.0 for a in range(5) for b in range(6, 11)}
    people = np.array([200] * 5 + [0] + [200] * 5 + [0])

    content = fit_content(book, book.products, dense(12, follows), people)
    of_new_shoes = content.scores(np.array([5], np.int32), np.ones(1, np.float32))

    assert of_new_shoes[11] > 3 * abs(of_new_shoes[5])


def test_where_nothing_was_ever_bought_likeness_alone_speaks() -> None:
    book = shop(("a", TEA, "green tea"), ("b", TEA, "black tea"), ("c", SHOE, "boot"), ("d", POT, "tea pot"))
    content = fit_content(book, book.products, dense(4, {}), np.zeros(4))

    likeness = content.scores(np.zeros(1, np.int32), np.ones(1, np.float32))
    assert [item for item in np.argsort(-likeness).tolist() if item != 0 and likeness[item] > 0] == [1, 3]


@pytest.mark.parametrize("rows", [[], [{"product_id": "a"}], [{"product_id": "a"}, {"product_id": "b", "title": "x"}]])
def test_products_nothing_is_written_about_are_said_nothing_of(rows: list[dict[str, str]]) -> None:
    book = Catalogue.of(rows)
    content = fit_content(book, book.products, dense(len(rows), {}), np.zeros(len(rows)))

    assert content.products == len(rows)
    assert not any(content.scores(np.array([place], np.int32), np.ones(1, np.float32)).any() for place in range(len(rows)))


def test_products_of_the_model_that_vanished_from_the_catalogue_stay_silent() -> None:
    book = shop(("a", TEA, "tea"), ("b", TEA, "tea"))
    content = fit_content(book, Products(["gone", "b", "a"]), dense(3, {(0, 1): 1.0}), np.array([9, 9, 0]))

    assert content.scores(np.array([2, 1], np.int32), np.ones(2, np.float32))[0] == 0


@settings(deadline=None, derandomize=True, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.sampled_from([3, 8, 256]))
def test_content_gives_way_as_customers_come_and_its_parts_add_up(seed: int, people: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    features = sp.random_array((12, 9), density=0.3, format="csr", rng=rng)
    values = rng.random((12, 12)).astype(np.float32)
    crowd = rng.integers(0, 50, 12)
    crowd[0] = people
    config = ContentConfig(most_features=most)

    content = fit_from_features(features, DenseMatrix(values), crowd, config)
    items, weights = np.array([3, 1, 4], np.int32), np.array([0.2, 0.5, 1.0], np.float32)
    scores = content.scores(items, weights)

    every = content.contributions(items, weights, np.arange(12, dtype=np.int32))
    np.testing.assert_allclose(every.sum(axis=0), scores, rtol=1e-4, atol=1e-5)
    new = config.new_below / (config.new_below + crowd)
    assert (np.linalg.norm(content.right, axis=0) <= new * 3 + 1e-6).all()
    many = fit_from_features(features, DenseMatrix(values), np.full(12, 10**9), config)
    assert np.abs(many.scores(items, weights)).max() < 1e-4


def test_every_kind_of_matrix_teaches_the_same() -> None:
    rng = np.random.default_rng(3)
    features, people = sp.random_array((9, 5), density=0.5, format="csr", rng=rng), np.full(9, 30)
    left, right = rng.random((9, 4)).astype(np.float32), rng.random((4, 9)).astype(np.float32)
    kinds = (LowRankMatrix(left, right), DenseMatrix(left @ right), SparseMatrix.of(sp.csr_matrix(left @ right)))

    taught = [fit_from_features(features, kind, people) for kind in kinds]

    for one in taught[1:]:
        np.testing.assert_allclose(one.left, taught[0].left, rtol=1e-3, atol=1e-5)


def test_many_features_are_kept_in_few_directions_the_same_every_time() -> None:
    rng = np.random.default_rng(5)
    features = sp.random_array((300, 400), density=0.02, format="csr", rng=rng)
    matrix, people = DenseMatrix(rng.random((300, 300)).astype(np.float32)), rng.integers(0, 90, 300)

    one, two = (fit_from_features(features, matrix, people, ContentConfig(most_features=64)) for _ in range(2))

    assert one.left.shape == (300, 64)
    assert one.left.tobytes() == two.left.tobytes()
    few = fit_from_features(features, matrix, people, ContentConfig(most_cells=300))
    assert few.left.shape == (300, 64), "not fewer than 64, however many products there are"


def recall_of_new(
    lists: list[list[int]], products: int, features: sp.csr_matrix, *, seed: int = 0, every: int = 1
) -> dict[str, float]:
    """Recall among the first 20, where only products that were held out of everything may be answered; of some users."""
    rng = np.random.default_rng(seed)
    cold = np.zeros(products, bool)
    cold[rng.choice(products, products // 10, replace=False)] = True
    warm = [[item for item in one if not cold[item]] for one in lists]
    histories = Histories.of(warm, products=products)
    people = np.bincount(np.concatenate([np.unique(one) for one in warm if one]), minlength=products)
    matrix = Following.fit(histories, FollowingConfig(threads=1)).matrix
    content = fit_from_features(features, matrix, people)
    places = np.flatnonzero(cold)
    wanted = np.bincount(np.concatenate([np.unique(one) for one in lists]), minlength=products)[places]
    hits: dict[str, list[float]] = {"content": [], "popularity": [], "random": []}
    for whole, history in zip(lists[::every], warm[::every], strict=True):
        targets = {item for item in whole if cold[item]}
        if not targets or not history:
            continue
        recent = np.array(history[-50:], np.int32)
        fading = np.exp(-0.2 * np.arange(len(recent))[::-1]).astype(np.float32)
        scores = {"content": content.scores(recent, fading)[places], "popularity": wanted, "random": rng.random(len(places))}
        for name, score in scores.items():
            found = targets & set(places[np.argpartition(-score, 20)[:20]].tolist())
            hits[name].append(len(found) / min(20, len(targets)))
    return {name: float(np.mean(values)) for name, values in hits.items()}


@pytest.mark.real
def test_new_beauty_products_are_found_for_those_who_want_them(real_data: Path) -> None:
    """1,210 of 12,101 products held out of all histories; popularity is the true one, which nobody can know of new products."""
    sequences = pq.read_table(real_data / "recsys_amazon_beauty" / "sequences.parquet")["items"].to_pylist()
    told = pq.read_table(real_data / "recsys_amazon_beauty" / "item_attributes.parquet").to_pylist()
    place = {item: number for number, item in enumerate(sorted({item for one in sequences for item in one}))}
    cells = np.array([(place[row["item"]], one) for row in told if row["item"] in place for one in row["attributes"]])
    marked = sp.csr_matrix((np.ones(len(cells)), (cells[:, 0], cells[:, 1])))
    weighed = marked.multiply(
        1 + np.log((1 + len(place)) / (1 + np.bincount(marked.indices, minlength=marked.shape[1])))
    ).tocsr()
    length = np.sqrt(weighed.multiply(weighed).sum(axis=1)).A1
    features = sp.diags(1 / np.where(length > 0, length, 1)) @ weighed

    found = recall_of_new([[place[item] for item in one] for one in sequences], len(place), features, every=3)

    assert found["content"] >= 0.19
    assert found["content"] >= 1.5 * found["popularity"]
    assert found["content"] >= 10 * found["random"]


@pytest.mark.real
def test_new_films_are_found_by_genre_and_title(real_data: Path) -> None:
    """168 of 1,682 films held out; few words are known of a film, and nearly every one of them has many who saw it."""
    rows = pq.read_table(real_data / "recsys_ml100k" / "inter.parquet").sort_by("timestamp").to_pylist()
    films = pq.read_table(real_data / "recsys_ml100k" / "item.parquet").sort_by("item_id").to_pylist()
    place = {film["item_id"]: number for number, film in enumerate(films)}
    lists: dict[int, list[int]] = {}
    for row in rows:
        lists.setdefault(row["user_id"], []).append(place[row["item_id"]])
    book = Catalogue.of(
        {
            "product_id": f"{place[film['item_id']]:05d}",
            "title": f"{film['movie_title']} {film['release_year']}",
            "description": film["class"],
        }
        for film in films
    )

    found = recall_of_new(
        list(lists.values()), len(place), sp.csr_matrix(features_of(book, np.arange(len(place), dtype=np.int32)))
    )

    assert found["content"] >= 2.5 * found["random"]
