"""Sessions: asked of their provider, remembered while that is safe, over from the moment they end here."""

import asyncio

from app.domain.identity.sessions import LONGEST_S, MOST_REMEMBERED, OpenSessions, SignedOutSessions


class Provider:
    """Keeps the sessions that are open, counts the questions, and answers when it may."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.open = {"sess_anna"}
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def is_open(self, session: str) -> bool:
        """What it found, even if the session ends before the answer."""
        self.asked += 1
        found = session in self.open
        await self.may_answer.wait()
        return found

    async def question(self, sessions: OpenSessions) -> asyncio.Task[bool]:
        """One that has reached the provider, which does not answer yet."""
        self.may_answer.clear()
        late = asyncio.create_task(sessions.is_open("sess_anna"))
        while not self.asked:  # noqa: ASYNC110 - turns of the loop, no time
            await asyncio.sleep(0)
        return late

    def sessions(self, trust_s: float = 1.0) -> OpenSessions:
        """What stands before it."""
        return OpenSessions(self.is_open, trust_s, lambda: self.now)


async def test_an_open_session_is_remembered_for_a_while() -> None:
    """The control trusts nothing, as where other processes may end a session."""
    provider = Provider()
    trusting, asking = provider.sessions(), provider.sessions(trust_s=0.0)

    assert all([await trusting.is_open("sess_anna") for _ in range(3)])
    assert provider.asked == 1
    provider.now += 1
    assert await trusting.is_open("sess_anna")
    assert provider.asked == 2
    assert all([await asking.is_open("sess_anna") for _ in range(3)])
    assert provider.asked == 5


async def test_a_slow_answer_is_not_trusted_for_longer() -> None:
    """Another process may have ended the session since the question."""
    provider = Provider()
    sessions = provider.sessions()
    late = await provider.question(sessions)
    provider.open.clear()
    provider.now += 1
    provider.may_answer.set()

    assert await late
    assert not await sessions.is_open("sess_anna")


async def test_a_session_that_is_not_open_is_asked_for_again() -> None:
    """A refusal is not remembered."""
    provider = Provider()
    sessions = provider.sessions()

    assert not await sessions.is_open("sess_ben")
    provider.open.add("sess_ben")
    assert await sessions.is_open("sess_ben")


async def test_a_session_that_ends_here_is_over_at_once() -> None:
    """What was known before is not trusted any more, and listeners are called."""
    provider = Provider()
    sessions, calls = provider.sessions(), []
    sessions.add_listener(lambda: calls.append("ended"))
    assert await sessions.is_open("sess_anna")

    provider.open.clear()
    sessions.on_sessions_ended()

    assert not await sessions.is_open("sess_anna")
    assert calls == ["ended"]


async def test_a_session_that_ends_while_its_provider_is_asked_is_not_remembered() -> None:
    """The late answer says open; the next request asks again."""
    provider = Provider()
    sessions = provider.sessions()
    late = await provider.question(sessions)

    provider.open.clear()
    sessions.on_sessions_ended()
    provider.may_answer.set()

    assert await late
    assert not await sessions.is_open("sess_anna")


async def test_a_flood_of_sessions_takes_no_more_memory() -> None:
    """At the limit all are asked for once more, and none is refused."""
    provider = Provider()
    provider.open = {f"sess_{number}" for number in range(MOST_REMEMBERED + 1)}
    sessions = provider.sessions()

    assert all([await sessions.is_open(session) for session in sorted(provider.open)])
    assert len(sessions._until) == 1


async def test_a_session_that_signed_out_is_closed_for_as_long_as_its_tokens_live() -> None:
    """Then it is not remembered any more, and others were open all the time."""
    now = [1000.0]
    left = SignedOutSessions(lambda: now[0])
    left.add("sess_anna")

    assert not await left.is_open("sess_anna")
    assert await left.is_open("sess_ben")
    now[0] += LONGEST_S
    assert await left.is_open("sess_anna")
    left.add("sess_ben")
    assert list(left._until) == ["sess_ben"]
