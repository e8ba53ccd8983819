"""Publishes events to Roomcast: signed by Standard Webhooks, and repeated until the server has them.

    pip install -r requirements.txt          # Python 3.11 or newer
    python publish.py ../events.json

It reads ROOMCAST_URL, ROOMCAST_TENANT and ROOMCAST_WEBHOOK_SECRET. It does not keep events until the server has them: that is for the
caller, who has them in a table or a queue.
"""

import json
import logging
import os
import random
import sys
import time
import uuid
from datetime import datetime, timezone

import httpx
from standardwebhooks.webhooks import Webhook

ATTEMPTS = 8
LONGEST_PAUSE_S = 30
LOG = logging.getLogger("roomcast")


class Refused(Exception):
    """The server has answered, and has not taken the events."""


class Publisher:
    def __init__(self, url: str, tenant: str, secret: str):
        self.url = f"{url.rstrip('/')}/t/{tenant}/api/events"
        self.webhook = Webhook(secret)
        self.client = httpx.Client(timeout=30)

    def publish(self, events: list[dict]) -> list[dict]:
        """What became of each of up to 500 events. Raises `Refused`, or the last error if no attempt has succeeded."""
        body, message_id = json.dumps(events, ensure_ascii=False), f"msg_{uuid.uuid4()}"
        for attempt in range(1, ATTEMPTS + 1):
            retry_after = ""
            try:
                answer = self._post(body, message_id)
                if answer.status_code == 202:
                    return answer.json()["results"]
                error = Refused(why(answer))
                if answer.status_code not in (408, 429) and answer.status_code < 500:
                    raise error
                retry_after = answer.headers.get("retry-after", "")
            except httpx.TransportError as lost:
                error = lost  # Nobody knows whether the events have arrived. A repetition does no harm.
            if attempt < ATTEMPTS:
                pause = min(LONGEST_PAUSE_S, 0.5 * 2 ** (attempt - 1)) * random.uniform(0.5, 1)
                pause = max(pause, int(retry_after) if retry_after.isdecimal() else 0)
                LOG.warning("trying again in %.1f s: %s", pause, error)
                time.sleep(pause)
        raise error

    def _post(self, body: str, message_id: str) -> httpx.Response:
        # A repetition has the same body and id, but a time and a signature of its own.
        now = datetime.now(timezone.utc)
        return self.client.post(self.url, content=body.encode(), headers={
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self.webhook.sign(message_id, now, body),
        })


def why(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        lines = [f"  event {error['index']}: {error['field']} {error['reason']}" for error in problem.get("errors", [])]
        return "\n".join([f"{answer.status_code} {problem['code']}: {problem['detail']}", *lines])
    except (ValueError, KeyError):
        return f"{answer.status_code}, and not from Roomcast: is ROOMCAST_URL right?"


def setting(name: str) -> str:
    return os.environ.get(name) or sys.exit(f"error: {name} is not set")


def main() -> None:
    publisher = Publisher(setting("ROOMCAST_URL"), setting("ROOMCAST_TENANT"), setting("ROOMCAST_WEBHOOK_SECRET"))
    with open(sys.argv[1], encoding="utf-8") as file:
        events = json.load(file)
    for result in publisher.publish(events):
        print(result["eventId"], result["status"], result.get("seq", result.get("reason")))


if __name__ == "__main__":
    try:
        main()
    except (Refused, httpx.TransportError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
