"""The Python client follows as the shared vectors say, and goes on when something fails. `python3 -m unittest` in this folder needs nothing but
Python; with `websockets`, it also tries a real socket."""

import asyncio
import importlib.util
import json
import unittest
from pathlib import Path
from unittest import mock

import roomcast
from roomcast import accept, may_reconnect, pause_s, spread_s, watch

VECTORS = Path(__file__).resolve().parents[3] / "tests" / "vectors"


def vectors(name):
    return json.loads((VECTORS / name).read_text())


def parsed(position):
    epoch, seq = position.split(":") if position else ("", "")
    return (epoch, int(seq)) if position else None


class Following(unittest.TestCase):
    def test_positions_are_followed_as_the_vectors_say(self):
        all_vectors = vectors("following.json")
        self.assertTrue(all_vectors)
        for vector in all_vectors:
            found = accept(parsed(vector["at"]), vector["frame"])
            wanted = (parsed(vector["then"]), vector["new"], vector["reset"], vector["gap"])
            seqs = [update["seq"] for update in found.updates]
            self.assertEqual((found.position, seqs, found.reset, found.gap), wanted, vector["name"])

    def test_close_codes_mean_what_the_table_says(self):
        table = vectors("close-codes.json")
        self.assertTrue(table)
        for row in table:
            self.assertEqual(may_reconnect(row["code"]), row["reconnect"], row["name"])

    def test_pauses_stay_within_their_bounds(self):
        for failed in range(1, 30):
            self.assertTrue(2.7 <= pause_s(failed, 1006) <= 30)
        self.assertTrue(0 <= pause_s(-1, 1006) <= 0.5)
        self.assertTrue(0.5 <= pause_s(0, 1006) <= 1)
        moments = [pause_s(-1, 1006, 10) for _ in range(1000)]
        frames = vectors("frames.json")["server"]
        self.assertEqual([spread_s(frames[name], 7) for name in ("connected.crowded", "connected", "returning", "dashboard.update")], [2.5, 0, 5, 7])
        self.assertTrue(max(moments) <= 10 and sum(moment > 5 for moment in moments) > 300)
        self.assertGreaterEqual(pause_s(0, 4503), 2.7)
        self.assertGreaterEqual(pause_s(0, 4529), 60)


class Tokens(unittest.IsolatedAsyncioTestCase):
    """`watch` over connections that exist in this test only. No pause takes time."""

    async def asyncSetUp(self):
        self.pauses, self.tokens = [], []
        patches = [
            mock.patch.object(roomcast, "_connection", self.connection),
            mock.patch.object(roomcast, "pause_s", lambda step, code, spread: self.pauses.append((step, code)) or 0),
        ]
        for patch in patches:
            patch.start()
            self.addCleanup(patch.stop)

    async def connection(self, url, session, token, position):
        self.tokens.append(token)
        if token == "expired":
            raise roomcast._Closed(4401, "token_expired")
        yield roomcast.Change(True, []), ("e", 0), 0.0

    async def first(self, token, **more):
        async for change in watch("https://live.example", "s-1", token=token, **more):
            return change

    async def test_a_token_that_cannot_be_got_is_a_failed_attempt(self):
        answers = iter([KeyError("no session"), ValueError("no JSON"), "t"])

        def token():
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        with self.assertLogs("roomcast", "WARNING") as logged:
            change = await self.first(token)
        self.assertTrue(change.reset)
        self.assertEqual((self.tokens, self.pauses), (["t"], [(1, 1006), (2, 1006)]))
        self.assertEqual(len(logged.output), 2)

    async def test_after_so_many_attempts_the_error_of_the_function_is_raised(self):
        async def token():
            raise LookupError("logged out")

        with self.assertLogs("roomcast", "WARNING"), self.assertRaisesRegex(LookupError, "logged out"):
            await self.first(token, attempts=3)
        self.assertEqual(([], 3), (self.tokens, len(self.pauses)))

    async def test_a_token_that_never_comes_is_a_failed_attempt(self):
        with mock.patch.object(roomcast, "TOKEN_WITHIN_S", 0), self.assertLogs("roomcast", "WARNING"):
            with self.assertRaises(asyncio.TimeoutError):
                await self.first(lambda: asyncio.get_running_loop().create_future(), attempts=0)

    async def test_an_expired_token_is_replaced_once(self):
        answers = iter(["expired", "t"])
        change = await self.first(lambda: next(answers))
        self.assertTrue(change.reset)
        self.assertEqual((self.tokens, self.pauses), (["expired", "t"], []))
        with self.assertRaisesRegex(roomcast.Refused, "token_expired"):
            await self.first(lambda: "expired")
        with self.assertRaisesRegex(roomcast.Refused, "token_expired"):
            await self.first("expired")

    async def test_who_stops_watching_is_not_held_up(self):
        asked = asyncio.Event()

        async def token():
            asked.set()
            await asyncio.get_running_loop().create_future()

        watching = asyncio.ensure_future(self.first(token))
        await asked.wait()
        watching.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await watching


@unittest.skipUnless(importlib.util.find_spec("websockets"), "websockets is not installed")
class Sockets(unittest.IsolatedAsyncioTestCase):
    async def test_it_comes_back_with_its_position_from_a_lost_connection_and_from_a_frame_that_is_none(self):
        from websockets.asyncio.server import serve

        connected = {"type": "connected", "epoch": "e", "seq": 0, "recovery": "none"}
        update = {"type": "dashboard.update", "data": {}}
        asked = []

        async def serves(socket):
            asked.append((socket.request.path, socket.subprotocol))
            resumed = "resume" in socket.request.path
            await socket.send(json.dumps({**connected, "recovery": "replayed"} if resumed else connected))
            await socket.send(json.dumps({**update, "seq": len(asked)}))
            if len(asked) == 1:
                await socket.send("{")
                await socket.wait_closed()
            await socket.close(1012)

        seqs = []
        server = await serve(serves, "127.0.0.1", 0, subprotocols=["roomcast.v1"])
        async with server:
            with mock.patch.object(roomcast, "pause_s", lambda step, code, spread: 0):
                port = server.sockets[0].getsockname()[1]
                async for change in watch(f"http://127.0.0.1:{port}", "s-1", token=lambda: "t"):
                    seqs += [update["seq"] for update in change.updates]
                    if seqs == [1, 2, 3]:
                        break
        path = "/api/sessions/s-1/live"
        self.assertEqual([one for one, _ in asked], [path, f"{path}?resume=e:1", f"{path}?resume=e:2"])
        self.assertEqual({protocol for _, protocol in asked}, {"roomcast.v1"})


if __name__ == "__main__":
    unittest.main()
