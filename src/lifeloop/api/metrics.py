"""What the door counts, in the words of Prometheus. No label names a customer or a key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from lifeloop.collect.spool import GroupCommit

disable_created_metrics()  # type: ignore[no-untyped-call]  # when a counter began says nothing that a restart does not

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Metrics:
    """The figures of one process."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Counter = field(init=False)
    seconds: Histogram = field(init=False)
    accepted: Counter = field(init=False)
    events: Counter = field(init=False)
    turned_away: Counter = field(init=False)
    sync_seconds: Histogram = field(init=False)
    recommended: Counter = field(init=False)
    recommend_seconds: Histogram = field(init=False)
    unlogged: Counter = field(init=False)
    figures: Gauge = field(init=False)
    ages: Gauge = field(init=False)
    shopfront_ages: Gauge = field(init=False)

    def __post_init__(self) -> None:
        """Declare every figure once."""
        keep = self.registry
        declared: dict[str, Counter | Gauge | Histogram] = {
            "requests": Counter("lifeloop_requests", "Requests answered.", ["route", "method", "status"], registry=keep),
            "seconds": Histogram(
                "lifeloop_request_seconds", "Seconds until the answer began.", ["route"], buckets=_SECONDS, registry=keep
            ),
            "accepted": Counter(
                "lifeloop_accepted_requests", "Requests acknowledged after their sync.", ["form"], registry=keep
            ),
            "events": Counter("lifeloop_accepted_events", "Events in acknowledged requests.", ["form"], registry=keep),
            "turned_away": Counter(
                "lifeloop_refused_requests", "Requests to collect that were refused.", ["why"], registry=keep
            ),
            "sync_seconds": Histogram(
                "lifeloop_spool_put_seconds", "Seconds from a request's body to its sync.", buckets=_SECONDS, registry=keep
            ),
            "recommended": Counter(
                "lifeloop_recommended_products",
                "Products in lists that were answered.",
                ["placement", "strategy"],
                registry=keep,
            ),
            "recommend_seconds": Histogram(
                "lifeloop_recommend_seconds",
                "Seconds a list took to work out, without its log.",
                ["placement"],
                buckets=_SECONDS,
                registry=keep,
            ),
            "unlogged": Counter("lifeloop_unlogged_lists", "Lists the spool did not take.", registry=keep),
            "figures": Gauge(
                "lifeloop_sign",
                "The last figure of each part of the house; of indexer and flow, bytes to be read.",
                ["what"],
                registry=keep,
            ),
            "ages": Gauge("lifeloop_sign_age_seconds", "Seconds since each part said its last word.", ["what"], registry=keep),
            "shopfront_ages": Gauge(
                "lifeloop_shopfront_age_seconds",
                "Seconds from the end of what the model of recommendations learned; since the catalogue was last looked at.",
                ["what"],
                registry=keep,
            ),
        }
        for name, figure in declared.items():
            object.__setattr__(self, name, figure)

    def text(self) -> bytes:
        """Return all figures as Prometheus reads them."""
        return generate_latest(self.registry)


class SpoolFigures(Collector):
    """The figures of the spool, as they are when somebody asks."""

    def __init__(self, spool: GroupCommit) -> None:
        self._spool = spool

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Yield each figure."""
        tally = self._spool.tally
        yield CounterMetricFamily("lifeloop_spool_requests", "Requests on the disk.", value=tally.requests)
        yield CounterMetricFamily("lifeloop_spool_bytes", "Bytes on the disk.", value=tally.bytes)
        yield CounterMetricFamily("lifeloop_spool_syncs", "Groups of requests written and synchronised.", value=tally.groups)
        yield CounterMetricFamily("lifeloop_spool_sync_seconds", "Spent writing and synchronising.", value=tally.disk_seconds)
        yield CounterMetricFamily("lifeloop_spool_failures", "Requests the disk did not take.", value=tally.failures)
        yield GaugeMetricFamily("lifeloop_spool_longest_sync_seconds", "The slowest group.", value=tally.longest_seconds)
        yield GaugeMetricFamily(
            "lifeloop_spool_waiting_bytes", "Accepted bytes that wait for the disk.", value=self._spool.backlog_bytes()
        )
        yield GaugeMetricFamily(
            "lifeloop_spool_unread_bytes", "Bytes that the slowest reader has not read.", value=self._spool.unread_bytes()
        )
