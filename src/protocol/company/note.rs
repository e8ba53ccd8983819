//! Notes: the frames that tell clients of each other.
//!
//! A note is a type and encoded fields, so that each dialect can put them in a form of its own without encoding them again.

use super::super::form::quoted;
use super::super::ids::ClientId;

/// A frame that tells clients of each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    kind: &'static str,
    /// The names of the fields and their JSON, in order.
    fields: Vec<(&'static str, String)>,
}

/// A user, and what it shows of itself, as JSON.
pub type Person<'p> = (&'p str, Option<&'p str>);

impl Note {
    /// Who is here: how many, and all of them or a sample.
    pub fn state<'p>(
        count: usize,
        users: impl IntoIterator<Item = Person<'p>>,
        is_sample: bool,
    ) -> Self {
        let sample = is_sample.then(|| ("sample", "true".to_owned()));
        let fields = [("count", count.to_string()), ("users", people(users))];
        Self { kind: "presence.state", fields: fields.into_iter().chain(sample).collect() }
    }

    /// What has changed since members were last told: how many are here now, who has come, who has gone, and who shows
    /// something else.
    pub fn changed<'p>(
        count: usize,
        joined: impl IntoIterator<Item = Person<'p>>,
        left: impl IntoIterator<Item = &'p str>,
        changed: impl IntoIterator<Item = Person<'p>>,
    ) -> Self {
        let left = left.into_iter().map(quoted).collect::<Vec<_>>().join(",");
        let fields = vec![
            ("count", count.to_string()),
            ("joined", people(joined)),
            ("left", format!("[{left}]")),
            ("changed", people(changed)),
        ];
        Self { kind: "presence.changed", fields }
    }

    /// How many are here now, who are too many to be listed.
    pub fn crowd(count: usize) -> Self {
        let fields = vec![("count", count.to_string()), ("sample", "true".to_owned())];
        Self { kind: "presence.changed", fields }
    }

    /// What a client signals; `data` is JSON. A client without a token has no user.
    pub fn signal(client: &ClientId, user: &str, topic: Option<&str>, data: &str) -> Self {
        let topic = topic.map(|topic| ("topic", quoted(topic)));
        let user = (!user.is_empty()).then(|| ("user", quoted(user)));
        let rest = [("clientId", quoted(client.as_str())), ("data", data.to_owned())];
        Self { kind: "signal", fields: topic.into_iter().chain(user).chain(rest).collect() }
    }

    /// The same as the answer to a frame with this `ref`.
    #[must_use]
    pub fn answering(&self, reference: &str) -> Self {
        let mut answer = self.clone();
        answer.fields.insert(0, ("ref", quoted(reference)));
        answer
    }

    /// Its type.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The JSON of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| *own == name).map(|(_, json)| json.as_str())
    }

    /// Its fields without its type, as a JSON object.
    pub fn body(&self) -> String {
        let fields: Vec<_> =
            self.fields.iter().map(|(name, json)| format!(r#""{name}":{json}"#)).collect();
        format!("{{{}}}", fields.join(","))
    }

    /// Roomcast's own frame.
    pub fn frame(&self) -> String {
        let body = self.body();
        format!(r#"{{"type":"{}",{}"#, self.kind, body.get(1..).unwrap_or("}"))
    }

    /// Bytes of its fields. What a dialect puts around them is not counted.
    pub fn bytes(&self) -> usize {
        self.fields.iter().map(|(name, json)| name.len() + json.len()).sum()
    }
}

fn people<'p>(people: impl IntoIterator<Item = Person<'p>>) -> String {
    let person = |(user, data): Person<'p>| match data {
        None => format!(r#"{{"user":{}}}"#, quoted(user)),
        Some(data) => format!(r#"{{"user":{},"data":{data}}}"#, quoted(user)),
    };
    format!("[{}]", people.into_iter().map(person).collect::<Vec<_>>().join(","))
}
