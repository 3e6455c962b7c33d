"""Figures of the cluster beside what sinfo, squeue and sacct say at the same moment."""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import Any

import pytest

from s9s.domain.durations import format_wait
from tests.contract.clusters import only_real
from tests.contract.jobs import Jobs
from tests.contract.serving import Caller, Server, until

_STATES = {"draining": "DRAIN", "drained": "DRAIN", "allocated": "ALLOCATED", "failing": "FAIL"}
_FINISHED = "CD,F,CA,TO,NF,OOM,PR,BF,DL"


class Tools:
    """Slurm's own commands."""

    def __init__(self, server: Server) -> None:
        self._lab = server.lab

    def lines(self, *command: str) -> list[str]:
        done = self._lab.run("root", "env", "SLURM_TIME_FORMAT=%s", *command)
        return [line.strip() for line in done.stdout.splitlines() if line.strip()]

    def nodes(self) -> dict[str, int]:
        states = dict(line.split() for line in self.lines("sinfo", "-a", "-h", "-N", "-o", "%N %T"))
        plain = (re.sub(r"\W+$", "", state) for state in states.values())
        return Counter(_STATES.get(state, state.upper()) for state in plain)

    def cpus(self) -> float:
        (line,) = self.lines("sinfo", "-a", "-h", "-o", "%C")
        allocated, _, _, total = map(int, line.split("/"))
        return round(100 * allocated / total, 1)

    def memory(self) -> float:
        rows = {
            name: (int(total), int(used))
            for name, total, used in map(
                str.split, self.lines("sinfo", "-a", "-h", "-N", "-O", "NodeList,Memory,AllocMem")
            )
        }
        return round(
            100 * sum(used for _, used in rows.values()) / sum(total for total, _ in rows.values()), 1
        )

    def gpus(self) -> float:
        rows = {
            name: (_gpus(total), _gpus(used))
            for name, total, used in map(
                str.split, self.lines("sinfo", "-a", "-h", "-N", "-O", "NodeList:64,Gres:64,GresUsed:128")
            )
        }
        return round(
            100 * sum(used for _, used in rows.values()) / sum(total for total, _ in rows.values()), 1
        )

    def live(self) -> dict[str, int]:
        states = Counter(self.lines("squeue", "-a", "-r", "-h", "-o", "%T"))
        return {
            state: states[state]
            for state in ("PENDING", "RUNNING", "COMPLETING", "SUSPENDED")
            if states[state]
        }

    def _accounted(self, since: int, *options: str) -> list[list[str]]:
        wanted = ["-a", "-X", "-n", "-P", "-o", "State,Eligible,Start,End,NodeList"]
        window = ["-S", f"uts{since}", "-E", f"uts{int(time.time()) + 60}"]
        rows = self.lines("sacct", *wanted, *window, *options)
        return [row.split("|") for row in rows]

    def finished(self, since: int) -> dict[str, int]:
        rows = self._accounted(since, "-s", _FINISHED)
        return Counter(state.split()[0] for state, _, _, end, _ in rows if since <= int(end))

    def waits(self, since: int) -> list[int]:
        return [
            int(start) - int(eligible)
            for state, eligible, start, _, nodes in self._accounted(since)
            # A job that was cancelled before it began has no start, or no eligible time either, or (22.05)
            # a start without any nodes; a requeued one has another record.
            if start.isdigit() and eligible.isdigit() and int(start) >= since
            if nodes != "None assigned" and state != "REQUEUED"
        ]


def _gpus(gres: str) -> int:
    """Of ``gpu:a100:2`` or ``gpu:a100:1(IDX:0)``; 0 of ``(null)``."""
    return sum(int(count) for count in re.findall(r"gpu(?::[^:,()]+)?:(\d+)", gres))


def _same(ours: object, theirs: object) -> bool:
    print("ours  ", ours, "\ntheirs", theirs)  # shown when the test fails
    return ours == theirs


@only_real
def test_figures_are_those_of_slurms_own_tools(server: Server, alice: Caller, jobs: Jobs) -> None:
    jobs.running(nodes=1)
    jobs.running(partition="gpu", gpus=1)
    jobs.held(script="#SBATCH --array=1-5\ntrue")
    jobs.finished()
    jobs.finished("exit 3")
    cancelled = jobs.running()
    alice.delete(f"/v1/jobs/{cancelled}", params={"force": "true"})
    alice.reach(cancelled, "CANCELLED")
    tools = Tools(server)

    def compared() -> tuple[Any, Any]:
        found = alice.read("/v1/metrics/cluster")
        since = int(time.time()) - 86400
        counts, use = found["job_counts"], found["cluster_utilization"]
        finished = {state: count for state, count in counts.items() if state not in tools.live()}
        return (
            (use["cpu_percent"], use["memory_percent"], use["gpu_percent"], found["node_counts"]),
            {state: counts.get(state, 0) for state in tools.live()},
            finished,
        ), (
            (tools.cpus(), tools.memory(), tools.gpus(), tools.nodes()),
            tools.live(),
            tools.finished(since),
        )

    # slurmdbd hears of an end a little later than slurmctld.
    until(lambda: _same(*compared()), seconds=20, pause=0.5)


@only_real
def test_waits_and_throughput_are_those_of_sacct(server: Server, alice: Caller, jobs: Jobs) -> None:
    jobs.finished()
    jobs.running()
    tools = Tools(server)

    def compared() -> tuple[Any, Any]:
        stats = alice.read("/v1/metrics/cluster")["queue_stats"]
        now = int(time.time())
        waits = tools.waits(now - 86400)
        mean = round(sum(waits) / len(waits))
        ours = [
            stats[name] for name in ("jobs_started", "avg_wait_seconds", "max_wait_seconds", "throughput")
        ]
        assert stats["avg_wait_time"] == format_wait(stats["avg_wait_seconds"])
        assert stats["max_wait_time"] == format_wait(stats["max_wait_seconds"])
        return ours, [len(waits), mean, max(waits), float(tools.finished(now - 3600)["COMPLETED"])]

    until(lambda: _same(*compared()), seconds=20, pause=0.5)


@pytest.mark.parametrize("interval", ["1m", "1h", "1d"])
def test_a_series_has_no_holes(alice: Caller, interval: str) -> None:
    found = alice.read("/v1/metrics/performance", interval=interval)
    assert found["count"] == len(found["metrics"]) == 24
    assert found["interval"] == interval
    times = [one["timestamp"] for one in found["metrics"]]
    assert times == sorted(set(times))
