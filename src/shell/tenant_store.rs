//! The storage of a tenant's object: its document, its rooms, and what they are told, and whether it is being
//! deleted. A question creates no table.

use serde::de::DeserializeOwned;
use serde::Deserialize;
use worker::{Result, SqlStorage, SqlStorageValue};

use super::storage::number;
use crate::metering::ledger::Ledger;
use crate::metering::statement::DayUsage;
use crate::protocol::ids::Epoch;
use crate::protocol::time::Timestamp;
use crate::tenant::entry::Entry;
use crate::tenant::hooks::Waiting;
use crate::tenant::telling::Telling;

/// Names of rooms, each with its epoch in `version`, and some rows more: `#document` with version and text, `#ending` with a
/// time, `#watched` with another, `#rule` with what rooms are told, `#keys` and a URL with the keys that were fetched from there,
/// `#hook` and the name of a room with the hook of it that waits, and when it is due, `#ledger` with what was used, `#day` and a day with
/// what was used then. No room's name starts like this.
const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS tenant (name TEXT PRIMARY KEY, version TEXT, at INTEGER, \
     document TEXT) WITHOUT ROWID";

const DOCUMENT: &str = "#document";

const ENDING: &str = "#ending";

const RULE: &str = "#rule";

const WATCHED: &str = "#watched";

const KEYS: &str = "#keys ";

const HOOK: &str = "#hook ";

const LEDGER: &str = "#ledger";

const DAY: &str = "#day ";

/// The storage of one tenant.
#[derive(Debug)]
pub(super) struct TenantStore {
    sql: SqlStorage,
}

#[derive(Deserialize)]
struct Document {
    version: String,
    document: String,
}

#[derive(Deserialize)]
struct Text {
    document: String,
}

#[derive(Deserialize)]
struct Time {
    at: u64,
}

#[derive(Deserialize)]
struct Hooks {
    waiting: usize,
    first: Option<u64>,
}

#[derive(Deserialize)]
struct Count {
    count: u64,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

/// A room that has begun.
#[derive(Debug, Deserialize)]
pub(super) struct Room {
    /// `tenant/session`.
    pub(super) name: String,
    /// Its epoch. A room that an older release has noted has none.
    version: Option<String>,
}

impl TenantStore {
    pub(super) fn new(sql: SqlStorage) -> Self {
        Self { sql }
    }

    /// The document, if there is one.
    pub(super) fn entry(&self) -> Result<Option<Entry>> {
        let select = "SELECT version, document FROM tenant WHERE name = ?";
        let rows: Vec<Document> = self.rows_of(select, vec![DOCUMENT.into()])?;
        let entry = |row: Document| Entry { version: row.version, sealed: row.document };
        Ok(rows.into_iter().next().map(entry))
    }

    /// Stores a document in place of another.
    pub(super) fn put(&self, entry: &Entry) -> Result<()> {
        let put = "INSERT OR REPLACE INTO tenant (name, version, document) VALUES (?, ?, ?)";
        let (version, document) = (entry.version.as_str(), entry.sealed.as_str());
        self.sql.exec(TABLE, None)?;
        self.sql.exec(put, vec![DOCUMENT.into(), version.into(), document.into()])?;
        Ok(())
    }

    /// What is stored of the keys at a URL, as JSON.
    pub(super) fn keys(&self, url: &str) -> Result<Option<String>> {
        self.text(&format!("{KEYS}{url}"))
    }

    /// Stores what is known of the keys at a URL.
    pub(super) fn put_keys(&self, url: &str, text: &str) -> Result<()> {
        self.put_text(&format!("{KEYS}{url}"), text)
    }

    /// Forgets the keys at all URLs but these.
    pub(super) fn keep_keys(&self, urls: &[String]) -> Result<()> {
        let kept: Vec<String> = urls.iter().map(|url| format!("{KEYS}{url}")).collect();
        let rows: Vec<Name> =
            self.rows_of("SELECT name FROM tenant WHERE name LIKE '#keys %'", Vec::new())?;
        for row in rows.iter().filter(|row| !kept.contains(&row.name)) {
            self.remove(&row.name)?;
        }
        Ok(())
    }

    /// The hook of a room that waits, if one does.
    pub(super) fn hook(&self, room: &str) -> Result<Option<Waiting>> {
        let waiting = self.text(&format!("{HOOK}{room}"))?;
        Ok(waiting.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    /// How many rooms have a hook that waits, and when the first is due.
    pub(super) fn hooks(&self) -> Result<(usize, Option<Timestamp>)> {
        let select = "SELECT COUNT(*) AS waiting, MIN(at) AS first FROM tenant \
                      WHERE name > '#hook ' AND name < '#hook!'";
        let rows: Vec<Hooks> = self.rows_of(select, Vec::new())?;
        let hooks = rows.into_iter().next();
        Ok(hooks.map_or((0, None), |hooks| (hooks.waiting, hooks.first.map(Timestamp))))
    }

    /// The hooks that are due, those that are due for longest first, at most so many.
    pub(super) fn hooks_due(&self, now: Timestamp, most: usize) -> Result<Vec<Waiting>> {
        let select = "SELECT document FROM tenant WHERE name > '#hook ' \
                      AND name < '#hook!' AND at <= ? ORDER BY at LIMIT ?";
        let most = number(u64::try_from(most).unwrap_or(u64::MAX));
        let rows: Vec<Text> = self.rows_of(select, vec![number(now.0), most])?;
        let read = rows.iter().map(|row| serde_json::from_str(&row.document));
        Ok(read.collect::<serde_json::Result<_>>()?)
    }

    /// Stores a hook that is due then, in place of another of its room.
    pub(super) fn put_hook(&self, waiting: &Waiting, due: Timestamp) -> Result<()> {
        let put = "INSERT OR REPLACE INTO tenant (name, at, document) VALUES (?, ?, ?)";
        let (name, text) =
            (format!("{HOOK}{}", waiting.news.about()), serde_json::to_string(waiting)?);
        self.sql.exec(put, vec![name.into(), number(due.0), text.into()])?;
        Ok(())
    }

    /// Forgets the hook of a room.
    pub(super) fn forget_hook(&self, room: &str) -> Result<()> {
        self.remove(&format!("{HOOK}{room}"))
    }

    /// Forgets all hooks.
    pub(super) fn forget_hooks(&self) -> Result<()> {
        let delete = "DELETE FROM tenant WHERE name > '#hook ' AND name < '#hook!'";
        self.sql.exec(delete, None)?;
        Ok(())
    }

    /// Since when the tenant is being deleted.
    pub(super) fn ending(&self) -> Result<Option<Timestamp>> {
        self.time(ENDING)
    }

    /// Until when the operator watches the tenant, or has watched it.
    pub(super) fn watched(&self) -> Result<Option<Timestamp>> {
        self.time(WATCHED)
    }

    /// The operator watches the tenant until then.
    pub(super) fn watch(&self, until: Timestamp) -> Result<()> {
        self.put_time(WATCHED, until)
    }

    /// Marks the tenant as being deleted, and deletes its document. Rooms are told nothing more.
    pub(super) fn end(&self, at: Timestamp) -> Result<()> {
        self.put_time(ENDING, at)?;
        self.remove(RULE)?;
        self.remove(DOCUMENT)
    }

    /// The rooms whose names come after this one, in their order, at most so many.
    pub(super) fn rooms(&self, after: &str, most: usize) -> Result<Vec<Room>> {
        let select = "SELECT name, version FROM tenant WHERE name > ? AND name >= 'a' \
                      ORDER BY name LIMIT ?";
        let most = number(u64::try_from(most).unwrap_or(u64::MAX));
        self.rows_of(select, vec![after.into(), most])
    }

    /// Remembers a room, and which it is of those that had its name.
    pub(super) fn add_room(&self, room: &str, epoch: &Epoch) -> Result<()> {
        let put = "INSERT OR REPLACE INTO tenant (name, version) VALUES (?, ?)";
        self.sql.exec(put, vec![room.into(), epoch.as_str().into()])?;
        Ok(())
    }

    /// Forgets a room that has ended, unless another of its name has begun since.
    pub(super) fn forget_ended(&self, room: &str, epoch: &Epoch) -> Result<()> {
        let delete = "DELETE FROM tenant WHERE name = ? AND (version IS NULL OR version = ?)";
        if self.has_table()? {
            self.sql.exec(delete, vec![room.into(), epoch.as_str().into()])?;
        }
        Ok(())
    }

    /// Forgets a room that does not exist, unless one of its name has begun since it was read here.
    pub(super) fn forget(&self, room: &Room) -> Result<()> {
        let delete = "DELETE FROM tenant WHERE name = ? AND version IS ?";
        let version = room.version.as_deref().map_or(SqlStorageValue::Null, Into::into);
        self.sql.exec(delete, vec![room.name.as_str().into(), version])?;
        Ok(())
    }

    /// What rooms were told last, or are being told.
    pub(super) fn telling(&self) -> Result<Option<Telling>> {
        let telling = self.text(RULE)?;
        Ok(telling.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    /// Stores what rooms are being told, and how far that is.
    pub(super) fn put_telling(&self, telling: &Telling) -> Result<()> {
        self.put_text(RULE, &serde_json::to_string(telling)?)
    }

    /// The ledger, if there is one.
    pub(super) fn ledger(&self) -> Result<Option<Ledger>> {
        let ledger = self.text(LEDGER)?;
        Ok(ledger.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    /// Stores the ledger.
    pub(super) fn put_ledger(&self, ledger: &Ledger) -> Result<()> {
        self.put_text(LEDGER, &serde_json::to_string(ledger)?)
    }

    /// Stores what was used on a day that is over, and forgets days before `oldest`.
    pub(super) fn put_day(&self, day: &DayUsage, oldest: &str) -> Result<()> {
        self.put_text(&format!("{DAY}{}", day.day), &serde_json::to_string(day)?)?;
        let delete = "DELETE FROM tenant WHERE name > '#day ' AND name < ?";
        self.sql.exec(delete, vec![format!("{DAY}{oldest}").into()])?;
        Ok(())
    }

    /// What was used on the last days that are over, at most so many, the latest first.
    pub(super) fn days(&self, most: u64) -> Result<Vec<DayUsage>> {
        let select = "SELECT document FROM tenant WHERE name > '#day ' AND name < '#day!' \
                      ORDER BY name DESC LIMIT ?";
        let rows: Vec<Text> = self.rows_of(select, vec![number(most)])?;
        let read = rows.iter().map(|row| serde_json::from_str(&row.document));
        Ok(read.collect::<serde_json::Result<_>>()?)
    }

    /// How many rooms have begun and not ended.
    pub(super) fn count_rooms(&self) -> Result<u64> {
        let select = "SELECT COUNT(*) AS count FROM tenant WHERE name >= 'a'";
        let rows: Vec<Count> = self.rows_of(select, Vec::new())?;
        Ok(rows.first().map_or(0, |row| row.count))
    }

    /// Forgets a room, or what else has a row of this name.
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        self.sql.exec("DELETE FROM tenant WHERE name = ?", vec![name.into()])?;
        Ok(())
    }

    /// What has a row of this name, if it is a text without a version.
    fn text(&self, name: &str) -> Result<Option<String>> {
        let select = "SELECT document FROM tenant WHERE name = ?";
        let rows: Vec<Text> = self.rows_of(select, vec![name.into()])?;
        Ok(rows.into_iter().next().map(|row| row.document))
    }

    /// What has a row of this name, if it is a time.
    fn time(&self, name: &str) -> Result<Option<Timestamp>> {
        let select = "SELECT at FROM tenant WHERE name = ?";
        let rows: Vec<Time> = self.rows_of(select, vec![name.into()])?;
        Ok(rows.into_iter().next().map(|row| Timestamp(row.at)))
    }

    fn put_time(&self, name: &str, at: Timestamp) -> Result<()> {
        let put = "INSERT OR REPLACE INTO tenant (name, at) VALUES (?, ?)";
        self.sql.exec(put, vec![name.into(), number(at.0)])?;
        Ok(())
    }

    fn put_text(&self, name: &str, text: &str) -> Result<()> {
        let put = "INSERT OR REPLACE INTO tenant (name, document) VALUES (?, ?)";
        self.sql.exec(put, vec![name.into(), text.into()])?;
        Ok(())
    }

    /// The rows of a query; none if there is no table yet.
    fn rows_of<T: DeserializeOwned>(
        &self,
        query: &str,
        values: Vec<SqlStorageValue>,
    ) -> Result<Vec<T>> {
        if self.has_table()? {
            self.sql.exec(query, values)?.to_array()
        } else {
            Ok(Vec::new())
        }
    }

    fn has_table(&self) -> Result<bool> {
        let tables = "SELECT name FROM sqlite_master WHERE name = 'tenant'";
        let tables: Vec<Name> = self.sql.exec(tables, None)?.to_array()?;
        Ok(!tables.is_empty())
    }
}
