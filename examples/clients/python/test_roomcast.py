"""The Python client follows as the shared vectors say. Needs nothing but Python: `python3 -m unittest` in this folder."""

import json
import unittest
from pathlib import Path

from roomcast import accept, may_reconnect, pause_s

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
        self.assertTrue(0 <= pause_s(0, 1006) <= 0.5)
        self.assertGreaterEqual(pause_s(0, 4503), 2.7)
        self.assertGreaterEqual(pause_s(0, 4529), 60)


if __name__ == "__main__":
    unittest.main()
