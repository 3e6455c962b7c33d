import pytest

from s9s.domain.errors import AuthenticationFailed, RateLimitExceeded
from s9s.services.identity import failed_logins as module
from s9s.services.identity.failed_logins import FailedLogins, network_of


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def logins(clock: Clock) -> FailedLogins:
    return FailedLogins(5, clock)


def fail(logins: FailedLogins, secret: str, address: str | None = "192.0.2.1") -> None:
    with pytest.raises(AuthenticationFailed), logins.attempt(address, secret):
        raise AuthenticationFailed("Unknown token")


def succeed(logins: FailedLogins, secret: str, address: str | None = "192.0.2.1") -> None:
    with logins.attempt(address, secret):
        pass


def refuse(logins: FailedLogins, secret: str, address: str | None = "192.0.2.1") -> int:
    with pytest.raises(RateLimitExceeded) as caught, logins.attempt(address, secret):
        pytest.fail("it was let through")
    return caught.value.retry_after_seconds


def test_each_failure_beyond_the_allowance_costs_twice_the_delay(logins: FailedLogins, clock: Clock) -> None:
    for number in range(6):
        fail(logins, f"guess {number}")
    delays = []
    for number in range(12):
        seconds = refuse(logins, f"again {number}")
        delays.append(seconds)
        clock.now += seconds
        fail(logins, f"more {number}")
    assert delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_nothing_is_looked_at_while_an_address_waits_and_other_addresses_do_not(logins: FailedLogins) -> None:
    for number in range(6):
        fail(logins, f"guess {number}")
    refuse(logins, "even the right one")
    succeed(logins, "even the right one", "192.0.2.2")


def test_who_has_logged_in_before_does_not_wait(logins: FailedLogins) -> None:
    succeed(logins, "mine")
    for number in range(6):
        fail(logins, f"guess {number}")
    succeed(logins, "mine")
    fail(logins, "mine")  # revoked meanwhile: from now on as any other
    refuse(logins, "mine")


def test_what_is_regained_may_be_used_again(logins: FailedLogins, clock: Clock) -> None:
    for number in range(5):
        fail(logins, f"guess {number}")
    clock.now += 5 * module.REGAIN_SECONDS
    for number in range(5):
        fail(logins, f"other {number}")
    succeed(logins, "right")


def test_after_an_hour_of_peace_delays_begin_anew(logins: FailedLogins, clock: Clock) -> None:
    for number in range(6):
        fail(logins, f"guess {number}")
    clock.now += 1
    fail(logins, "one more")
    assert refuse(logins, "x") == 2
    clock.now += module.MEMORY_SECONDS + 1
    for number in range(6):
        fail(logins, f"later {number}")
    assert refuse(logins, "x") == 1


def test_the_same_wrong_secret_counts_for_less(logins: FailedLogins) -> None:
    for _ in range(18):  # 1 and 17 quarters are more than five
        fail(logins, "an old token in a script")
    assert refuse(logins, "an old token in a script") == 1


def test_successes_count_nothing(logins: FailedLogins) -> None:
    for number in range(100):
        succeed(logins, f"right {number}")


def test_many_at_once_are_bounded_and_cost_one_delay(logins: FailedLogins, clock: Clock) -> None:
    under_way = [logins.attempt("192.0.2.1", f"guess {number}") for number in range(module.MAX_UNDER_WAY)]
    for one in under_way:
        one.__enter__()
    assert refuse(logins, "one more") == 1
    for one in under_way:
        failure = AuthenticationFailed("Unknown token")
        assert not one.__exit__(AuthenticationFailed, failure, None)
    assert refuse(logins, "later") == 1
    clock.now += 1
    succeed(logins, "later")


def test_what_is_no_answer_counts_nothing(logins: FailedLogins) -> None:
    for number in range(50):
        with pytest.raises(ZeroDivisionError), logins.attempt("192.0.2.1", f"guess {number}"):
            raise ZeroDivisionError
    succeed(logins, "right")


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        (None, "not an address", True),
    ],
)
def test_what_counts_as_one_address(one: str | None, other: str, are_one: bool) -> None:
    assert (network_of(one) == network_of(other)) is are_one


def test_memory_is_bounded(logins: FailedLogins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ADDRESSES", 10)
    for number in range(6):
        fail(logins, f"guess {number}", "192.0.2.1")
    for number in range(9):
        fail(logins, "x", f"198.51.100.{number}")
    refuse(logins, "x")  # still known, and the youngest from now on
    for number in range(20):
        fail(logins, f"guess {number}", f"203.0.113.{number}")
    assert len(logins._addresses) == 10
