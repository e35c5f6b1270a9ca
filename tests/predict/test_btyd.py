"""How often customers order, whether they still are customers, and what they spend: fitted as published, to the digit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln, gammaln, hyp2f1

from lifeloop.base.errors import NotEnoughData
from lifeloop.predict.btyd.bg_nbd import BgNbd, fit_bg_nbd
from lifeloop.predict.btyd.gamma_gamma import GammaGamma, _loss, fit_gamma_gamma
from lifeloop.predict.btyd.likelihood import compress, log_likelihood

Floats = npt.NDArray[np.float64]
Customers = tuple[Floats, Floats, Floats]

CDNOW = BgNbd(0.24259, 4.4135, 0.79289, 2.42575, -9582.43, 2357)
"""Fader, Hardie & Lee (2005), table 2."""


def simulated(n: int, seed: int, model: BgNbd = CDNOW, weeks: tuple[int, int] = (27, 39)) -> Customers:
    """Customers who do exactly what the model says, watched for whole days; several orders a day are one order day."""
    rng = np.random.default_rng(seed)
    rate, drop = rng.gamma(model.r, 1.0 / model.alpha, n), rng.beta(model.a, model.b, n)
    T = rng.integers(weeks[0] * 7, weeks[1] * 7, n) / 7.0
    x, t_x = np.zeros(n), np.zeros(n)
    now, here = rng.exponential(1.0 / np.maximum(rate, 1e-12)), np.arange(n)
    while (here := here[now[here] < T[here]]).size:
        x[here] += 1
        t_x[here] = now[here]
        here = here[rng.random(here.size) >= drop[here]]
        now[here] += rng.exponential(1.0 / rate[here])
    return x, t_x, T


@st.composite
def shops(draw: st.DrawFn) -> Customers:
    """Any few customers, in whole days."""
    size = draw(st.integers(2, 12))
    tenure = draw(st.lists(st.integers(1, 400), min_size=size, max_size=size))
    orders = draw(st.lists(st.integers(0, 9), min_size=size, max_size=size))
    share = draw(st.lists(st.floats(0.05, 1), min_size=size, max_size=size))
    x = np.array(orders, dtype=np.float64)
    days = np.array(tenure, dtype=np.float64)
    return x, np.where(x > 0, np.ceil(days * np.array(share)), 0.0) / 7, days / 7


parameters = st.lists(st.floats(0.05, 20), min_size=4, max_size=4).map(np.array)


def slopes(function: Callable[[Floats], float], at: Floats) -> Floats:
    """Return central differences."""
    steps = 1e-6 * at
    return np.array([(function(at + s) - function(at - s)) / (2 * s.sum()) for s in np.diag(steps)])


@given(shops(), parameters)
def test_the_gradient_is_the_slope_of_the_likelihood(shop: Customers, at: Floats) -> None:
    rows = compress(*shop)
    _, gradient = log_likelihood(at, rows)

    np.testing.assert_allclose(gradient, slopes(lambda p: log_likelihood(p, rows)[0], at), rtol=2e-4, atol=2e-4)


@given(shops(), parameters)
def test_the_order_of_customers_and_their_grouping_change_nothing(shop: Customers, at: Floats) -> None:
    x, t_x, T = shop
    mixed = np.random.default_rng(len(x)).permutation(len(x))
    whole = log_likelihood(at, compress(*shop))
    one_by_one = compress(x[mixed], t_x[mixed], T[mixed])
    twice = compress(x, t_x, T, np.full(x.size, 2.0))

    np.testing.assert_allclose(log_likelihood(at, one_by_one)[0], whole[0], rtol=1e-12)
    np.testing.assert_allclose(log_likelihood(at, twice)[0], 2 * whole[0], rtol=1e-12)
    np.testing.assert_allclose(log_likelihood(at, twice)[1], 2 * whole[1], rtol=1e-9, atol=1e-9)


def test_the_likelihood_is_the_published_one_customer_by_customer() -> None:
    x, t_x, T = simulated(50, seed=1)
    rows = compress(x, t_x, T)
    r, alpha, a, b = 0.3, 4.0, 0.8, 2.5
    a3 = -(r + x) * np.log(alpha + T)
    a4 = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x)
    told = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
    told += np.log(np.exp(a3) + (x > 0) * np.exp(a4))

    unit = rows.unit_weeks
    ours = log_likelihood(np.array([r, alpha / unit, a, b]), rows)[0] - x.sum() * np.log(unit)

    assert ours == pytest.approx(told.sum(), rel=1e-12)


def test_a_simulated_shop_gives_back_its_parameters_within_their_intervals() -> None:
    rows = compress(*simulated(20_000, seed=7))
    fit = fit_bg_nbd(*simulated(20_000, seed=7))
    at = np.array([fit.r, fit.alpha / rows.unit_weeks, fit.a, fit.b])
    curvature = np.array([slopes(lambda p, k=k: float(log_likelihood(p, rows)[1][k]), at) for k in range(4)])
    errors = np.sqrt(np.diag(np.linalg.inv(-curvature)))

    true = np.array([CDNOW.r, CDNOW.alpha / rows.unit_weeks, CDNOW.a, CDNOW.b])

    assert np.all(np.abs(at - true) < 3 * errors)
    assert np.all(errors < 0.2 * true)


@given(shops(), parameters)
def test_chances_are_chances_and_more_time_never_means_fewer_orders(shop: Customers, at: Floats) -> None:
    model = BgNbd(*at.tolist(), 0.0, 1)
    alive = model.p_alive(*shop)
    orders = np.array([model.expected_orders(t, *shop) for t in (0.0, 1.0, 10.0, 100.0)])
    none = np.array([model.p_no_order(t, *shop) for t in (0.0, 1.0, 10.0, 100.0)])

    assert np.all((alive >= 0) & (alive <= 1))
    assert np.all(np.diff(orders, axis=0) >= 0)
    assert np.all(orders[0] == 0)
    assert np.all((none >= 0) & (none <= 1))
    assert np.all(np.diff(none, axis=0) <= 0)
    assert np.all(orders >= 1 - none - 1e-12)  # whoever orders, orders at least once


@given(shops(), parameters, st.floats(0.01, 0.99))
def test_the_wait_for_the_next_order_is_the_inverse_of_the_chance_of_none(shop: Customers, at: Floats, chance: float) -> None:
    model = BgNbd(*at.tolist(), 0.0, 1)
    weeks = model.weeks_until(np.array(chance), *shop)
    alive = model.p_alive(*shop)

    assert np.all(np.isinf(weeks[alive <= chance]))
    for week, x, t_x, T in zip(weeks, *shop, strict=True):
        if week < 1e6:
            one = (np.array([value]) for value in (x, t_x, T))
            assert model.p_no_order(week, *one)[0] == pytest.approx(1 - chance, abs=1e-9)


@pytest.mark.parametrize("a", [0.5, 0.79289, 1.3, 30.0])
@pytest.mark.parametrize(("x", "T"), [(0.0, 30.0), (2.0, 1.0), (29.0, 27.0), (300.0, 52.0)])
def test_expected_orders_are_the_published_ones_where_those_can_be_computed(a: float, x: float, T: float) -> None:
    model, t = BgNbd(0.24259, 4.4135, a, 2.42575, 0.0, 1), 26.0
    row = (np.array([x]), np.array([T if x else 0.0]), np.array([T]))
    z = t / (model.alpha + T + t)
    published = (a + model.b + x - 1) / (a - 1) * (
        1 - (1 - z) ** (model.r + x) * hyp2f1(model.r + x, model.b + x, a + model.b + x - 1, z)
    )  # fmt: skip

    assert model.expected_orders(t, *row)[0] == pytest.approx(published * model.p_alive(*row)[0], rel=1e-9)


@pytest.mark.parametrize("a", [1.0, 1e-9])
def test_expected_orders_are_finite_where_the_published_form_is_not(a: float) -> None:
    model = BgNbd(0.7, 9.0, a, 578.0, 0.0, 1)
    x = np.array([0.0, 5.0, 3000.0, 100_000.0])

    orders = model.expected_orders(26.0, x, np.where(x > 0, 52.0, 0.0), np.full(4, 52.0))

    assert np.all(np.isfinite(orders))
    assert np.all(np.diff(orders) > 0)
    if a < 1e-6:  # nobody drops out: the rate goes on
        np.testing.assert_allclose(orders, (0.7 + x) / (9.0 + 52.0) * 26.0, rtol=1e-6)


def test_no_order_in_the_time_ahead_is_as_frequent_as_the_model_says() -> None:
    """Life goes on in the simulation: after an order within the horizon a customer may drop out. The formula is exact."""
    rng = np.random.default_rng(3)
    rate, drop = rng.gamma(CDNOW.r, 1 / CDNOW.alpha, 400_000), rng.beta(CDNOW.a, CDNOW.b, 400_000)
    chosen = rng.random(400_000)
    x, t_x, T, ahead = 1.0, 10.0, 30.0, 20.0
    # weigh each simulated customer by how likely they are to have x = 1, t_x = 10, T = 30
    alive, gone = rate * np.exp(-rate * T) * (1 - drop), rate * np.exp(-rate * t_x) * drop
    still = chosen < alive / (alive + gone)
    none = np.where(still, np.exp(-rate * ahead), 1.0)

    told = CDNOW.p_no_order(ahead, *(np.array([value]) for value in (x, t_x, T)))[0]

    assert np.average(none, weights=alive + gone) == pytest.approx(told, abs=0.004)


def test_a_shop_where_nobody_came_back_yet_expects_few_orders_and_says_it_leans_on_a_prior() -> None:
    fit = fit_bg_nbd(np.zeros(500), np.zeros(500), np.full(500, 10.0))

    assert fit.regularised
    assert not fit.dropout_identifiable
    assert 0 < fit.expected_orders(26.0, np.zeros(1), np.zeros(1), np.full(1, 10.0))[0] < 0.1


@pytest.mark.parametrize(("x", "t_x", "T"), [(0.0, 0.0, 3.0), (5.0, 4.0, 4.0), (99_999.0, 300.0, 300.0)])
def test_one_customer_alone_gets_a_finite_answer(x: float, t_x: float, T: float) -> None:
    row = np.array([x]), np.array([t_x]), np.array([T])
    fit = fit_bg_nbd(*row)

    assert fit.regularised
    assert np.all(np.isfinite([fit.r, fit.alpha, fit.a, fit.b, fit.log_likelihood]))
    assert np.isfinite(fit.expected_orders(26.0, *row)[0])
    assert 0 <= fit.p_no_order(26.0, *row)[0] <= 1


def test_nobody_and_one_day_only_are_not_enough() -> None:
    none = np.zeros(0)
    with pytest.raises(NotEnoughData, match="nobody has ordered yet"):
        fit_bg_nbd(none, none, none)
    with pytest.raises(NotEnoughData, match="on the last known day"):
        fit_bg_nbd(np.zeros(9), np.zeros(9), np.zeros(9))


def test_impossible_customers_are_refused() -> None:
    with pytest.raises(ValueError, match="0 <= t_x <= T"):
        fit_bg_nbd(np.array([1.0]), np.array([9.0]), np.array([3.0]))
    with pytest.raises(ValueError, match="finite"):
        fit_bg_nbd(np.array([1.0]), np.array([np.nan]), np.array([3.0]))


def test_customers_who_never_drop_out_are_recognised() -> None:
    rng = np.random.default_rng(5)
    T = np.full(3000, 52.0)
    rate = rng.gamma(2.0, 0.05, 3000)
    x = rng.poisson(rate * T).astype(np.float64)
    t_x = np.where(x > 0, T * rng.beta(np.maximum(x, 1), 1), 0.0)  # the last of x uniform times

    fit = fit_bg_nbd(x, t_x, T)

    assert not fit.dropout_identifiable
    assert fit.r / fit.alpha == pytest.approx(0.1, rel=0.1)


def test_the_spending_gradient_is_the_slope_of_its_likelihood() -> None:
    rng = np.random.default_rng(2)
    loss = _loss(rng.integers(1, 9, 40).astype(np.float64), rng.gamma(3.0, 0.4, 40))
    at = np.log([6.0, 4.0, 1.5])

    np.testing.assert_allclose(loss(at)[1], slopes(lambda p: loss(p)[0], at), rtol=1e-5)


def test_expected_spending_is_drawn_to_the_shops_mean_the_less_is_known() -> None:
    model = GammaGamma(6.25, 3.744, 15.447)
    values = model.expected_value(np.array([0.0, 1.0, 5.0, 500.0]), np.array([0.0, 100.0, 100.0, 100.0]))

    assert values[0] == pytest.approx(6.25 * 15.447 / 2.744)
    assert values[0] < values[1] < values[2] < values[3] < 100.5
    assert np.all(np.diff(model.value_variation(np.array([0.0, 1.0, 5.0]), np.ones(3))) < 0)


def test_few_who_returned_give_the_shops_mean_and_say_so() -> None:
    model = fit_gamma_gamma(np.array([1.0, 0.0]), np.array([700.0, 0.0]), mean=500.0)

    assert model.regularised
    assert model.expected_value(np.zeros(1), np.zeros(1))[0] == pytest.approx(500.0)
    with pytest.raises(NotEnoughData, match="amount above zero"):
        fit_gamma_gamma(np.zeros(3), np.zeros(3))


def test_equal_amounts_and_amounts_of_zero_do_no_harm() -> None:
    model = fit_gamma_gamma(np.ones(100), np.concatenate([np.full(90, 7.0), np.zeros(10)]))

    assert model.customers == 90
    assert model.expected_value(np.array([0.0, 3.0]), np.array([0.0, 7.0])) == pytest.approx([7.0, 7.0], rel=2e-2)


@pytest.fixture(scope="module")
def cdnow(real_data: Path) -> tuple[Customers, Floats]:
    """The 2,357 customers of the papers at the end of 1997-09-30: (x, t_x, T) and mean spend per repeat day."""
    day = np.datetime64("1997-09-30")
    rows = pq.read_table(real_data / "cdnow" / "cdnow_sample.parquet")
    rows = rows.set_column(rows.column_names.index("date"), "date", rows["date"].cast("date32"))
    known = rows.filter(pc.less_equal(rows["date"], day.astype(object)))
    days = known.group_by(["master_id", "date"]).aggregate([("value", "sum")])
    days = days.sort_by([("master_id", "ascending"), ("date", "ascending")])
    who = days["master_id"].to_numpy()
    when, spent = days["date"].to_numpy().astype("datetime64[D]"), days["value_sum"].to_numpy()
    start = np.flatnonzero(np.concatenate(([True], who[1:] != who[:-1])))
    end = np.append(start[1:], who.size) - 1
    x = (end - start).astype(np.float64)
    repeat = np.add.reduceat(spent, start) - spent[start]
    m = np.divide(repeat, x, out=np.zeros_like(repeat), where=x > 0)
    weeks = (when[end] - when[start]).astype(np.float64) / 7, (day - when[start]).astype(np.float64) / 7
    return (x, *weeks), m


@pytest.mark.real
def test_the_cdnow_sample_gives_the_published_parameters(cdnow: tuple[Customers, Floats]) -> None:
    x, t_x, T = cdnow[0]
    exact, published = fit_bg_nbd(x, t_x, T), fit_bg_nbd(x, t_x.round(2), T.round(2))

    assert x.size == 2357
    # the published data set has its weeks rounded to two decimals, and its figures come from that
    assert [published.r, published.a, published.b] == pytest.approx([0.24259, 0.79289, 2.42575], abs=6e-6)
    assert published.alpha == pytest.approx(4.4135, abs=6e-5)
    assert published.log_likelihood == pytest.approx(-9582.4256, abs=1e-4)
    # days as they are move the fifth digit
    assert [exact.r, exact.alpha, exact.a, exact.b] == pytest.approx([0.24259, 4.4136, 0.79292, 2.42591], rel=2e-5)
    assert exact.log_likelihood == pytest.approx(-9582.4292, abs=1e-4)


@pytest.mark.real
def test_the_cdnow_sample_spends_as_published(cdnow: tuple[Customers, Floats]) -> None:
    fit = fit_gamma_gamma(cdnow[0][0], cdnow[1])

    assert [fit.p, fit.q, fit.v] == pytest.approx([6.250, 3.744, 15.444], abs=6e-4)
    assert fit.log_likelihood == pytest.approx(-4055.918, abs=1e-3)
    assert fit.customers == 946
