"""The nightly part: learn from what was done before one moment, keep the model, and recommend to everybody.

Writes   a model version; `association_rule`; `recommendation` (messages); the same for the same facts, run how often you like
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from lifeloop.base.errors import NotEnoughData
from lifeloop.base.progress import Progress, silent
from lifeloop.base.text import Text
from lifeloop.base.versions import new_version, tidy
from lifeloop.lake import Engine, Lake
from lifeloop.recommend.answering.ranker import Ranker, Shown, Verdict, learn_ranker
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.deeds import ORDERED, Deeds, timed
from lifeloop.recommend.goods import is_goods, note_of
from lifeloop.recommend.histories import Longs, Products
from lifeloop.recommend.learning.clicks import read_shown
from lifeloop.recommend.learning.consents import NOBODY, Word, read_consents
from lifeloop.recommend.learning.fit import fit_model
from lifeloop.recommend.learning.keep import load_model, save_model
from lifeloop.recommend.learning.messages import Messages
from lifeloop.recommend.learning.reading import products_seen, read_deeds
from lifeloop.recommend.model import QUESTION
from lifeloop.recommend.names import CUSTOMER, Names
from lifeloop.schema import ASSOCIATION_RULE, EXPOSURE, PRODUCT, RECOMMENDATION

if TYPE_CHECKING:
    from lifeloop.base.config import Settings

KEPT_VERSIONS = 2
KEPT_DAYS = 30
"""Rules and recommendations of runs for moments further back are dropped."""
SENT_DAYS = 30
"""What stood in a message so many days ago or less is not sent again."""

SENT_SQL = f"""
SELECT DISTINCT p.place AS who, t.place AS item
FROM exposures AS x JOIN people AS p ON concat('{CUSTOMER}', x.customer_id) = p.name JOIN products AS t ON x.product_id = t.name
WHERE x.placement = 'message' AND x.shown_at >= $since AND x.shown_at < $as_of
"""

OLDER_SQL = """
SELECT r.as_of AS as_of, r.customer_id AS customer_id, r.placement AS placement, r.rank AS rank
FROM recommendations AS r LEFT JOIN agreed AS a ON r.customer_id = a.customer_id
WHERE r.as_of < $as_of AND a.customer_id IS NULL
"""

NO_DEEDS = Text(
    "Nothing is known of what anybody viewed or bought: nothing was learned.", "没有任何浏览或购买记录：未能学到任何内容。"
)
NO_EVENTS = Text("No views are known: recommendations follow what was ordered alone.", "没有浏览记录：推荐仅依据订单。")
NO_CONSENT = Text(
    "Nobody agreed to personalisation ([recommend] consent): nothing was recommended for messages.",
    "没有人同意个性化推荐（[recommend] consent）：未生成消息推荐。",
)


@dataclass(frozen=True)
class RecommendRun:
    """What became of recommending in one run."""

    version: str
    people: int
    """Customers and visitors it learned from."""
    deeds: int
    products: int
    rules: int
    """Association rules that hold."""
    customers: int
    """Customers that something is recommended to in messages."""
    ranker: Verdict | None = None
    """How the order learned from clicks compares with that by score; None where too little was clicked."""
    notes: tuple[Text, ...] = ()
    """What whoever uses them should know."""


def recommend_all(
    lake: Lake,
    engine: Engine,
    models: Path,
    as_of: datetime,
    *,
    settings: Settings,
    told: Mapping[str, Word] = NOBODY,
    progress: Progress = silent,
) -> RecommendRun:
    """Learn from what was done before `as_of`, and write the version, the rules and what to recommend in messages.

    `told`: what the store knows of consent (`agreed.words_told`). What earlier runs recommended to others than those who agree
    goes. Raises LakeError, ModelError. Nobody else may write versions meanwhile.
    """
    progress("recommendations", 0, 4)
    chosen = settings.recommend
    catalogue = read_catalogue(lake, engine, settings)
    deeds = read_deeds(engine, catalogue.products, as_of, titles=catalogue.title)
    deeds = replace(deeds, consent=read_consents(engine, deeds.names, as_of, chosen.consent_purposes, told))
    progress("recommendations", 1, 4)
    shown, taught = read_shown(engine, deeds.names, as_of)
    ranker, verdict = _ranker(shown)
    deeds = replace(deeds, taught=taught if ranker is not None else np.zeros(len(taught), np.bool_))
    version = new_version(models, QUESTION, as_of).name
    model = replace(fit_model(deeds, catalogue, chosen, as_of, version=version), ranker=ranker)
    progress("recommendations", 2, 4)
    tidy(models, QUESTION)
    folder = save_model(models, model)
    model = load_model(folder, memory_mb=chosen.memory_mb, threads=chosen.threads)
    rules = model.together.rules(model.products, as_of)
    lake.overwrite_as_of(ASSOCIATION_RULE, rules, as_of)
    progress("recommendations", 3, 4)
    sent = read_sent(engine, deeds.names, model.products, as_of)
    messages = Messages(model, catalogue, chosen, as_of, sent)
    rows = pa.RecordBatchReader.from_batches(RECOMMENDATION.arrow(), messages.rows())
    lake.overwrite_as_of(RECOMMENDATION, rows, as_of, where="placement = 'message'")
    drop_others(lake, engine, messages)
    for table in (RECOMMENDATION, ASSOCIATION_RULE):
        lake.drop_before(table, as_of - timedelta(days=KEPT_DAYS))
    tidy(models, QUESTION, keep=KEPT_VERSIONS, as_of=as_of)
    progress("recommendations", 4, 4)
    return RecommendRun(
        version=folder.name,
        people=len(deeds.names),
        deeds=len(deeds.histories.items),
        products=len(catalogue),
        rules=rules.num_rows,
        customers=len(messages.people),
        ranker=verdict,
        notes=(*_notes(deeds, messages), *note_of(is_goods(catalogue.products.ids, catalogue.title))),
    )


def _ranker(shown: Shown) -> tuple[Ranker | None, Verdict | None]:
    """Return the ranker, where enough was clicked and it orders better than the score does; and how it was judged."""
    try:
        return learn_ranker(shown)
    except NotEnoughData:
        return None, None


def read_catalogue(lake: Lake, engine: Engine, settings: Settings) -> Catalogue:
    """Return the catalogue as it is now; of a shop without a list of products, those that events tell of. Raises LakeError."""
    also = [] if lake.exists(PRODUCT) else products_seen(engine)
    shop = settings.shop
    return Catalogue.read(engine, base=shop.currency, rates=shop.rates, also=also)


def drop_others(lake: Lake, engine: Engine, messages: Messages) -> None:
    """Delete what earlier runs recommended to anybody but those who agree now. Raises LakeError."""
    agreed = pa.table({"customer_id": messages.model.deeds.names.column(messages.agreed, skip=1)})
    tables = {"recommendations": RECOMMENDATION, "agreed": agreed}
    gone = engine.query(OLDER_SQL, tables, as_of=messages.as_of)
    if gone.num_rows:
        lake.merge(RECOMMENDATION, RECOMMENDATION.empty(), gone)


def read_sent(engine: Engine, names: Names, products: Products, as_of: datetime, days: int = SENT_DAYS) -> Longs:
    """Return what stood in messages in the `days` before `as_of`: pairs (person x products + product), sorted."""
    places = np.arange(len(names), dtype=np.int32)
    people = pa.table({"name": names.column(places), "place": pa.array(places)})
    listed = pa.table(
        {"name": pa.array(products.ids, pa.string()), "place": pa.array(np.arange(len(products), dtype=np.int32))}
    )
    rows = engine.query(
        SENT_SQL,
        {"exposures": EXPOSURE, "people": people, "products": listed},
        as_of=as_of,
        since=as_of - timedelta(days=days),
    )
    who, item = (np.asarray(rows[name].to_numpy(), np.int64) for name in ("who", "item"))
    return np.sort(who * len(products) + item)


def _notes(deeds: Deeds, messages: Messages) -> tuple[Text, ...]:
    kinds, _ = timed(deeds.histories)
    if not len(kinds):
        return (NO_DEEDS,)
    notes = (NO_EVENTS,) if np.all(kinds == ORDERED) else ()
    return notes if len(messages.people) else (*notes, NO_CONSENT)
