//! The pointer: remembers the session of one aggregate, for events that do not name it.
//!
//! One object per aggregate and one row in it. The last event that named a session counts. Its
//! answers say which rows they took, for the bill of the post that asked.

use serde::Deserialize;
use worker::{
    durable_object, DurableObject, Env, Method, Request, Response, Result, SqlStorage, State,
    WebSocket, WebSocketIncomingMessage,
};

use super::storage::rows;
use crate::protocol::cost::{self, Cost};

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
                let cost = self.learn(session)?;
                with_cost(Response::empty()?.with_status(204), cost)
            }
            _ => match self.session()? {
                (Some(session), cost) => with_cost(Response::ok(session)?, cost),
                (None, cost) => with_cost(Response::error("not found", 404)?, cost),
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
    fn learn(&self, session: String) -> Result<Cost> {
        let table = self.sql.exec(TABLE, None)?;
        let insert = "INSERT OR REPLACE INTO pointer (id, session) VALUES (0, ?)";
        let row = self.sql.exec(insert, vec![session.into()])?;
        Ok(rows(&table) + rows(&row))
    }

    fn session(&self) -> Result<(Option<String>, Cost)> {
        // A pointer that was never learned has no table, and asking for it must not make one.
        let known = "SELECT name AS session FROM sqlite_master WHERE name = 'pointer'";
        let known = self.sql.exec(known, None)?;
        if known.to_array::<Row>()?.is_empty() {
            return Ok((None, rows(&known)));
        }
        let pointer = self.sql.exec("SELECT session FROM pointer", None)?;
        let session = pointer.to_array::<Row>()?.into_iter().next().map(|row| row.session);
        Ok((session, rows(&known) + rows(&pointer)))
    }
}

fn with_cost(mut response: Response, cost: Cost) -> Result<Response> {
    response.headers_mut().set(cost::HEADER, &cost.to_string())?;
    Ok(response)
}
