//! The pointer: remembers the session of one aggregate, for events that do not name it.
//!
//! One object per aggregate and one row in it. The last event that named a session counts.

use serde::Deserialize;
use worker::{
    durable_object, DurableObject, Env, Method, Request, Response, Result, SqlStorage, State,
    WebSocket, WebSocketIncomingMessage,
};

/// The Durable Object of one aggregate.
#[durable_object]
pub struct Pointer {
    sql: SqlStorage,
}

#[derive(Deserialize)]
struct Row {
    session: String,
}

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS pointer (id INTEGER PRIMARY KEY, session TEXT NOT NULL)";

impl DurableObject for Pointer {
    fn new(state: State, _env: Env) -> Self {
        Self { sql: state.storage().sql() }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        match request.method() {
            Method::Put => {
                let session = request.text().await?;
                self.sql.exec(TABLE, None)?;
                let insert = "INSERT OR REPLACE INTO pointer (id, session) VALUES (0, ?)";
                self.sql.exec(insert, vec![session.into()])?;
                Ok(Response::empty()?.with_status(204))
            }
            _ => match self.session()? {
                Some(session) => Response::ok(session),
                None => Response::error("not found", 404),
            },
        }
    }

    async fn alarm(&self) -> Result<Response> {
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

impl Pointer {
    fn session(&self) -> Result<Option<String>> {
        // A pointer that was never learned has no table, and asking for it must not make one.
        let known = "SELECT name AS session FROM sqlite_master WHERE name = 'pointer'";
        if self.sql.exec(known, None)?.to_array::<Row>()?.is_empty() {
            return Ok(None);
        }
        let rows: Vec<Row> = self.sql.exec("SELECT session FROM pointer", None)?.to_array()?;
        Ok(rows.into_iter().next().map(|row| row.session))
    }
}
