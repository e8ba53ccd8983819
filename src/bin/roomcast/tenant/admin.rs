//! Requests to the admin API of a deployment.

use std::time::Duration;

use reqwest::header::ETAG;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use roomcast::deployment::endpoint::Endpoint;
use roomcast::deployment::failure::{root_cause, Failure};
use roomcast::deployment::settings::Settings;
use roomcast::deployment::target::Target;
use roomcast::metering::statement::TenantUsage;
use roomcast::protocol::ids::{RoomName, TenantName};
use roomcast::protocol::problem::Problem;
use roomcast::protocol::report::Reported;
use serde::Deserialize;
use serde_json::Value;

const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// The admin API of a deployment.
pub(crate) struct Admin {
    client: Client,
    endpoint: Endpoint,
    token: String,
}

/// A tenant as the API shows it.
pub(super) struct Stored {
    pub(super) document: Value,
    /// Its entity tag.
    pub(super) version: String,
}

#[derive(Deserialize)]
struct Page {
    tenants: Vec<TenantName>,
    next: Option<TenantName>,
}

#[derive(Deserialize)]
struct RoomsPage {
    rooms: Vec<String>,
    next: Option<String>,
}

impl Admin {
    /// The API of the deployment that the arguments select.
    ///
    /// # Errors
    /// The admin token is missing.
    pub(crate) fn new(target: &Target) -> Result<Self, Failure> {
        let token = Settings::load(target)?.admin_token()?;
        let client = Client::builder().timeout(ANSWER_WITHIN).build();
        let client = client
            .map_err(|error| Failure::Machine(format!("cannot start: {}", root_cause(&error))))?;
        Ok(Self { client, endpoint: target.url.clone(), token })
    }

    /// The document of a tenant.
    pub(super) async fn get(&self, name: &TenantName) -> Result<Stored, Failure> {
        let response = self.send(self.client.get(self.endpoint.tenant(name))).await?;
        let version = tag(&response)?;
        Ok(Stored { version, document: self.read(response).await? })
    }

    /// Stores a document, under a condition. Returns whether the tenant is new, and the version.
    pub(crate) async fn put(
        &self,
        name: &TenantName,
        document: &Value,
        condition: Option<(&str, &str)>,
    ) -> Result<(bool, String), Failure> {
        let mut request = self.client.put(self.endpoint.tenant(name)).json(document);
        if let Some((header, value)) = condition {
            request = request.header(header, value);
        }
        let response = self.send(request).await?;
        Ok((response.status() == StatusCode::CREATED, tag(&response)?))
    }

    /// Deletes a tenant.
    pub(crate) async fn delete(&self, name: &TenantName) -> Result<(), Failure> {
        self.send(self.client.delete(self.endpoint.tenant(name))).await.map(drop)
    }

    /// Seals the secrets of a tenant anew.
    pub(super) async fn reseal(&self, name: &TenantName) -> Result<(), Failure> {
        self.send(self.client.post(self.endpoint.reseal(name))).await.map(drop)
    }

    /// The names of all tenants.
    pub(super) async fn list(&self) -> Result<Vec<TenantName>, Failure> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let url: Url = self.endpoint.tenants(after.as_ref());
            let page: Page = self.read(self.send(self.client.get(url)).await?).await?;
            all.extend(page.tenants);
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// The names of all rooms of a tenant.
    pub(crate) async fn rooms(&self, tenant: &TenantName) -> Result<Vec<String>, Failure> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let url = self.endpoint.rooms(tenant, after.as_deref());
            let page: RoomsPage = self.read(self.send(self.client.get(url)).await?).await?;
            all.extend(page.rooms);
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// How a room stands. This wakes it.
    pub(crate) async fn room(&self, room: &RoomName) -> Result<Reported, Failure> {
        self.read(self.send(self.client.get(self.endpoint.room(room))).await?).await
    }

    /// What a tenant has used, on so many days before today.
    pub(crate) async fn usage(
        &self,
        tenant: &TenantName,
        days: u64,
    ) -> Result<TenantUsage, Failure> {
        let url = self.endpoint.usage(tenant, days);
        self.read(self.send(self.client.get(url)).await?).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let answer = request.bearer_auth(&self.token).send().await;
        let response = answer.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        Err(Failure::Refused(match response.json::<Problem>().await {
            Ok(problem) => explained(&problem),
            Err(_) => format!("{} answered {status}", self.endpoint),
        }))
    }

    async fn read<T: for<'de> Deserialize<'de>>(&self, response: Response) -> Result<T, Failure> {
        response.json().await.map_err(|error| self.unreachable(&error))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        Failure::Unreachable { url: self.endpoint.to_string(), cause: root_cause(error) }
    }
}

/// The problem in words, one line per fault.
fn explained(problem: &Problem) -> String {
    let fault = |fault: &roomcast::protocol::problem::Faulty| {
        let colon = if fault.place.is_empty() { "" } else { ": " };
        format!("\n  {}{colon}{}", fault.place, fault.reason)
    };
    let faults: String = problem.faults.iter().map(fault).collect();
    format!("{} ({}){faults}", problem.detail, problem.code)
}

fn tag(response: &Response) -> Result<String, Failure> {
    let tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
    let missing = || Failure::Refused("the server answered without an ETag".to_owned());
    tag.map(str::to_owned).ok_or_else(missing)
}
