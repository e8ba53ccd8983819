//! The directory: one Durable Object that knows the names of all tenants, and what only one of them may have: host names and
//! fingerprints of credentials.
//!
//! Only tenants' objects claim, so that what is listed here is what is stored there. If storing fails after a claim, the next
//! attempt claims the same again.

use serde::Deserialize;
use worker::{
    durable_object, DurableObject, Env, Request, Response, Result, SqlStorage, SqlStorageValue,
    State,
};

use super::storage::number;
use crate::hop::directory::{Answer, Claim, Question, Wanted};
use crate::hop::DIRECTORY;
use crate::protocol::ids::TenantName;

/// Each tenant has a row for its name and one for each thing that is its own. `kind` is `name`, `host` or `key`.
const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS owned (kind TEXT, thing TEXT, tenant TEXT NOT NULL, \
     PRIMARY KEY (kind, thing)) WITHOUT ROWID";

/// The Durable Object that lists the tenants. There is one.
#[durable_object]
pub struct Directory {
    sql: SqlStorage,
}

#[derive(Deserialize)]
struct Owner {
    tenant: TenantName,
}

impl DurableObject for Directory {
    fn new(state: State, _env: Env) -> Self {
        Self { sql: state.storage().sql() }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        if request.path() != DIRECTORY {
            return Response::error("not found", 404);
        }
        self.sql.exec(TABLE, None)?;
        let answer = match serde_json::from_str(&request.text().await?)? {
            Question::Claim(claim) => self.claim(&claim)?,
            Question::Release { tenant } => {
                self.release(&tenant)?;
                Answer::Done
            }
            Question::List { after, limit } => self.list(after.as_ref(), limit)?,
            Question::Host { host } => Answer::Owner { tenant: self.owner("host", &host)? },
        };
        Response::from_json(&answer)
    }
}

impl Directory {
    fn owner(&self, kind: &str, thing: &str) -> Result<Option<TenantName>> {
        let select = "SELECT tenant FROM owned WHERE kind = ? AND thing = ?";
        let rows: Vec<Owner> =
            self.sql.exec(select, vec![kind.into(), thing.into()])?.to_array()?;
        Ok(rows.into_iter().next().map(|row| row.tenant))
    }

    fn claim(&self, claim: &Claim) -> Result<Answer> {
        let taken = |kind: &str, thing: &str| -> Result<bool> {
            Ok(self.owner(kind, thing)?.is_some_and(|owner| owner != claim.tenant))
        };
        let hosts = indexes(&claim.hosts, |host| taken("host", host))?;
        let credentials = indexes(&claim.credentials, |wanted: &Wanted| {
            wanted.all.iter().try_fold(false, |found, one| Ok(found || taken("key", one)?))
        })?;
        if !hosts.is_empty() || !credentials.is_empty() {
            return Ok(Answer::Taken { hosts, credentials });
        }
        self.release(&claim.tenant)?;
        self.own("name", claim.tenant.as_str(), &claim.tenant)?;
        for host in &claim.hosts {
            self.own("host", host, &claim.tenant)?;
        }
        for wanted in &claim.credentials {
            self.own("key", &wanted.fingerprint, &claim.tenant)?;
        }
        Ok(Answer::Done)
    }

    fn own(&self, kind: &str, thing: &str, tenant: &TenantName) -> Result<()> {
        let insert = "INSERT OR REPLACE INTO owned (kind, thing, tenant) VALUES (?, ?, ?)";
        self.sql.exec(insert, vec![kind.into(), thing.into(), tenant.as_str().into()])?;
        Ok(())
    }

    fn release(&self, tenant: &TenantName) -> Result<()> {
        self.sql.exec("DELETE FROM owned WHERE tenant = ?", vec![tenant.as_str().into()])?;
        Ok(())
    }

    fn list(&self, after: Option<&TenantName>, limit: usize) -> Result<Answer> {
        let select = "SELECT tenant FROM owned WHERE kind = 'name' AND thing > ? \
             ORDER BY thing LIMIT ?";
        let after = after.map_or("", TenantName::as_str);
        let one_more = number(u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1));
        let values: Vec<SqlStorageValue> = vec![after.into(), one_more];
        let rows: Vec<Owner> = self.sql.exec(select, values)?.to_array()?;
        let more = rows.len() > limit;
        let names = rows.into_iter().take(limit).map(|row| row.tenant).collect();
        Ok(Answer::Tenants { names, more })
    }
}

/// The indexes of the items of which something holds.
fn indexes<T>(items: &[T], holds: impl Fn(&T) -> Result<bool>) -> Result<Vec<usize>> {
    let mut found = Vec::new();
    for (index, item) in items.iter().enumerate() {
        if holds(item)? {
            found.push(index);
        }
    }
    Ok(found)
}
