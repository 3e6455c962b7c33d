"""Calls: versions, retries, the breaker, and what goes over the wire."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import httpx2
import pytest

from s9s.backends.base import Unsupported
from s9s.backends.slurmrestd import RestBackend, build, client, payloads, transport
from s9s.backends.slurmrestd.answers import Failed, TooSlow
from s9s.backends.slurmrestd.breaker import PAUSE_SECONDS, Breaker
from s9s.backends.slurmrestd.client import Client
from s9s.backends.slurmrestd.errors import Asked
from s9s.backends.slurmrestd.transport import Transport
from s9s.backends.slurmrestd.versions import VERSIONS
from s9s.domain.errors import SlurmError, SlurmUnavailable
from tests.backends.slurmrestd.recorded import ALL, Played, Slurmrestd, Tokens, body

LISTING = (build.LIST_PARTITIONS, payloads.Partitions, Asked(action="list partitions"))
CANCEL = (build.cancel_job("1"), payloads.Killed, Asked(action="cancel job 1"))
NEWEST = "26.05/v0.0.45"
REFUSED = Failed("no connection: Connection refused", never_sent=True)
BROKEN = Failed("the connection was closed without an answer")
SILENT = TooSlow("nothing was heard for 60 s")


def client_of(slurmrestd: Slurmrestd, tokens: Tokens | None = None) -> Client:
    network = Played(slurmrestd.answer)
    return Client(Transport("http://slurmrestd", network=network), tokens or Tokens())


# -- versions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ALL)
async def test_the_newest_version_that_both_know_is_spoken(where: str) -> None:
    slurmrestd = Slurmrestd(where)
    assert (await client_of(slurmrestd).dialect()).version == slurmrestd.version
    tried = [request.url.path for request in slurmrestd.requests]
    assert tried == [
        f"/slurm/{version}/ping" for version in VERSIONS[: VERSIONS.index(slurmrestd.version) + 1]
    ]


@pytest.mark.parametrize("offered", ["v0.0.41", "v0.0.40", "v0.0.39"])
async def test_versions_whose_delete_says_nothing_are_refused(offered: str) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200 if offered in request.url.path else 404, text="{}")

    backend = RestBackend(url="http://x", tokens=Tokens(), network=Played(answer))
    with pytest.raises(Unsupported, match=offered):
        await backend.discover()


async def test_a_slurmrestd_of_another_age_is_refused() -> None:
    network = Played(lambda request: httpx2.Response(404, text="Unknown"))
    with pytest.raises(Unsupported, match="none of"):
        await RestBackend(url="http://x", tokens=Tokens(), network=network).discover()


async def test_a_replaced_slurmrestd_is_discovered_again() -> None:
    old, new = Slurmrestd("26.05/v0.0.44"), Slurmrestd(NEWEST, {("GET", "slurm/partitions"): "partitions"})
    serving = [old]

    def answer(request: httpx2.Request) -> httpx2.Response:
        return serving[0].answer(request)

    calls = Client(Transport("http://x", network=Played(answer)), Tokens())
    assert (await calls.dialect()).version == "v0.0.44"
    serving[0] = new
    with pytest.raises(SlurmUnavailable):
        await calls.ask(*LISTING)
    calls._breakers["slurm"].close()
    assert (await calls.ask(*LISTING)).partitions
    assert (await calls.dialect()).version == "v0.0.45"


@pytest.mark.parametrize(
    ("where", "routes", "private"),
    [
        # What cannot be asked is taken to be private.
        ("22.05/v0.0.38", 9, {"jobs", "users", "usage"}),
        ("24.11/v0.0.42", 11, {"jobs", "users", "usage"}),
        (NEWEST, 12, set()),
    ],
)
async def test_discovery(where: str, routes: int, private: set[str]) -> None:
    found = {("GET", "slurmdb/clusters"): "clusters", ("GET", "slurm/conf"): "conf"}
    info = await Slurmrestd(where, found).backend().discover()
    slurm = where.partition("/")[0]
    assert info.name == f"lab{slurm.replace('.', '')}"
    assert info.slurm_version.startswith(slurm)
    assert len(info.routes) == routes
    assert info.has_accounting
    assert info.private_data == private
    assert (info.acts_as, info.min_job_age_seconds) == ("anyone", 300)
    assert any("slurm.conf" in note for note in info.notes) == (where != NEWEST)
    assert any("default" in note and "partition" in note for note in info.notes) == (slurm == "24.11")


async def test_discovery_reads_private_data() -> None:
    content = body(NEWEST, "conf").replace(b'"PrivateData": []', b'"PrivateData": ["JOBS", "usage"]')
    answers = {
        ("GET", "slurmdb/clusters"): lambda _: httpx2.Response(404, text="Unable find requested URL."),
        ("GET", "slurm/conf"): lambda _: httpx2.Response(200, content=content),
    }
    info = await Slurmrestd(NEWEST, answers).backend().discover()
    assert info.private_data == {"jobs", "usage"}
    assert not info.has_accounting
    assert "list users" not in info.routes


async def test_discovery_fails_while_slurmctld_is_out() -> None:
    slurmrestd = Slurmrestd(NEWEST, {("GET", "slurm/ping"): "ping_without_slurmctld"})
    with pytest.raises(SlurmUnavailable):
        await slurmrestd.backend().discover()


# -- the breaker ---------------------------------------------------------------------------------------------


async def test_a_breaker_lets_one_probe_through_at_a_time() -> None:
    now, answers, probes = 100.0, [False, False, True], 0

    async def probe() -> bool:
        nonlocal probes
        probes += 1
        return answers.pop(0)

    breaker = Breaker("slurmctld", probe, lambda: now)
    await breaker.check()
    breaker.open("it is out")
    for _ in range(3):
        with pytest.raises(SlurmUnavailable, match="it is out"):
            await breaker.check()
    assert probes == 0
    for expected in (1, 2):
        now += PAUSE_SECONDS
        for _ in range(3):
            with pytest.raises(SlurmUnavailable):
                await breaker.check()
        assert probes == expected
    now += PAUSE_SECONDS
    await breaker.check()
    await breaker.check()
    assert probes == 3
    assert not breaker.is_open


async def test_calls_fail_fast_after_an_outage() -> None:
    out = Slurmrestd(NEWEST, {("GET", "slurm/partitions"): "jobs_without_slurmctld"})
    calls = client_of(out)
    with pytest.raises(SlurmUnavailable):
        await calls.ask(*LISTING)
    asked = len(out.requests)
    for call in (LISTING, CANCEL):
        with pytest.raises(SlurmUnavailable):
            await calls.ask(*call)
    assert len(out.requests) == asked
    # Accounting is another daemon's business.
    out.answers["GET", "slurmdb/clusters"] = "clusters"
    assert (await calls.ask(build.LIST_CLUSTERS, payloads.Partitions, Asked(action="x"))).partitions == []


async def test_a_slow_read_is_given_up_when_slurmctld_is_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SUSPICIOUS_SECONDS", 0.02)
    never = asyncio.Event()

    async def hang(_: httpx2.Request) -> httpx2.Response:
        await never.wait()
        raise AssertionError

    out = Slurmrestd(NEWEST, {("GET", "slurm/partitions"): hang})
    calls = client_of(out)
    await calls.dialect()
    out.answers["GET", "slurm/ping"] = "ping_without_slurmctld"
    async with asyncio.timeout(5):
        with pytest.raises(SlurmUnavailable):
            await calls.ask(*LISTING)


async def test_a_slow_call_is_waited_for_while_slurmctld_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SUSPICIOUS_SECONDS", 0.02)
    for call, key, name in (
        (LISTING, ("GET", "slurm/partitions"), "partitions"),
        (CANCEL, ("DELETE", "slurm/job/1"), "hold_array"),
    ):

        async def late(_: httpx2.Request, name: str = name) -> httpx2.Response:
            await asyncio.sleep(0.1)
            return httpx2.Response(200, content=body(NEWEST, name))

        slurmrestd = Slurmrestd(NEWEST, {key: late})
        await client_of(slurmrestd).ask(*call)
        pings = len(slurmrestd.asked("GET", "slurm/ping"))
        assert (pings > 1) == (call is LISTING)  # a write is never given up: who knows what it did


# -- retries -------------------------------------------------------------------------------------------------


def failing(times: int, error: Exception, name: str) -> Callable[[httpx2.Request], httpx2.Response]:
    left = itertools.count(times, -1)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if next(left) > 0:
            raise error
        return httpx2.Response(200, content=body(NEWEST, name))

    return answer


@pytest.mark.parametrize("error", [REFUSED, BROKEN])
async def test_a_read_is_repeated_when_the_connection_fails(
    error: Failed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_RETRY_SECONDS", 0.001)
    slurmrestd = Slurmrestd(NEWEST, {("GET", "slurm/partitions"): failing(2, error, "partitions")})
    assert (await client_of(slurmrestd).ask(*LISTING)).partitions
    slurmrestd = Slurmrestd(NEWEST, {("GET", "slurm/partitions"): failing(3, error, "partitions")})
    with pytest.raises(SlurmUnavailable):
        await client_of(slurmrestd).ask(*LISTING)


async def test_a_read_that_is_slow_is_not_repeated() -> None:
    slurmrestd = Slurmrestd(NEWEST, {("GET", "slurm/partitions"): failing(1, SILENT, "partitions")})
    with pytest.raises(SlurmUnavailable):
        await client_of(slurmrestd).ask(*LISTING)


@pytest.mark.parametrize("error", [REFUSED, BROKEN, SILENT])
async def test_a_write_is_never_repeated(error: Failed) -> None:
    requeue = (build.requeue_job("1"), payloads.Written, Asked(action="requeue job 1"))  # a GET that writes
    for call, key in ((CANCEL, ("DELETE", "slurm/job/1")), (requeue, ("GET", "slurm/job/1/requeue"))):
        slurmrestd = Slurmrestd(NEWEST, {key: failing(1, error, "hold_array")})
        with pytest.raises(SlurmUnavailable) as caught:
            await client_of(slurmrestd).ask(*call)
        assert len(slurmrestd.asked(*key)) == 1
        assert caught.value.never_sent == error.never_sent  # only then may it take another way


async def test_a_refused_token_is_replaced_once() -> None:
    tokens = Tokens()
    slurmrestd = Slurmrestd(NEWEST, {("DELETE", "slurm/job/1"): ["jobs_no_token", "hold_array"]})
    await client_of(slurmrestd, tokens).ask(*CANCEL, actor="alice")
    assert tokens.refused == ["alice"]
    slurmrestd.answers["DELETE", "slurm/job/1"] = "jobs_no_token"
    with pytest.raises(SlurmError):
        await client_of(slurmrestd, tokens).ask(*CANCEL, actor="alice")
    assert len(slurmrestd.asked("DELETE", "slurm/job/1")) == 4


async def test_nonsense_is_an_error_of_slurms() -> None:
    for status, text in ((200, "<html>"), (200, '{"partitions": 5}'), (500, "oops"), (502, "bad gateway")):
        slurmrestd = Slurmrestd(
            NEWEST,
            {("GET", "slurm/partitions"): lambda _, s=status, t=text: httpx2.Response(s, text=t)},  # type: ignore[misc]
        )
        with pytest.raises(SlurmError) as caught:
            await client_of(slurmrestd).ask(*LISTING)
        assert isinstance(caught.value, SlurmUnavailable) == (status == 502)
