//! The statements about an outbox.
//!
//! Texts only. Of its columns, `id`, `dead_reason` and `dead_problem` are known here, and `published_at` if rows are kept.

use roomcast::deployment::failure::Failure;

/// An outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    name: String,
    quoted: String,
    channel: String,
    keep: bool,
}

impl Table {
    /// The table of this name, which may have that of its schema before it.
    ///
    /// # Errors
    /// It is no name.
    pub(super) fn new(name: &str, channel: Option<&str>, keep: bool) -> Result<Self, Failure> {
        let parts: Vec<&str> = name.split('.').collect();
        if parts.len() > 2 || parts.iter().any(|part| part.is_empty() || part.contains('\0')) {
            let must = "must be a table, or SCHEMA.TABLE";
            return Err(Failure::Input(format!("{name:?} {must}")));
        }
        let quoted = parts.iter().copied().map(quoted).collect::<Vec<_>>().join(".");
        let channel = quoted_channel(channel.or(parts.last().copied()).unwrap_or_default());
        Ok(Self { name: name.to_owned(), quoted, channel, keep })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn listen(&self) -> String {
        format!("LISTEN {}", self.channel)
    }

    /// Locks the next rows: where they are, their ids, and their columns as JSON.
    pub(super) fn select(&self, most: usize) -> String {
        let (table, waiting) = (&self.quoted, self.waiting());
        format!(
            "SELECT place::text, id::text, to_jsonb(row)::text FROM (SELECT ctid AS place, id, row FROM {table} AS row \
             WHERE {waiting} ORDER BY id LIMIT {most} FOR UPDATE SKIP LOCKED) AS next ORDER BY next.id"
        )
    }

    /// Settles the rows at the places `$1`, which were published.
    pub(super) fn settle(&self) -> String {
        let table = &self.quoted;
        let does = if self.keep {
            format!("UPDATE {table} SET published_at = now()")
        } else {
            format!("DELETE FROM {table}")
        };
        format!("{does} WHERE ctid = ANY ($1::text[]::tid[])")
    }

    /// Puts the row at the place `$1` aside: `$2` says why, and `$3` as JSON.
    pub(super) fn bury(&self) -> String {
        let set = "SET dead_reason = $2::text, dead_problem = $3::text::jsonb";
        format!("UPDATE {} {set} WHERE ctid = $1::text::tid", self.quoted)
    }

    pub(super) fn count(&self) -> String {
        format!("SELECT count(*) FROM {} WHERE {}", self.quoted, self.waiting())
    }

    fn waiting(&self) -> &'static str {
        if self.keep {
            "dead_reason IS NULL AND published_at IS NULL"
        } else {
            "dead_reason IS NULL"
        }
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn quoted_channel(name: &str) -> String {
    quoted(&name.replace('\0', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_table_becomes_a_statement() {
        let table = Table::new("shop.out\"; DROP", None, false).unwrap();
        assert!(table.count().contains(r#"FROM "shop"."out""; DROP" WHERE"#), "{}", table.count());
        assert_eq!(table.listen(), r#"LISTEN "out""; DROP""#);
        for wrong in ["", "a.", "a.b.c"] {
            assert!(Table::new(wrong, None, false).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn rows_that_are_kept_are_not_read_again() {
        let kept = Table::new("outbox", Some("news"), true).unwrap();
        assert!(kept.settle().starts_with("UPDATE \"outbox\" SET published_at"));
        assert!(kept.select(5).contains("published_at IS NULL ORDER BY id LIMIT 5"));
        assert_eq!(kept.listen(), "LISTEN \"news\"");
    }
}
