//! Pointers: the sessions of a tenant's aggregates, for events that do not name them.
//!
//! A tenant has a few such objects, each with one row per aggregate. The row has the session of the event that occurred
//! last, so a repeat of an older event has no effect. A row that no event has used for a month is deleted. Each answer has
//! its cost, for the bill of the post.
//!
//! [`crate::hop`] has the form of questions and answers.

use std::time::Duration;

use serde::Deserialize;
use worker::{
    durable_object, DurableObject, Env, Request, Response, Result, SqlStorage, SqlStorageValue,
    State, WebSocket, WebSocketIncomingMessage,
};

use super::environment::now;
use super::storage::{number, rows_of};
use crate::hop::lesson::{Answer, Lesson};
use crate::hop::{END, FIND, LEARN};
use crate::limits::{POINTER_RETENTION_MS, POINTER_USED_MS};
use crate::protocol::cost::Cost;
use crate::protocol::ids::SessionId;
use crate::protocol::time::Timestamp;

/// The Durable Object of a part of a tenant's aggregates.
#[durable_object]
pub struct Pointer {
    state: State,
    sql: SqlStorage,
}

#[derive(Deserialize)]
struct Row {
    session: SessionId,
    at: u64,
    used: u64,
}

#[derive(Deserialize)]
struct Oldest {
    used: Option<u64>,
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS session_of (name TEXT PRIMARY KEY, \
     session TEXT NOT NULL, at INTEGER NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID";

impl DurableObject for Pointer {
    fn new(state: State, _env: Env) -> Self {
        let sql = state.storage().sql();
        Self { state, sql }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        match request.path().as_str() {
            FIND => {
                let names: Vec<String> = serde_json::from_str(&request.text().await?)?;
                answer(|spent| self.find(&names, spent))
            }
            LEARN => {
                let lessons: Vec<Lesson> = serde_json::from_str(&request.text().await?)?;
                self.begin().await?;
                answer(|spent| self.learn(&lessons, spent))
            }
            END => {
                self.state.storage().delete_all().await?;
                self.state.storage().delete_alarm().await?;
                Ok(Response::empty()?.with_status(204))
            }
            _ => Response::error("not found", 404),
        }
    }

    /// Deletes the rows that have not been used for long. Sets the alarm for the next one.
    async fn alarm(&self) -> Result<Response> {
        let unused = number(now().0.saturating_sub(POINTER_RETENTION_MS));
        self.sql.exec("DELETE FROM session_of WHERE used <= ?", vec![unused])?;
        let oldest = self.sql.exec("SELECT min(used) AS used FROM session_of", None)?;
        let oldest: Vec<Oldest> = oldest.to_array()?;
        match oldest.into_iter().find_map(|row| row.used) {
            Some(used) => self.end_at(Timestamp(used)).await?,
            None => self.state.storage().delete_all().await?,
        }
        Response::empty()
    }

    async fn websocket_message(&self, _: WebSocket, _: WebSocketIncomingMessage) -> Result<()> {
        Ok(())
    }

    async fn websocket_close(&self, _: WebSocket, _: usize, _: String, _: bool) -> Result<()> {
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: worker::Error) -> Result<()> {
        Ok(())
    }
}

fn answer(act: impl FnOnce(&mut Cost) -> Result<Vec<Option<SessionId>>>) -> Result<Response> {
    let mut cost = Cost::default();
    let sessions = act(&mut cost)?;
    Response::from_json(&Answer { sessions, cost })
}

impl Pointer {
    /// Whether the table exists. A question must not create it.
    fn has_begun(&self, spent: &mut Cost) -> Result<bool> {
        #[derive(Deserialize)]
        struct Table {}
        let tables = "SELECT name FROM sqlite_master WHERE name = 'session_of'";
        let tables = self.sql.exec(tables, None)?;
        let found: Vec<Table> = tables.to_array()?;
        *spent += rows_of(&tables);
        Ok(!found.is_empty())
    }

    /// Sets the alarm before the first row is written, so that no row can stay for ever.
    async fn begin(&self) -> Result<()> {
        if !self.has_begun(&mut Cost::default())? {
            self.end_at(now()).await?;
        }
        Ok(())
    }

    /// Sets the alarm for the time at which a row ends that was used last at `used`.
    async fn end_at(&self, used: Timestamp) -> Result<()> {
        let end = used.plus_ms(POINTER_RETENTION_MS).ms_since(now());
        // Rows may end shortly after each other; the object does not wake for each.
        let ms = end.max(POINTER_USED_MS);
        self.state.storage().set_alarm(Duration::from_millis(ms)).await
    }

    fn find(&self, names: &[String], spent: &mut Cost) -> Result<Vec<Option<SessionId>>> {
        if !self.has_begun(spent)? {
            return Ok(names.iter().map(|_| None).collect());
        }
        let find = |name: &String| self.find_one(name, spent);
        names.iter().map(find).collect()
    }

    fn find_one(&self, name: &str, spent: &mut Cost) -> Result<Option<SessionId>> {
        let Some(row) = self.read(name, spent)? else {
            return Ok(None);
        };
        if now().ms_since(Timestamp(row.used)) > POINTER_USED_MS {
            let used = "UPDATE session_of SET used = ? WHERE name = ?";
            *spent += rows_of(&self.sql.exec(used, vec![number(now().0), name.into()])?);
        }
        Ok(Some(row.session))
    }

    fn learn(&self, lessons: &[Lesson], spent: &mut Cost) -> Result<Vec<Option<SessionId>>> {
        *spent += rows_of(&self.sql.exec(TABLE, None)?);
        let mut learn = |lesson: &Lesson| self.learn_one(lesson, spent);
        lessons.iter().map(|lesson| Ok(Some(learn(lesson)?))).collect()
    }

    fn learn_one(&self, lesson: &Lesson, spent: &mut Cost) -> Result<SessionId> {
        let session = &lesson.session;
        if let Some(row) = self.read(&lesson.name, spent)? {
            let fresh = now().ms_since(Timestamp(row.used)) <= POINTER_USED_MS;
            if row.at > lesson.at.0 || row.session == *session && fresh {
                return Ok(row.session);
            }
        }
        let insert =
            "INSERT OR REPLACE INTO session_of (name, session, at, used) VALUES (?, ?, ?, ?)";
        let values: Vec<SqlStorageValue> = vec![
            lesson.name.as_str().into(),
            session.as_str().into(),
            number(lesson.at.0),
            number(now().0),
        ];
        *spent += rows_of(&self.sql.exec(insert, values)?);
        Ok(session.clone())
    }

    fn read(&self, name: &str, spent: &mut Cost) -> Result<Option<Row>> {
        let select = "SELECT session, at, used FROM session_of WHERE name = ?";
        let row = self.sql.exec(select, vec![name.into()])?;
        let rows: Vec<Row> = row.to_array()?;
        *spent += rows_of(&row);
        Ok(rows.into_iter().next())
    }
}
