//! Reads the `meta` of schema 1, so that rooms stored in it can be migrated. It was a list of arrays, which also held
//! the ids of the events. The tables are migrated by the shell.

use serde::Deserialize;

use super::checkpoint::KeptEntry;
use super::{read, write, Corrupt};
use crate::limits::RoomLimits;
use crate::protocol::ids::{Epoch, Seq};
use crate::protocol::update::Entry;
use crate::room::seen::Seen;

/// Event id, key, number of updates of the key that the state keeps, bytes of the encoding.
#[derive(Deserialize)]
struct OldEntry(String, String, usize, usize);

/// Number, key, bytes of the encoding.
#[derive(Deserialize)]
struct OldKept(Seq, String, usize);

/// The `meta` of a burst, and the hashes of its events' ids, as schema 2 writes them.
///
/// # Errors
/// [`Corrupt`] when `meta` is not of schema 1.
pub fn burst(meta: &str, epoch: &Epoch) -> Result<(String, String), Corrupt> {
    let old: Vec<OldEntry> = read(meta, "burst")?;
    let seen = Seen::new(epoch, &RoomLimits::default());
    let ids = seen.encoded(old.iter().map(|entry| entry.0.as_str()));
    let entry = |OldEntry(_, key, keep, bytes): OldEntry| Entry { keep, ..Entry::new(key, bytes) };
    Ok((write(&old.into_iter().map(entry).collect::<Vec<_>>()), ids))
}

/// The `meta` of a checkpoint, as schema 2 writes it.
///
/// # Errors
/// [`Corrupt`] when `meta` is not of schema 1.
pub fn checkpoint(meta: &str) -> Result<String, Corrupt> {
    let old: Vec<OldKept> = read(meta, "checkpoint")?;
    let kept = |OldKept(seq, key, bytes)| KeptEntry {
        seq,
        key: key.into(),
        occurred: None,
        topic: None,
        audience: None,
        parts: None,
        bytes,
    };
    Ok(write(&old.into_iter().map(kept).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_schema_1_says_the_same_in_schema_2() {
        let epoch = Epoch::none();
        let old = r#"[["e-1","a",1,10],["e-2","b:é",50,17]]"#;
        let (meta, ids) = burst(old, &epoch).unwrap();
        assert_eq!(meta, r#"[{"key":"a","bytes":10},{"key":"b:é","keep":50,"bytes":17}]"#);
        let seen = Seen::new(&epoch, &RoomLimits::default());
        assert_eq!(ids, seen.encoded(["e-1", "e-2"].into_iter()));
        assert_eq!(burst("[[7]]", &epoch), Err(Corrupt("burst")));
    }

    #[test]
    fn a_checkpoint_of_schema_1_says_the_same_in_schema_2() {
        let meta = checkpoint(r#"[[3,"a",2],[5,"b:é",3]]"#).unwrap();
        assert_eq!(meta, r#"[{"seq":3,"key":"a","bytes":2},{"seq":5,"key":"b:é","bytes":3}]"#);
        assert_eq!(checkpoint("{}"), Err(Corrupt("checkpoint")));
    }
}
