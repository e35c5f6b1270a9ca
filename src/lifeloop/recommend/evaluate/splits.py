"""What is learnt from, what is given and what is to be found: three ways of parting recorded histories.

leave-last-out  everybody's last product is to be found; or the cases and visits that a data set was published with
temporal        what happened after one moment is to be found from what happened before it
strong          some people are never learnt from; from four fifths of what each had the rest is to be found

Source  Liang et al. (2018) for strong generalisation; Ji et al. (2023) for what leaving the last out lets slip in of the
        future of others: compare published tables with it, and judge a shop by `temporal`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

import numpy as np

from lifeloop.base.errors import NotEnoughData, SettingsError
from lifeloop.base.text import Text
from lifeloop.recommend.evaluate import words
from lifeloop.recommend.evaluate.parting import distinct, kept, picked, places_of, renumbered, shortened
from lifeloop.recommend.evaluate.recorded import Recorded
from lifeloop.recommend.histories import Flags, Histories, Ints, Longs
from lifeloop.recommend.peers.peer import incidence, owners

SplitName: TypeAlias = Literal["leave-last-out", "temporal", "strong"]
SPLITS: tuple[SplitName, ...] = get_args(SplitName)

REPEATS_FROM = 0.01
"""Above this share of deeds with a product had before, having it again is to be found too."""
TEST_SHARE = 0.1
"""Share of the deeds, or of the people, that are tested on."""
GIVEN_SHARE = 0.8
"""Share of what somebody unseen had that is given."""
LEAST_OF_UNSEEN = 5
"""Different products somebody unseen must have, so that the share that is to be found holds one at least."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """One way of parting: a model learns from `train`, is given `given`, and has to find `targets`, case by case."""

    name: str
    words: Text
    train: Histories
    given: Histories
    targets: Histories
    """As many as given, none empty."""
    drop_seen: bool
    """Whether what is given is never recommended."""
    clusters: Ints | None = None
    """Whose each case is, shape (cases,), where one person or visit has several."""
    facts: Mapping[str, int] = field(default_factory=dict)
    """Counts that tell what was left out."""

    def __len__(self) -> int:
        return len(self.given)


def has_repeats(histories: Histories) -> bool:
    """Return whether having the same product again is common."""
    return len(histories.items) > 0 and 1 - incidence(histories).nnz / len(histories.items) > REPEATS_FROM


def leave_last_out(recorded: Recorded, *, hold_back: int | None = None, repeats: bool | None = None) -> Split:
    """Part so that the last product of everybody is to be found; where there are published cases, those.

    Without `hold_back` it is the published protocol. With it everybody's last so many products are not looked at at all, and
    what is given is learnt from too. Raises SettingsError where there is no order, NotEnoughData where nobody has enough.
    """
    if recorded.given is not None and recorded.targets is not None:
        return _published_cases(recorded, recorded.given, recorded.targets, repeats=repeats)
    if not recorded.is_ordered:
        raise SettingsError("cannot leave the last product out", f"{recorded.about} has no order", "Ask for --split strong.")
    histories = recorded.histories
    drop_seen = not (has_repeats(histories) if repeats is None else repeats)
    marked = np.zeros(len(histories), np.int64) if recorded.marked is None else recorded.marked.astype(np.int64)
    lengths = np.diff(histories.starts)
    given = lengths - 1 if hold_back is None else lengths - hold_back - marked - 1
    learnt = lengths - 2 - marked if hold_back is None else given
    some = given >= 1
    _need(int(some.sum()), "leave the last product out", "nobody had two products")
    last = histories.items[histories.starts[:-1][some] + given[some]]
    said = words.PUBLISHED if hold_back is None else words.EARLIER
    return Split(
        name="published" if hold_back is None else "last",
        words=words.said(said, drop_seen=drop_seen, back=str(hold_back)),
        train=shortened(histories, np.maximum(learnt, 0)),
        given=picked(shortened(histories, np.maximum(given, 0)), some),
        targets=Histories.of(last[:, None], products=histories.products),
        drop_seen=drop_seen,
        facts={"too_short": int((~some).sum())},
    )


def _published_cases(recorded: Recorded, given: Histories, targets: Histories, *, repeats: bool | None) -> Split:
    drop_seen = not (has_repeats(recorded.histories) if repeats is None else repeats)
    train, given, targets, unknown = _known(recorded.histories, given, targets)
    some = (np.diff(given.starts) > 0) & (np.diff(targets.starts) > 0)
    _need(int(some.sum()), "test on the published cases", "no case has a product that was learnt from")
    return Split(
        name="published",
        words=words.said(words.CASES, drop_seen=drop_seen),
        train=train,
        given=picked(given, some),
        targets=picked(targets, some),
        drop_seen=drop_seen,
        clusters=None if recorded.clusters is None else recorded.clusters[some],
        facts={"unknown_products": unknown, "cases_left_out": int((~some).sum())},
    )


def temporal(recorded: Recorded, *, repeats: bool | None = None) -> Split:
    """Part at the moment before which nine tenths of the deeds happened; tested are those who did something before and after.

    Raises SettingsError where there are no times, NotEnoughData where nobody did something on both sides.
    """
    histories = recorded.histories
    if histories.at is None or len(histories.at) == 0:
        raise SettingsError(
            "cannot part in time", f"{recorded.about} has no times", "Ask for --split leave-last-out or strong."
        )
    drop_seen = not (has_repeats(histories) if repeats is None else repeats)
    cut = int(np.quantile(histories.at, 1 - TEST_SHARE, method="lower"))
    train, after = kept(histories, histories.at < cut), kept(histories, histories.at >= cut)
    cold = int(((np.diff(train.starts) == 0) & (np.diff(after.starts) > 0)).sum())
    train, given, targets, unknown = _known(train, train, distinct(after))
    if drop_seen:
        targets = _without(targets, given)
    some = (np.diff(given.starts) > 0) & (np.diff(targets.starts) > 0)
    _need(int(some.sum()), "part in time", "nobody did something both before and after the cut")
    learnt = picked(train, np.diff(train.starts) > 0)
    return Split(
        name="temporal",
        words=words.said(words.TEMPORAL, drop_seen=drop_seen, cut=words.moment(cut)),
        train=learnt,
        given=picked(given, some),
        targets=picked(targets, some),
        drop_seen=drop_seen,
        facts={"unknown_products": unknown, "without_history": cold},
    )


def strong(recorded: Recorded, *, rng: np.random.Generator, hold_back: int | None = None) -> Split:
    """Part so that a tenth of the people are unseen: four fifths of what each had are given, the rest is to be found.

    Raises NotEnoughData where nobody has enough products.
    """
    histories = recorded.histories
    if hold_back is not None:
        marked = 0 if recorded.marked is None else recorded.marked.astype(np.int64)
        histories = shortened(histories, np.maximum(np.diff(histories.starts) - hold_back - marked, 0))
    once = distinct(histories)
    enough = np.flatnonzero(np.diff(once.starts) >= LEAST_OF_UNSEEN)
    _need(int(enough.size), "test on people unseen", f"nobody had {LEAST_OF_UNSEEN} products")
    unseen = np.zeros(len(once), np.bool_)
    unseen[rng.permutation(enough)[: max(1, round(TEST_SHARE * enough.size))]] = True
    given, targets = _folded(picked(once, unseen), rng)
    train, given, targets, unknown = _known(picked(histories, ~unseen), given, targets)
    some = (np.diff(given.starts) > 0) & (np.diff(targets.starts) > 0)
    _need(int(some.sum()), "test on people unseen", "nothing they had was learnt from")
    return Split(
        name="strong",
        words=words.said(words.STRONG, drop_seen=True, held="" if hold_back is None else str(hold_back)),
        train=train,
        given=picked(given, some),
        targets=picked(targets, some),
        drop_seen=True,
        facts={"unknown_products": unknown, "too_short": len(once) - int(enough.size)},
    )


def _folded(people: Histories, rng: np.random.Generator) -> tuple[Histories, Histories]:
    """Return four fifths of the products of each, drawn by chance and in their order, and the others."""
    draws, mine = rng.random(len(people.items)), owners(people)
    rank = np.empty(len(draws), np.int64)
    order = np.lexsort((draws, mine))
    rank[order] = np.arange(len(draws)) - people.starts[mine[order]]
    given: Flags = rank < np.ceil(GIVEN_SHARE * np.diff(people.starts))[mine]
    return kept(people, given), kept(people, ~given)


def _known(train: Histories, given: Histories, targets: Histories) -> tuple[Histories, Histories, Histories, int]:
    """Return the three in numbers of the products that are learnt from, and how many targets are none of them."""
    places, products = places_of(train)
    train, given, found = (renumbered(one, places, products) for one in (train, given, targets))
    return train, given, found, len(targets.items) - len(found.items)


def _without(targets: Histories, given: Histories) -> Histories:
    """Return the targets that were not given."""
    asked = owners(targets).astype(np.int64) * targets.products + targets.items
    had: Longs = owners(given).astype(np.int64) * given.products + given.items
    return kept(targets, ~np.isin(asked, had))


def _need(number: int, what: str, found: str) -> None:
    if number == 0:
        raise NotEnoughData(f"cannot {what}", found, "Bring more data, or ask for another --split.")
