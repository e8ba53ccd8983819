"""A client of Roomcast in one file: it resumes, repairs gaps, and applies each update once.

    pip install websockets

    async for change in watch("https://live.example", "s-1", token=get_token):
        if change.reset:
            tasks.clear()
        for update in change.updates:
            tasks[update["data"]["id"]] = update

It follows docs/clients.md. It has no topics that change while it is connected, no presence and no signals.
"""

import asyncio
import inspect
import json
import logging
import random
import time
from dataclasses import dataclass, field
from typing import Any, AsyncIterator, Awaitable, Callable, Optional, Union
from urllib.parse import quote, urlencode

PING = '{"type":"ping"}'
PING_EVERY_S = 30
ANSWER_WITHIN_S = 10
TOKEN_WITHIN_S = 30
PING_AFTER_CHARS = 1 << 20
ACK_EVERY_S = 1
ACK_AFTER_CHARS = 1 << 18
FIRST_PAUSE_S, FACTOR, LONGEST_PAUSE_S = 3, 1.5, 30
HEALTHY_AFTER_S = 5

LOG = logging.getLogger("roomcast")

Position = tuple[str, int]
Token = Union[str, Callable[[], Union[str, Awaitable[str]]], None]


class Refused(Exception):
    """The server said that connecting again would fail in the same way."""

    def __init__(self, code: int, reason: str):
        super().__init__(f"{reason or 'closed'} ({code})")
        self.code, self.reason = code, reason


@dataclass
class Change:
    """A change of the view. With `reset`, start from nothing first."""

    reset: bool
    updates: list[dict[str, Any]]


@dataclass
class Accepted:
    """What a frame means for a client at a position."""

    position: Optional[Position]
    updates: list[dict[str, Any]] = field(default_factory=list)
    reset: bool = False
    gap: bool = False


def accept(position: Optional[Position], frame: dict[str, Any]) -> Accepted:
    """Which updates of a frame are new, and whether something is missing (tests/vectors/following.json)."""
    kind = frame["type"]
    if kind == "connected":
        if frame["recovery"] == "none":
            return Accepted((frame["epoch"], frame["seq"]), reset=True)
        if frame["recovery"] == "replayed" and (position is None or position[0] != frame["epoch"]):
            return Accepted(None, gap=True)
    if kind == "dashboard.state":
        return Accepted((frame["epoch"], frame["seq"]), frame["updates"], reset=True)
    if kind == "subscribed":
        if position is None or position[0] != frame["epoch"]:
            return Accepted(position, gap=True)
        return Accepted((position[0], max(position[1], frame["seq"])), frame["updates"])
    if kind == "dashboard.update":
        return _continued(position, frame["seq"] - 1, frame["seq"], [frame])
    if kind == "dashboard.updates":
        return _continued(position, frame["prev"], frame["seq"], frame["updates"])
    return Accepted(position)


def _continued(position: Optional[Position], prev: int, seq: int, updates: list[dict[str, Any]]) -> Accepted:
    if position is None or prev > position[1]:
        return Accepted(position, gap=True)
    if seq <= position[1]:
        return Accepted(position)
    return Accepted((position[0], seq), [update for update in updates if update["seq"] > position[1]])


def may_reconnect(code: int) -> str:
    """`yes`, `no`, or `with a new token` (tests/vectors/close-codes.json)."""
    if code in (1000, 1009):
        return "no"
    if code == 4401:
        return "with a new token"
    return "no" if 4400 <= code <= 4499 else "yes"


def spread_s(frame: dict[str, Any], before: float) -> float:
    """Over how many seconds a large room asks its clients to spread their return."""
    if frame["type"] == "connected":
        return frame.get("returnWithinMs", 0) / 1000
    return frame["withinMs"] / 1000 if frame["type"] == "returning" else before


def pause_s(step: int, code: int, spread: float = 0) -> float:
    """Seconds before the next attempt: `step` is 1 after the first failed one. After a healthy connection it begins at -1: two attempts come soon."""
    if code == 4529:
        return 60 + 10 * random.random()
    crowded = 4500 <= code <= 4599
    if step < 1 and not crowded:
        return max(0.5, spread) * random.random() if step == -1 else 0.5 * (1 + random.random())
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * FACTOR ** max(0, step - 1))
    return min(LONGEST_PAUSE_S, longest * random.uniform(0.9, 1.1)) + (spread * random.random() if crowded else 0)


async def watch(url: str, session: str, token: Token = None, attempts: int = 10) -> AsyncIterator[Change]:
    """The changes of a session, for ever. Raises `Refused`, or the last error if so many pauses in a row do not help.

    `token` may be a function, plain or async. It is asked before each attempt. If it raises, or does not answer in 30 s, that attempt has failed.
    """
    position: Optional[Position] = None
    step, spread, renewed = 0, 0.0, False
    while True:
        began, code, error = None, 1006, None
        try:
            async for change, position, spread in _connection(url, session, await _shown(token), position):
                began, renewed = began or time.monotonic(), False
                if change:
                    yield change
        except _Closed as closed:
            code, error = closed.code, Refused(closed.code, closed.reason)
        except _NoToken as failed_function:
            error = failed_function.__cause__
        except (OSError, asyncio.TimeoutError) as lost:
            error = lost
        verdict = may_reconnect(code)
        if verdict == "with a new token" and callable(token) and not renewed:
            renewed = True
            continue
        if verdict != "yes":
            raise error or Refused(code, "")
        healthy = began is not None and time.monotonic() - began >= HEALTHY_AFTER_S
        step = -1 if healthy else step + 1
        if step > attempts:
            raise error or Refused(code, "attempts")
        await asyncio.sleep(pause_s(step, code, spread))


class _Closed(Exception):
    def __init__(self, code: int, reason: str):
        self.code, self.reason = code, reason


class _NoToken(Exception):
    """The function `token` has failed; its error is the cause."""


async def _shown(token: Token) -> Optional[str]:
    if not callable(token):
        return token
    try:
        shown = token()
        return await asyncio.wait_for(shown, TOKEN_WITHIN_S) if inspect.isawaitable(shown) else shown
    except Exception as error:
        LOG.warning("the function `token` has failed", exc_info=True)
        raise _NoToken from error


async def _connection(url: str, session: str, token: Optional[str], position: Optional[Position]):
    """One connection: changes with the position after each, and how the return is to be spread. Ends when something is missing; raises `_Closed` when it is closed."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed, InvalidHandshake

    query = "?" + urlencode({"resume": f"{position[0]}:{position[1]}"}, safe=":") if position else ""
    address = f"{url.replace('http', 'ws', 1)}/api/sessions/{quote(session, safe=':@+=~')}/live{query}"
    protocols = ["roomcast.v1"] + ([f"roomcast.bearer.{token}"] if token else [])
    try:
        socket = await asyncio.wait_for(
            connect(address, subprotocols=protocols, ping_interval=None, max_size=None), ANSWER_WITHIN_S)
    except InvalidHandshake as refused:
        raise OSError(str(refused)) from refused
    keeper, spread = _Keeper(socket), 0.0
    try:
        while True:
            text = await keeper.receive()
            accepted, spread = _read(position, text, spread)
            position = accepted.position
            if accepted.gap:
                yield None, position, spread
                return
            changed = accepted.reset or bool(accepted.updates)
            yield (Change(accepted.reset, accepted.updates) if changed else None), position, spread
            keeper.every_s = max(ACK_EVERY_S, spread)
            await keeper.applied(len(text), position[1] if changed and position else None)
    except ConnectionClosed as closed:
        received = closed.rcvd
        raise _Closed(received.code if received else 1006, received.reason if received else "") from closed
    finally:
        await socket.close()


def _read(position: Optional[Position], text: str, spread: float) -> tuple[Accepted, float]:
    try:
        frame = json.loads(text)
        return accept(position, frame), spread_s(frame, spread)
    except (ValueError, KeyError, TypeError) as unreadable:
        # The connection is not what it seems, so it counts as lost.
        raise OSError("the server sent what is no frame") from unreadable


class _Keeper:
    """Keeps a connection alive: pings, notices when nothing answers, and acknowledges at most once a second; in a large room more seldom, unless much has come."""

    def __init__(self, socket):
        self.socket = socket
        self.unproven, self.unacked, self.acked, self.owed = 0, 0, 0.0, None
        self.every_s = ACK_EVERY_S

    async def receive(self) -> str:
        """The next frame. Acknowledges what is owed, and pings, while nothing comes."""
        for wait in ([self.every_s] if self.owed is not None else []) + [PING_EVERY_S]:
            try:
                return await asyncio.wait_for(self.socket.recv(), wait)
            except asyncio.TimeoutError:
                await self._acknowledge()
        await self.socket.send(PING)
        return await asyncio.wait_for(self.socket.recv(), ANSWER_WITHIN_S)

    async def applied(self, chars: int, seq: Optional[int]) -> None:
        self.unproven += chars
        self.unacked += chars
        self.owed = seq if seq is not None else self.owed
        if self.unproven >= PING_AFTER_CHARS:
            self.unproven = 0
            await self.socket.send(PING)
        every_s = ACK_EVERY_S if self.unacked >= ACK_AFTER_CHARS else self.every_s
        if self.owed is not None and time.monotonic() - self.acked >= every_s:
            await self._acknowledge()

    async def _acknowledge(self) -> None:
        if self.owed is not None:
            await self.socket.send(json.dumps({"type": "ack", "seq": self.owed}))
            self.acked, self.unacked, self.owed = time.monotonic(), 0, None
