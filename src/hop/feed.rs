//! What a relay is sent: bursts, and the state if these are not enough.
//!
//! The first line is JSON with numbers and lengths. The texts follow as they are, so that nothing in them is escaped or decoded on
//! the way.

use serde::{Deserialize, Serialize};

use crate::protocol::ids::{Epoch, Seq};
use crate::room::row::{BurstRow, CheckpointRow};
use crate::room::seen::Leaving;
use crate::room::tree::feeding::Served;

/// The header with the answer to a feed: a [`crate::room::tree::feeding::Ate`].
pub const HEADER: &str = "roomcast-feed";

/// The first line.
#[derive(Serialize, Deserialize)]
struct Line {
    epoch: Epoch,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<State>,
    bursts: Vec<Burst>,
}

/// The last burst and update of a state, and the bytes of its body, its metadata and its tallies.
#[derive(Serialize, Deserialize)]
struct State(u64, Seq, usize, usize, usize);

/// The number of a burst, those of its first and last update, and the bytes of its body and its metadata.
#[derive(Serialize, Deserialize)]
struct Burst(u64, Seq, Seq, usize, usize);

impl From<&CheckpointRow> for State {
    fn from(row: &CheckpointRow) -> Self {
        let CheckpointRow { number, seq, body, meta, tallies, .. } = row;
        Self(*number, *seq, body.len(), meta.len(), tallies.len())
    }
}

impl From<&BurstRow> for Burst {
    fn from(row: &BurstRow) -> Self {
        let BurstRow { number, first, last, body, meta } = row;
        Self(*number, *first, *last, body.len(), meta.len())
    }
}

/// The body of a feed.
pub fn encode(served: &Served) -> String {
    let Served { epoch, checkpoint, bursts } = served;
    let (epoch, state) = (epoch.clone(), checkpoint.as_ref().map(State::from));
    let line = Line { epoch, state, bursts: bursts.iter().map(Burst::from).collect() };
    // Strings and numbers only, so encoding cannot fail. A relay would refuse an empty line.
    let mut text = serde_json::to_string(&line).unwrap_or_default();
    text.push('\n');
    let states = checkpoint.iter().flat_map(|row| [&*row.body, &row.meta, &row.tallies]);
    let bursts = bursts.iter().flat_map(|row| [&*row.body, &row.meta]);
    states.chain(bursts).for_each(|part| text.push_str(part));
    text
}

/// Reads a feed; `None` when it is malformed.
pub fn decode(text: &str) -> Option<Served> {
    let (line, mut rest) = text.split_once('\n')?;
    let Line { epoch, state, bursts } = serde_json::from_str(line).ok()?;
    let checkpoint = match state {
        Some(state) => Some(state.read(&mut rest)?),
        None => None,
    };
    let bursts = bursts.into_iter().map(|burst| burst.read(&mut rest)).collect::<Option<_>>()?;
    rest.is_empty().then_some(Served { epoch, checkpoint, bursts })
}

impl State {
    fn read(self, rest: &mut &str) -> Option<CheckpointRow> {
        let Self(number, seq, body, meta, tallies) = self;
        let (body, meta) = (cut(rest, body)?.to_owned(), cut(rest, meta)?.to_owned());
        let (tallies, leaving) = (cut(rest, tallies)?.to_owned(), Leaving::default());
        Some(CheckpointRow { number, seq, body, meta, leaving, tallies })
    }
}

impl Burst {
    fn read(self, rest: &mut &str) -> Option<BurstRow> {
        let Self(number, first, last, body, meta) = self;
        let (body, meta) = (cut(rest, body)?.into(), cut(rest, meta)?.to_owned());
        Some(BurstRow { number, first, last, body, meta })
    }
}

fn cut<'t>(rest: &mut &'t str, bytes: usize) -> Option<&'t str> {
    let (part, after) = rest.split_at_checked(bytes)?;
    *rest = after;
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served() -> Served {
        let burst = |number| BurstRow {
            number,
            first: number * 2,
            last: number * 2 + 1,
            body: "{\"é\":\"\n\"},{}".into(),
            meta: "[{},{}]".into(),
        };
        let checkpoint = CheckpointRow {
            number: 7,
            seq: 15,
            body: "{}".into(),
            meta: "{\"entries\":[]}".into(),
            leaving: Leaving::default(),
            tallies: "[1]".into(),
        };
        let epoch = Epoch::from_random([7; 8]);
        Served { epoch, checkpoint: Some(checkpoint), bursts: vec![burst(6), burst(7)] }
    }

    #[test]
    fn a_feed_reads_back_what_it_writes() {
        let bare = Served { checkpoint: None, ..served() };
        let none = Served { bursts: Vec::new(), ..bare.clone() };
        for served in [served(), bare, none] {
            assert_eq!(decode(&encode(&served)), Some(served));
        }
    }

    #[test]
    fn the_form_of_a_feed_is_unchanged() {
        let text = concat!(
            r#"{"epoch":"0707070707070707","state":[7,15,2,14,3],"bursts":[[6,12,13,13,7],[7,14,15,13,7]]}"#,
            "\n{}{\"entries\":[]}[1]{\"é\":\"\n\"},{}[{},{}]{\"é\":\"\n\"},{}[{},{}]"
        );
        assert_eq!(encode(&served()), text);
    }

    #[test]
    fn what_is_not_a_feed_is_refused() {
        let whole = encode(&served());
        let short = whole.strip_suffix(']').unwrap();
        for bad in ["", "{}\n", short, &format!("{whole}x")] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
