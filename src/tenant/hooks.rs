//! Hooks: where a tenant is told that somebody looks at one of its rooms, or nobody does any more; what it is sent, and when it
//! is sent it again.
//!
//! A room has one hook at a time: while one waits, its next change stays with the room. So hooks of a room arrive in their
//! order, and the last one tells the truth. Nothing here stores or sends; `shell/hooks.rs` does.

use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use crate::auth::jwks::{JwksUrl, Plain};
use crate::auth::webhook::{sign, WebhookSecret, WebhookSecrets};
use crate::limits::HOOK_AGAIN_MS;
use crate::preset::faults::Faults;
use crate::protocol::ids::RoomName;
use crate::protocol::occupancy::Change;
use crate::protocol::time::Timestamp;

/// Hooks, as they are written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct HooksForm {
    /// Where they are posted: an https URL of a named host.
    url: String,
    /// What they are signed with, by Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes. Not a secret of `webhooks`.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "super::secrets::SecretForm"))]
    secret: String,
}

/// Where a tenant is told of its rooms.
#[derive(Debug, Clone)]
pub struct Hooks {
    /// Where hooks are posted. The same URLs are allowed as for keys, and redirects must not be followed.
    pub url: JwksUrl,
    secrets: WebhookSecrets,
}

impl HooksForm {
    /// Hooks, checked. Their secret must not sign posts to Roomcast: what a receiver is sent could be posted back.
    pub fn checked(&self, signers: &WebhookSecrets, faults: &mut Faults<'_>) -> Option<Hooks> {
        let hooks = self.hooks(faults)?;
        let own = hooks.secrets.iter().all(|own| signers.iter().all(|signer| signer != own));
        faults.check("secret", own, "must not be one of `webhooks`: use a secret of its own");
        own.then_some(hooks)
    }

    fn hooks(&self, faults: &mut Faults<'_>) -> Option<Hooks> {
        let url = JwksUrl::parse(&self.url, Plain::Refused);
        let url = url.map_err(|reason| faults.at("url").add(reason)).ok();
        let secret = WebhookSecret::standard(&self.secret);
        let secret = secret.map_err(|reason| faults.at("secret").add(reason)).ok();
        let secrets = WebhookSecrets::try_from(vec![secret?]).ok()?;
        Some(Hooks { url: url?, secrets })
    }
}

impl Hooks {
    /// Those of a checked document, if it has some.
    pub fn of(document: &Value) -> Option<Self> {
        let form: HooksForm = serde_json::from_value(document.get("hooks")?.clone()).ok()?;
        form.hooks(&mut Faults::new(&mut Vec::new()))
    }

    /// The headers of an attempt, without the type of the body: names and values.
    pub fn headers(&self, id: &str, body: &str, now: Timestamp) -> [(&'static str, String); 3] {
        [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", now.seconds().to_string()),
            ("webhook-signature", sign(&self.secrets, id, now, body.as_bytes())),
        ]
    }
}

/// A hook that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Waiting {
    /// What it tells.
    pub news: News,
    /// How often it has failed.
    pub failed: usize,
}

/// A hook that waits, as it is stored: one of the first two is there.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<Change>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    budget: Option<Spent>,
    failed: usize,
}

impl TryFrom<Stored> for Waiting {
    type Error = &'static str;

    fn try_from(Stored { change, budget, failed }: Stored) -> Result<Self, Self::Error> {
        let news = change.map(News::Change).or(budget.map(News::Budget));
        Ok(Self { news: news.ok_or("a hook that tells nothing")?, failed })
    }
}

impl From<Waiting> for Stored {
    fn from(Waiting { news, failed }: Waiting) -> Self {
        match news {
            News::Change(change) => Self { change: Some(change), budget: None, failed },
            News::Budget(spent) => Self { change: None, budget: Some(spent), failed },
        }
    }
}

/// What a hook tells.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Somebody looks at a room, or nobody does any more.
    Change(Change),
    /// The tenant has used so much of its budget that it is warned, or all of it.
    Budget(Spent),
}

/// What a tenant has used of its budget of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// Its name.
    pub tenant: String,
    /// The day, of UTC, such as `2026-01-07`.
    pub day: String,
    /// Whether it is all of it.
    pub exceeded: bool,
    /// What was used, in dollars.
    pub dollars: f64,
    /// The budget, in dollars.
    pub dollars_per_day: f64,
    /// When that was found.
    pub at: Timestamp,
}

impl Spent {
    fn kind(&self) -> &'static str {
        if self.exceeded {
            "budget.exceeded"
        } else {
            "budget.warned"
        }
    }

    fn body(&self) -> Value {
        let Self { tenant, day, dollars, dollars_per_day, at, .. } = self;
        let data = json!({"tenant": tenant, "day": day, "dollars": dollars, "dollars_per_day": dollars_per_day});
        json!({"type": self.kind(), "timestamp": at.rfc3339(), "data": data})
    }
}

impl News {
    /// Whose hook it is: a room's or, without a slash, the tenant's. While one waits, no second one of the same is noted.
    pub fn about(&self) -> &str {
        match self {
            Self::Change(change) => &change.room,
            Self::Budget(spent) => &spent.tenant,
        }
    }

    /// Its id: the same at each attempt.
    pub fn id(&self) -> String {
        match self {
            Self::Change(change) => change.id.clone(),
            // No dots: what is signed has one behind the id.
            Self::Budget(spent) => {
                let level = if spent.exceeded { "exceeded" } else { "warned" };
                format!("budget-{level}-{}-{}", spent.tenant, spent.day)
            }
        }
    }
}

/// What comes of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// It has arrived.
    Arrived,
    /// It is sent again at this time.
    Again(Waiting, Timestamp),
    /// It is not sent again.
    GivenUp,
}

impl Waiting {
    /// A hook that has not been sent yet.
    pub fn new(news: News) -> Self {
        Self { news, failed: 0 }
    }

    /// The body: the same at each attempt. `None` if no room has such a name.
    pub fn body(&self) -> Option<String> {
        match &self.news {
            News::Change(change) => changed(change),
            News::Budget(spent) => Some(spent.body().to_string()),
        }
    }

    /// What comes of an attempt that was answered with this status, or with none in time.
    pub fn after(self, status: Option<u16>, now: Timestamp) -> Next {
        match status {
            Some(200..=299) => Next::Arrived,
            // The receiver is gone on purpose.
            Some(410) => Next::GivenUp,
            _ => match HOOK_AGAIN_MS.get(self.failed) {
                None => Next::GivenUp,
                Some(ms) => Next::Again(Self { failed: self.failed + 1, ..self }, now.plus_ms(*ms)),
            },
        }
    }
}

fn changed(change: &Change) -> Option<String> {
    let Change { room, occupied, at, .. } = change;
    let RoomName { tenant, preset, session, .. } = room.parse().ok()?;
    let (tenant, session) = (tenant.as_str(), session.as_str());
    let data = match preset {
        None => json!({"tenant": tenant, "session": session}),
        Some(name) => json!({"tenant": tenant, "session": session, "preset": name.as_str()}),
    };
    let kind = if *occupied { "room.occupied" } else { "room.vacated" };
    Some(json!({"type": kind, "timestamp": at.rfc3339(), "data": data}).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::webhook::verify;
    use crate::protocol::post::PostHeaders;

    const SECRET: &str = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6";
    const NOW: Timestamp = Timestamp(1_767_780_000_000);

    fn hooks(url: &str, secret: &str) -> Result<Hooks, Vec<String>> {
        let signers = WebhookSecrets::parse("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3").unwrap();
        let form = HooksForm { url: url.to_owned(), secret: secret.to_owned() };
        let mut found = Vec::new();
        let hooks = form.checked(&signers, &mut Faults::new(&mut found));
        hooks.ok_or_else(|| found.iter().map(ToString::to_string).collect())
    }

    fn waiting(room: &str, occupied: bool) -> Waiting {
        let (room, id) = (room.to_owned(), "0e-1".to_owned());
        Waiting::new(News::Change(Change { room, id, occupied, at: NOW }))
    }

    /// The signature of a hook, and whether a receiver takes it, which expects this body.
    fn signed_for(id: &str, body: &str, expected: &str) -> (String, bool) {
        let hooks = hooks("https://hooks.acme.test/roomcast", SECRET).unwrap();
        let [(_, id), (_, timestamp), (_, signature)] = hooks.headers(id, body, NOW);
        let headers = PostHeaders {
            id: Some(&id),
            timestamp: Some(&timestamp),
            signature: Some(&signature),
            ..PostHeaders::default()
        };
        let secrets = WebhookSecrets::parse(SECRET).unwrap();
        let taken = verify(&secrets, &headers, expected.as_bytes(), NOW).is_ok();
        (signature, taken)
    }

    #[test]
    fn a_hook_is_signed_as_a_receiver_verifies_it() {
        let body = waiting("acme/s-1", true).body().unwrap();
        let (signature, taken) = signed_for("0e-1", &body, &body);
        assert!(taken);
        // As the JavaScript library of Standard Webhooks signs this body.
        assert_eq!(signature, "v1,bTyLKiS8aDfhDZYSR/ePNGnN36hj6D4C+C03F9wgvFY=");
        let vacated = waiting("acme/s-1", false).body().unwrap();
        assert!(!signed_for("0e-1", &body, &vacated).1, "another body");
    }

    #[test]
    fn a_body_says_what_where_and_since_when() {
        let read =
            |waiting: Waiting| -> Value { serde_json::from_str(&waiting.body().unwrap()).unwrap() };
        let occupied = json!({"type": "room.occupied", "timestamp": "2026-01-07T10:00:00.000Z",
            "data": {"tenant": "acme", "session": "s-1"}});
        assert_eq!(read(waiting("acme/s-1", true)), occupied);
        let vacated = json!({"type": "room.vacated", "timestamp": "2026-01-07T10:00:00.000Z",
            "data": {"tenant": "acme", "preset": "orders", "session": "s-1"}});
        assert_eq!(read(waiting("acme/orders/s-1", false)), vacated);
    }

    #[test]
    fn a_hook_about_the_budget_says_how_much_was_used_and_has_an_id_for_each_level_of_a_day() {
        let spent = Spent {
            tenant: "acme".to_owned(),
            day: "2026-01-07".to_owned(),
            exceeded: false,
            dollars: 2.0,
            dollars_per_day: 2.5,
            at: NOW,
        };
        let warned = Waiting::new(News::Budget(spent.clone()));
        let body = json!({"type": "budget.warned", "timestamp": "2026-01-07T10:00:00.000Z",
            "data": {"tenant": "acme", "day": "2026-01-07", "dollars": 2.0, "dollars_per_day": 2.5}});
        assert_eq!(serde_json::from_str::<Value>(&warned.body().unwrap()).unwrap(), body);
        assert_eq!(
            (warned.news.about(), warned.news.id().as_str()),
            ("acme", "budget-warned-acme-2026-01-07")
        );
        let body = warned.body().unwrap();
        assert!(signed_for(&warned.news.id(), &body, &body).1, "a receiver takes it");
        let exceeded = News::Budget(Spent { exceeded: true, ..spent });
        assert_eq!(exceeded.id(), "budget-exceeded-acme-2026-01-07");
        let stored = serde_json::to_string(&warned).unwrap();
        assert_eq!(serde_json::from_str::<Waiting>(&stored).unwrap(), warned);
    }

    #[test]
    fn a_hook_that_fails_is_sent_again_later_and_later_and_then_given_up() {
        let (mut hook, mut now, mut pauses) = (waiting("acme/s-1", true), NOW, Vec::new());
        while let Next::Again(next, at) = hook.clone().after(Some(500), now) {
            pauses.push(at.ms_since(now));
            (hook, now) = (next, at);
        }
        assert_eq!(pauses, HOOK_AGAIN_MS);
        assert_eq!(hook.after(None, now), Next::GivenUp);
    }

    #[test]
    fn a_success_ends_it_and_so_does_a_receiver_that_is_gone() {
        let after = |status| waiting("acme/s-1", true).after(status, NOW);
        assert_eq!([after(Some(200)), after(Some(204))], [Next::Arrived, Next::Arrived]);
        assert_eq!(after(Some(410)), Next::GivenUp);
        for status in [None, Some(302), Some(404), Some(429), Some(503)] {
            assert!(matches!(after(status), Next::Again(..)), "{status:?}");
        }
    }

    #[test]
    fn a_wrong_url_and_a_secret_of_posts_are_refused_by_place() {
        for url in ["http://hooks.acme.test", "https://10.0.0.1/", "https://localhost/", ""] {
            let faults = hooks(url, SECRET).unwrap_err();
            assert!(faults[0].starts_with("url: must"), "{faults:?}");
        }
        let faults = hooks("https://hooks.acme.test", "hunter2").unwrap_err();
        assert!(faults[0].starts_with("secret: must be whsec_"), "{faults:?}");
        let own = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
        let faults = hooks("https://hooks.acme.test", own).unwrap_err();
        assert!(faults[0].starts_with("secret: must not be one of"), "{faults:?}");
    }

    #[test]
    fn the_form_in_which_it_is_stored_is_unchanged() {
        let text = r#"{"change":{"room":"acme/s-1","id":"0e-1","occupied":true,"at":1767780000000},"failed":0}"#;
        assert_eq!(serde_json::to_string(&waiting("acme/s-1", true)).unwrap(), text);
        assert_eq!(serde_json::from_str::<Waiting>(text).unwrap(), waiting("acme/s-1", true));
    }
}
