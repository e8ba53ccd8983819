//! An outbox: a table of Postgres into which a backend writes events in the transaction in which they happen.
//!
//! What was read stays locked in a transaction until it is settled, so that no other bridge reads it; if the connection ends first, nothing has
//! happened. It keeps no cursor: rows become visible in another order than that of their ids. Knows nothing of events.

mod connection;
mod table;

use std::time::Duration;

use roomcast::deployment::failure::Failure;
use serde_json::Value;
use tokio::time::Instant;

use super::options::PostgresOptions;
use super::source::{id, reason, Dead, Message, Source, Trouble};
use connection::{trouble, Connection};
use table::Table;

/// How long it waits for a notification before it says that there is nothing new.
const WAIT: Duration = Duration::from_secs(1);

/// How often it looks although nobody was notified: a notification is lost if nobody listens, and a table need not send any.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A table, as a bridge sees it.
pub(super) struct Postgres {
    connection: Connection,
    table: Table,
    /// Where the rows are that were read last and are not settled.
    read: Vec<Row>,
    /// When the table was last empty.
    empty: Option<Instant>,
}

/// A row that was read. It is locked, so that it stays where it is.
#[derive(Debug)]
struct Row {
    place: String,
}

impl Postgres {
    /// The table that the options name. Nothing is connected yet.
    ///
    /// # Errors
    /// The address or the name is none.
    pub(super) fn new(options: &PostgresOptions) -> Result<Self, Failure> {
        let table = Table::new(&options.table, options.channel.as_deref(), options.keep)?;
        let connection = Connection::new(&options.bus)?;
        Ok(Self { connection, table, read: Vec::new(), empty: None })
    }

    async fn connect(&mut self) -> Result<(), Trouble> {
        if !self.connection.is_open() {
            self.empty = None;
            self.connection.open(&self.table.listen()).await?;
        }
        Ok(())
    }

    /// Does what was asked, or ends the connection and with it the transaction.
    fn done<T>(&mut self, answer: Result<T, tokio_postgres::Error>) -> Result<T, Trouble> {
        answer.map_err(|error| {
            self.connection.close();
            self.read.clear();
            trouble(&error)
        })
    }

    async fn run(&mut self, statement: &str) -> Result<(), Trouble> {
        let ran = self.connection.client()?.batch_execute(statement).await;
        self.done(ran)
    }

    /// Locks the next rows in a transaction. If there are none, there is no transaction.
    async fn rows(&mut self, most: usize) -> Result<Vec<Message>, Trouble> {
        self.run("BEGIN").await?;
        let select = self.table.select(most);
        let rows = self.connection.client()?.query(&select, &[]).await;
        let rows = self.done(rows)?;
        if rows.is_empty() {
            self.empty = Some(Instant::now());
            self.run("COMMIT").await?;
            return Ok(Vec::new());
        }
        let (mut read, mut messages) = (Vec::new(), Vec::new());
        for row in rows {
            let parts = (row.try_get(0), row.try_get(1), row.try_get(2));
            let (place, key, json): (String, String, String) = match parts {
                (Ok(place), Ok(key), Ok(json)) => (place, key, json),
                (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => {
                    return self.done(Err(error));
                }
            };
            read.push(Row { place });
            messages.push(self.message(&key, &json));
        }
        self.read = read;
        Ok(messages)
    }

    fn message(&self, key: &str, json: &str) -> Message {
        let columns = match serde_json::from_str(json) {
            Ok(Value::Object(columns)) => columns,
            _ => serde_json::Map::new(),
        };
        Message::new(id(self.table.name(), key), None, columns)
    }

    async fn put_aside(&mut self, dead: &[Dead]) -> Result<(), Trouble> {
        for Dead { index, problem } in dead {
            let Some(row) = self.read.get(*index) else { continue };
            let text = serde_json::to_string(problem).unwrap_or_default();
            let (place, why) = (row.place.clone(), reason(problem));
            let bury = self.table.bury();
            let done = self.connection.client()?.execute(&bury, &[&place, &why, &text]).await;
            self.done(done)?;
        }
        Ok(())
    }

    async fn publish(&mut self, dead: &[Dead]) -> Result<(), Trouble> {
        let alive = |index: usize| !dead.iter().any(|dead| dead.index == index);
        let rows = self.read.iter().enumerate();
        let places: Vec<String> =
            rows.filter(|(index, _)| alive(*index)).map(|(_, row)| row.place.clone()).collect();
        let settle = self.table.settle();
        let done = self.connection.client()?.execute(&settle, &[&places]).await;
        self.done(done).map(|_| ())
    }
}

impl Source for Postgres {
    fn name(&self) -> String {
        "Postgres".to_owned()
    }

    async fn next(&mut self, most: usize) -> Result<Vec<Message>, Trouble> {
        self.connect().await?;
        if self.empty.is_some_and(|when| when.elapsed() < LOOK_EVERY)
            && !self.connection.notified_within(WAIT).await
        {
            return Ok(Vec::new());
        }
        self.rows(most).await
    }

    async fn settle(&mut self, dead: &[Dead]) -> Result<(), Trouble> {
        self.publish(dead).await?;
        self.put_aside(dead).await?;
        self.run("COMMIT").await?;
        self.read.clear();
        Ok(())
    }

    /// The rows are locked for as long as there is a connection.
    async fn keep(&mut self) -> Result<(), Trouble> {
        Ok(())
    }

    async fn lag(&mut self) -> Result<Option<u64>, Trouble> {
        let count = self.table.count();
        let row = self.connection.client()?.query_one(&count, &[]).await;
        let count: Result<i64, _> = self.done(row)?.try_get(0);
        Ok(u64::try_from(self.done(count)?).ok())
    }
}
