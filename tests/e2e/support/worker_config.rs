//! The configuration of workerd: the Worker as it is deployed, and a small control worker that can force a room out of
//! memory.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::checkout;

/// The key that tokens are signed with.
pub(crate) const TOKEN_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The secret that posts are signed with.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

/// The origin of a page that may connect.
pub(crate) const ORIGIN: &str = "https://app.example.com";

/// Evicts the room that the path names and leaves its connections to the runtime, as hibernation does ten seconds after
/// the last event. The runtime's own tests do this in the same way.
const CONTROL: &str = r#"
import unsafe from "workerd:unsafe";
export default {
  async fetch(request, env) {
    const room = decodeURIComponent(new URL(request.url).pathname.slice(1));
    const stub = env.ROOM.get(env.ROOM.idFromName(room));
    try {
      await unsafe.evict(stub, { webSockets: "hibernate" });
      return new Response("evicted");
    } catch (error) {
      return new Response(String(error), { status: 409 });
    }
  },
};
"#;

/// The variables of the Worker.
#[derive(Debug, Clone)]
pub(crate) struct Variables(Vec<(String, String)>);

impl Variables {
    /// The variables of the tenant `demo`, with the origin of the server's own page.
    pub(crate) fn demo(page: &str) -> Self {
        let mut variables = Self(Vec::new());
        variables.set("TENANT", "demo");
        variables.set("DEMO_TOKEN_SECRET", TOKEN_SECRET);
        variables.set("DEMO_WEBHOOK_SECRET", WEBHOOK_SECRET);
        variables.set("DEMO_ORIGINS", &format!("{ORIGIN} {page}"));
        variables
    }

    /// Sets or replaces a variable.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.0.push((name.to_owned(), value.to_owned()));
    }

    /// Removes a variable.
    pub(crate) fn unset(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    fn bindings(&self) -> String {
        let mut text = String::new();
        if !self.0.iter().any(|(name, _)| name == "DEMO_PRESET") {
            // workerd makes an unset variable null; it does not leave it out.
            text.push_str(
                r#"(name = "DEMO_PRESET", fromEnvironment = "A_VARIABLE_THAT_NOBODY_SETS"), "#,
            );
        }
        for (name, value) in &self.0 {
            write!(text, "(name = {name:?}, text = {value:?}), ").expect("a String takes all");
        }
        text
    }
}

/// Writes everything that workerd needs into `folder`.
pub(crate) fn write(folder: &Path, variables: &Variables) {
    for file in ["index.js", "index_bg.wasm"] {
        let built = checkout("build").join(file);
        if let Err(error) = fs::copy(&built, folder.join(file)) {
            panic!("{}: {error}: build the Worker with scripts/build", built.display());
        }
    }
    let storage = folder.join("storage");
    fs::create_dir_all(&storage).expect("a folder for the storage");
    fs::write(folder.join("control.js"), CONTROL).expect("the file control.js");
    fs::write(folder.join("config.capnp"), config(&storage, variables)).expect("the configuration");
}

fn config(storage: &Path, variables: &Variables) -> String {
    let (storage, bindings) = (storage.display(), variables.bindings());
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .roomcast),
    (name = "control", worker = .control),
    (name = "disk", disk = (path = "{storage}", writable = true)),
  ],
  sockets = [
    (name = "main", address = "127.0.0.1:0", http = (), service = "main"),
    (name = "control", address = "127.0.0.1:0", http = (), service = "control"),
  ],
);
const roomcast :Workerd.Worker = (
  modules = [
    (name = "index.js", esModule = embed "index.js"),
    (name = "index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["no_web_socket_compression"],
  bindings = [
    (name = "ROOM", durableObjectNamespace = "Room"),
    (name = "POINTER", durableObjectNamespace = "Pointer"),
    {bindings}
  ],
  durableObjectNamespaces = [
    (className = "Room", uniqueKey = "room", enableSql = true),
    (className = "Pointer", uniqueKey = "pointer", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "disk"),
);
const control :Workerd.Worker = (
  modules = [(name = "control.js", esModule = embed "control.js")],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["experimental", "unsafe_module"],
  bindings = [
    (name = "ROOM", durableObjectNamespace = (className = "Room", serviceName = "main")),
  ],
);
"#
    )
}
