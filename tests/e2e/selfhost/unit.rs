//! What a unit of systemd says: its lines, and its commands as systemd would run them.

use std::fs;

use crate::support::checkout;

/// The text of a unit.
pub(super) struct Unit(String);

impl Unit {
    pub(super) fn read(name: &str) -> Self {
        Self(fs::read_to_string(checkout(&format!("selfhost/{name}"))).expect(name))
    }

    /// The values of a setting.
    pub(super) fn values(&self, name: &str) -> Vec<&str> {
        let of = |line: &'_ str| line.split_once('=').is_some_and(|(key, _)| key == name);
        let lines = self.0.lines().filter(|line| of(line));
        lines.filter_map(|line| Some(line.split_once('=')?.1)).collect()
    }

    /// The only value of a setting.
    pub(super) fn value(&self, name: &str) -> &str {
        let values = self.values(name);
        assert_eq!(values.len(), 1, "{name}");
        values[0]
    }

    /// The words of a command. Of systemd's rules for them it has those that our units need: quotes around a word, `$$`, and `${LISTEN}`.
    pub(super) fn command(&self, name: &str, listen: &str) -> Vec<String> {
        let line = self.value(name).replace("${LISTEN}", listen).replace("$$", "$");
        let mut words: Vec<String> = Vec::new();
        for (index, piece) in line.split('\'').enumerate() {
            if index % 2 == 1 {
                words.push(piece.to_owned());
            } else {
                words.extend(piece.split_whitespace().map(str::to_owned));
            }
        }
        words
    }
}
