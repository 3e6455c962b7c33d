"""`python -m benchmarks [name ...]`: run some or all, show a table, keep the results."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Iterator

from benchmarks import (
    bench_query,
    beside_slurmrestd,
    detection,
    exports,
    exports_beside,
    finished_jobs,
    history,
    large_cluster,
    latency,
    lists,
    live,
    reports,
    results,
    start,
)
from benchmarks.results import Result, say

BENCHMARKS: dict[str, Callable[[], Iterator[Result]]] = {
    "cached_page": lists.cached_page,
    "new_filters": lists.new_filters,
    "latency": latency.latency,
    "memory": large_cluster.memory,
    "start": start.start,
    "queries": bench_query.queries,
    "slurmrestd_list": beside_slurmrestd.slurmrestd_list,
    "submit": beside_slurmrestd.submit,
    "refresh": large_cluster.refresh,
    "reports": reports.reports,
    "metrics_series": history.metrics_series,
    "sample_cost": history.sample_cost,
    "search": history.search,
    "ws_fanout": live.ws_fanout,
    "detection": detection.detection,
    "ws_sustained": live.ws_sustained,
    "exports": exports.exports,
    "exports_beside": exports_beside.exports_beside,
    "history_import": finished_jobs.history_import,
    "efficiency_month": finished_jobs.efficiency_month,
}


def main() -> int:
    described = "\n".join(
        f"  {name:14} {(run.__doc__ or '').splitlines()[0]}" for name, run in BENCHMARKS.items()
    )
    parser = argparse.ArgumentParser(
        prog="benchmarks",
        description=__doc__,
        epilog=f"benchmarks:\n{described}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="name", help="which to run; all by default")
    parser.add_argument("--discard", action="store_true", help="show the results without keeping them")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.names) - BENCHMARKS.keys()):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    measured: list[Result] = []
    failed: list[str] = []
    for name in arguments.names or BENCHMARKS:
        say(f"{name} ...")
        try:
            for result in BENCHMARKS[name]():
                measured.append(result)
                say(f"  {result.what}: {result.value} (target {result.goal})")
                if not arguments.discard:
                    results.save(result)
        except Exception:  # the others can still be measured
            failed.append(name)
            traceback.print_exc()
    if not arguments.discard:
        results.write_summary()
    print(results.table(measured))
    if failed:
        print(f"could not be measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
