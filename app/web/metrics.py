"""Numbers for the operator: requests by route template, and what waits in the database.

Labels are route templates, methods and statuses only: no user, no id, no raw path (I12).
"""

import os
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters of one app; a registry of its own, so that two apps in one process do not mix.

    Where several processes serve, each keeps its counts in a folder that they share, and answers for all.
    What the database counts is the same in every process, and is not added up.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "capture_requests", "Requests answered.", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "capture_request_seconds",
            "Time from arrival to the first byte of the answer.",
            ["route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._refused = Counter(
            "capture_refused_tokens", "Session tokens refused.", ["reason"], registry=self._registry
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._counted = _Counted()
        self._shown = self._registry
        if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            self._shown = CollectorRegistry()
            # prometheus_client types none of its functions for several processes.
            MultiProcessCollector(self._shown, folder)  # type: ignore[no-untyped-call]
        self._shown.register(self._counted)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        # Looking its two series up by their labels took most of the time of counting an answer.
        known = self._known.get((method, route, status))
        if known is None:
            known = self._requests.labels(method, route, str(status)), self._seconds.labels(route)
            self._known[method, route, status] = known
        requests, took = known
        requests.inc()
        took.observe(seconds)

    def refuse_token(self, reason: str) -> None:
        """Count one refused session token under one of a few reasons."""
        self._refused.labels(reason).inc()

    def text(self, counts: Mapping[str, float]) -> bytes:
        """The exposition format, with the database's counts of this moment."""
        self._counted.counts = counts
        return generate_latest(self._shown)


class _Counted(Collector):
    """What the database has counted: gauges, and counters where the name ends in ``_total``."""

    def __init__(self) -> None:
        self.counts: Mapping[str, float] = {}

    def collect(self) -> Iterator[Metric]:
        for name, value in self.counts.items():
            if name.endswith("_total"):
                yield CounterMetricFamily(f"capture_{name}", "As counted in the database so far.", value)
            else:
                readable = name.removesuffix("_s") + ("_seconds" if name.endswith("_s") else "")
                yield GaugeMetricFamily(f"capture_{readable}", "As counted in the database now.", value)
