import asyncio
import re
import sqlite3
import time
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from s9s.domain.credentials import Token
from s9s.domain.errors import AuthenticationFailed, ResourceNotFound, ValidationError
from s9s.services.access import Caller, Role
from s9s.services.identity import known as module
from s9s.services.identity.tokens import Tokens, Wish
from s9s.storage.database import Database, DatabaseUnavailable
from s9s.storage.tokens import TokenRecords


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/s9s.db"


@pytest.fixture
async def records(url: str) -> AsyncIterator[TokenRecords]:
    async with await Database.open(url) as database:
        yield TokenRecords(database)


@pytest.fixture
async def tokens(records: TokenRecords, clock: Clock) -> AsyncIterator[Tokens]:
    """Caching, and kept true by the test and not by time."""
    made = Tokens(records, clock)
    await made.known.refresh()
    yield made
    await made.known.stop()


@pytest.fixture
async def other_process(url: str, clock: Clock) -> AsyncIterator[Tokens]:
    """What another process has: a pool and a cache of its own."""
    async with await Database.open(url) as database:
        yield Tokens(TokenRecords(database), clock)


async def test_a_secret_has_256_random_bits_and_stands_for_its_user(tokens: Tokens) -> None:
    secret, token = await tokens.create(
        Wish(user="alice", role=Role.OPERATOR, scopes=frozenset({"jobs:read"}), name="laptop", tier="pro")
    )
    assert re.fullmatch(r"s9s_[A-Za-z0-9_-]{43}", secret)
    assert re.fullmatch(r"tok_[0-9a-f]{16}", token.token_id)
    expected = Caller(
        "alice", Role.OPERATOR, frozenset({"jobs:read"}), token.token_id, "pro", limit=Role.OPERATOR
    )
    assert tokens.known.get(secret) is None
    assert await tokens.verify(secret) == expected
    assert tokens.known.get(secret) == expected


async def test_only_the_hash_is_kept(tokens: Tokens, tmp_path: Path) -> None:
    secret, _ = await tokens.create(Wish(user="alice"))
    await tokens.verify(secret)
    await tokens.known.flush()
    files = list(tmp_path.glob("s9s.db*"))
    content = b"".join(file.read_bytes() for file in files)
    assert sha256(secret.encode()).digest() in content
    assert secret.removeprefix("s9s_").encode() not in content
    with sqlite3.connect(tmp_path / "s9s.db") as other:
        assert other.execute("SELECT secret_hash FROM tokens").fetchall() == [
            (sha256(secret.encode()).digest(),)
        ]
    other.close()


@pytest.mark.parametrize(
    "secret", ["", "s9s_", "x" * 47, "s9s_" + "a" * 44, "s9s_" + "é" * 43, "\ud800", "a\0b"]
)
async def test_what_cannot_be_a_token_costs_no_look_up(secret: str) -> None:
    tokens = Tokens(Records())  # would fail if asked
    with pytest.raises(AuthenticationFailed, match="Unknown token"):
        await tokens.verify(secret)


async def test_an_unknown_token_is_refused(tokens: Tokens) -> None:
    secret, _ = await tokens.create(Wish(user="alice"))
    changed = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    with pytest.raises(AuthenticationFailed, match="Unknown token"):
        await tokens.verify(changed)
    assert tokens.known.get(changed) is None


async def test_a_token_expires_to_the_second_cached_or_not(tokens: Tokens, clock: Clock) -> None:
    secret, token = await tokens.create(Wish(user="alice", expires_in=60))
    assert token.expires_at == clock.now + 60
    await tokens.verify(secret)
    clock.now += 59
    assert tokens.known.get(secret) is not None
    clock.now += 1
    assert tokens.known.get(secret) is None
    with pytest.raises(AuthenticationFailed, match=f"Token {token.token_id} has expired"):
        await tokens.verify(secret)


async def test_a_revoked_token_is_invalid_at_once(tokens: Tokens, clock: Clock) -> None:
    secret, token = await tokens.create(Wish(user="alice"))
    await tokens.verify(secret)
    revoked = await tokens.revoke(token.token_id)
    assert revoked.revoked_at == clock.now
    assert tokens.known.get(secret) is None
    with pytest.raises(AuthenticationFailed, match=f"Token {token.token_id} is revoked"):
        await tokens.verify(secret)
    clock.now += 100
    assert (await tokens.revoke(token.token_id)).revoked_at == revoked.revoked_at
    with pytest.raises(ResourceNotFound, match="Token tok_none not found"):
        await tokens.revoke("tok_none")


async def test_a_revocation_elsewhere_holds_from_the_next_look(tokens: Tokens, other_process: Tokens) -> None:
    kept, _ = await tokens.create(Wish(user="bob"))
    secret, token = await tokens.create(Wish(user="alice"))
    await tokens.verify(secret)
    await tokens.known.refresh()
    assert tokens.known.get(secret) is not None
    await other_process.revoke(token.token_id)
    await tokens.known.refresh()
    assert tokens.known.get(secret) is None
    with pytest.raises(AuthenticationFailed):
        await tokens.verify(secret)
    assert (await tokens.verify(kept)).user == "bob"


async def test_started_tokens_notice_a_revocation_within_a_second(
    records: TokenRecords, other_process: Tokens
) -> None:
    assert module.POLL_SECONDS < 1
    tokens = Tokens(records)
    await tokens.known.start()
    try:
        secret, token = await tokens.create(Wish(user="alice"))
        await tokens.verify(secret)
        assert tokens.known.get(secret) is not None
        await other_process.revoke(token.token_id)
        # Twenty times what it should take, for a busy machine.
        deadline = time.monotonic() + 20 * module.POLL_SECONDS
        while tokens.known.get(secret) is not None:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
    finally:
        await tokens.known.stop()


async def test_a_new_token_of_another_process_works_at_once(tokens: Tokens, other_process: Tokens) -> None:
    secret, token = await other_process.create(Wish(user="alice"))
    assert (await tokens.verify(secret)).token_id == token.token_id


async def test_nothing_is_cached_while_nobody_keeps_the_cache_true(records: TokenRecords) -> None:
    tokens = Tokens(records)
    secret, _ = await tokens.create(Wish(user="alice"))
    await tokens.verify(secret)
    assert tokens.known.get(secret) is None
    await tokens.known.start()
    await tokens.verify(secret)
    assert tokens.known.get(secret) is not None
    await tokens.known.stop()
    assert tokens.known.get(secret) is None
    await tokens.verify(secret)
    assert tokens.known.get(secret) is None
    await tokens.known.stop()


async def test_tokens_made_at_the_same_time_are_all_kept(tokens: Tokens, other_process: Tokens) -> None:
    made = await asyncio.gather(
        *(source.create(Wish(user=f"user{n}")) for n in range(30) for source in (tokens, other_process))
    )
    assert len({secret for secret, _ in made}) == 60
    callers = await asyncio.gather(*(tokens.verify(secret) for secret, _ in made))
    assert [caller.token_id for caller in callers] == [token.token_id for _, token in made]
    assert sorted(token.token_id for token in await tokens.list()) == sorted(
        token.token_id for _, token in made
    )


async def last_use(tokens: Tokens) -> int | None:
    await tokens.known.flush()
    [token] = await tokens.list()
    return token.last_used_at


async def test_the_last_use_is_recorded_at_most_once_a_minute(tokens: Tokens, clock: Clock) -> None:
    secret, _ = await tokens.create(Wish(user="alice"))
    assert await last_use(tokens) is None
    first = clock.now
    await tokens.verify(secret)
    assert await last_use(tokens) == first
    clock.now = first + 59
    tokens.known.get(secret)
    assert await last_use(tokens) == first
    clock.now = first + 60
    tokens.known.get(secret)
    assert await last_use(tokens) == first + 60


async def test_the_last_use_never_goes_back(tokens: Tokens, records: TokenRecords) -> None:
    _, token = await tokens.create(Wish(user="alice"))
    await records.touch({token.token_id: 200, "tok_unknown": 1})
    await records.touch({token.token_id: 100})
    assert await last_use(tokens) == 200


async def test_stopping_writes_down_what_was_used(records: TokenRecords, clock: Clock) -> None:
    tokens = Tokens(records, clock)
    await tokens.known.start()
    secret, _ = await tokens.create(Wish(user="alice"))
    await tokens.verify(secret)
    await tokens.known.stop()
    assert [token.last_used_at for token in await records.all()] == [clock.now]


async def test_the_cache_is_bounded(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_KNOWN", 3)
    secrets = [(await tokens.create(Wish(user="alice")))[0] for _ in range(5)]
    for secret in secrets:
        await tokens.verify(secret)
    assert [tokens.known.get(secret) is not None for secret in secrets] == [False, False, True, True, True]


@pytest.mark.parametrize(
    "user", ["", "a b", "-o", "a/b", "a:b", "a\nb", "ali\0ce", "0", "1000", "x" * 300, "é"]
)
async def test_names_that_no_user_has_are_refused(tokens: Tokens, user: str) -> None:
    with pytest.raises(ValidationError):
        await tokens.create(Wish(user=user))


@pytest.mark.parametrize("user", ["alice", "a.b-c_d", "alice@EXAMPLE.COM", "EXAMPLE\\alice", "host$", "7of9"])
async def test_names_of_every_directory_are_accepted(tokens: Tokens, user: str) -> None:
    secret, _ = await tokens.create(Wish(user=user))
    assert (await tokens.verify(secret)).user == user


async def test_bad_wishes_say_what_is_allowed(tokens: Tokens) -> None:
    with pytest.raises(ValidationError) as caught:
        await tokens.create(Wish(user="alice", scopes=frozenset({"jobs:read", "jobs:eat"})))
    assert caught.value.details["value"] == "jobs:eat"
    assert "jobs:read" in caught.value.details["allowed"]
    for seconds in (0, -1):
        with pytest.raises(ValidationError, match="expires_in"):
            await tokens.create(Wish(user="alice", expires_in=seconds))
    for name in ("", "x" * 257, "a\x1b[2Jb"):
        with pytest.raises(ValidationError, match="name"):
            await tokens.create(Wish(user="alice", name=name))
    assert await tokens.list() == []


class Records(TokenRecords):
    """A database whose answers the test decides."""

    def __init__(self) -> None:
        self.is_down = False
        self.number = 0
        self.token: Token | None = None
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.touched: dict[str, int] = {}

    async def revision(self) -> int:
        if self.is_down:
            raise DatabaseUnavailable("the database failed: disk I/O error")
        return self.number

    async def by_hash(self, secret_hash: bytes) -> Token | None:
        found = self.token
        self.asked.set()
        await self.may_answer.wait()
        return found

    async def touch(self, used: dict[str, int]) -> None:  # type: ignore[override]
        if self.is_down:
            raise DatabaseUnavailable("the database failed: disk I/O error")
        self.touched |= used


SECRET = "s9s_" + "a" * 43
TOKEN = Token(token_id="tok_1", user="alice", role="user", created_at=1)


async def test_a_revocation_during_a_look_up_is_not_missed(clock: Clock) -> None:
    records = Records()
    records.token = TOKEN
    tokens = Tokens(records, clock)
    await tokens.known.refresh()
    looking = asyncio.create_task(tokens.verify(SECRET))
    await records.asked.wait()
    records.number += 1
    await tokens.known.refresh()
    records.may_answer.set()
    await looking
    assert tokens.known.get(SECRET) is None


async def test_an_unreachable_database_empties_the_cache(clock: Clock) -> None:
    records = Records()
    records.token = TOKEN
    records.may_answer.set()
    tokens = Tokens(records, clock)
    await tokens.known.refresh()
    await tokens.verify(SECRET)
    assert tokens.known.get(SECRET) is not None
    records.is_down = True
    with pytest.raises(DatabaseUnavailable):
        await tokens.known.refresh()
    assert tokens.known.get(SECRET) is None
    with pytest.raises(DatabaseUnavailable):
        await tokens.known.flush()
    records.is_down = False
    await tokens.known.flush()
    assert records.touched == {"tok_1": int(clock.now)}
    await tokens.known.refresh()
    await tokens.verify(SECRET)
    assert tokens.known.get(SECRET) is not None
