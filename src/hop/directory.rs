//! What is asked of the directory, the object that knows the names of all tenants, and what it answers.

use serde::{Deserialize, Serialize};

use crate::protocol::ids::TenantName;

/// What is asked of the directory.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// A tenant wants its name listed, and these things for itself alone.
    Claim(Claim),
    /// A tenant is no longer there.
    Release {
        /// Its name.
        tenant: TenantName,
    },
    /// The names of tenants in their order.
    List {
        /// The name after which the page begins.
        after: Option<TenantName>,
        /// How many names it has at most.
        limit: usize,
    },
    /// Whose host name this is.
    Host {
        /// The host name, in lower case.
        host: String,
    },
}

/// What a tenant wants for itself alone.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claim {
    /// Its name.
    pub tenant: TenantName,
    /// Its host names, in lower case.
    pub hosts: Vec<String>,
    /// Its credentials.
    pub credentials: Vec<Wanted>,
}

/// A credential, by its fingerprints.
#[derive(Debug, Serialize, Deserialize)]
pub struct Wanted {
    /// The fingerprint that is remembered.
    pub fingerprint: String,
    /// All fingerprints under which another tenant may have it.
    pub all: Vec<String>,
}

/// What the directory answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The claim is accepted, or the release is done.
    Done,
    /// Another tenant has some of it; nothing was changed.
    Taken {
        /// The indexes of its host names that are taken.
        hosts: Vec<usize>,
        /// The indexes of its credentials that are taken.
        credentials: Vec<usize>,
    },
    /// Names of tenants.
    Tenants {
        /// The names.
        names: Vec<TenantName>,
        /// Whether there are more.
        more: bool,
    },
    /// Whose host name it is.
    Owner {
        /// The tenant.
        tenant: Option<TenantName>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hop::tests::same;

    #[test]
    fn the_form_of_the_directory_is_unchanged() {
        let wanted = r#"{"fingerprint":"0f","all":["0f","1e"]}"#;
        same::<Question>(&format!(
            r#"{{"claim":{{"tenant":"acme","hosts":["a.test"],"credentials":[{wanted}]}}}}"#
        ));
        same::<Question>(r#"{"release":{"tenant":"acme"}}"#);
        same::<Question>(r#"{"list":{"after":"acme","limit":2}}"#);
        same::<Question>(r#"{"host":{"host":"a.test"}}"#);
        same::<Answer>(r#""done""#);
        same::<Answer>(r#"{"taken":{"hosts":[0],"credentials":[]}}"#);
        same::<Answer>(r#"{"tenants":{"names":["acme"],"more":false}}"#);
        same::<Answer>(r#"{"owner":{"tenant":null}}"#);
    }
}
