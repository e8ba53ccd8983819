//! The configuration of workerd: the Worker as it is deployed, and a small control worker that can force a room out of
//! memory.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{json, Value};

use super::checkout;

/// The key that tokens are signed with.
pub(crate) const TOKEN_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The secret that posts are signed with.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

/// The origin of a page that may connect.
pub(crate) const ORIGIN: &str = "https://app.example.com";

/// Counts the calls of objects: one log line for each; lets seats fail; and takes the continent of a client from `x-continent`, as it would come
/// from Cloudflare. The Worker is the one that is deployed, and only wrapped.
const WRAPPED: &str = r#"
import worker, * as built from "./built.js";
const fails = (seat, path) => FAILS;
const wrapped = (Class) => class extends built[Class] {
  #name;
  constructor(state, env) {
    super(state, env);
    this.#name = state.id.name;
  }
  async fetch(request) {
    const path = new URL(request.url).pathname;
    console.log(JSON.stringify({ event: "object.called", class: Class, path }));
    if (Class === "Seat" && fails(this.#name, path)) throw new Error("this seat fails");
    return super.fetch(request);
  }
};
export const Room = wrapped("Room"), Pointer = wrapped("Pointer"), Tenant = wrapped("Tenant");
export const Directory = wrapped("Directory"), Seat = wrapped("Seat");
const hinted = (rooms) => new Proxy(rooms, {
  get(target, property) {
    const value = Reflect.get(target, property);
    if (property !== "getByName") return typeof value === "function" && property !== "constructor" ? value.bind(target) : value;
    return (name, options) => {
      console.log(JSON.stringify({ event: "room.named", name, hint: options?.locationHint ?? null }));
      return target.getByName(name, options);
    };
  },
});
export default {
  fetch(request, env, context) {
    const continent = request.headers.get("x-continent");
    if (continent === null) return worker.fetch(request, env, context);
    return worker.fetch(new Request(request, { cf: { continent } }), { ...env, ROOM: hinted(env.ROOM) }, context);
  },
};
"#;

/// Of several modules, the first is the Worker.
const WRAPPED_FIRST: &str = r#"(name = "wrapped.js", esModule = embed "wrapped.js"),"#;

/// A rate limiting binding, which workerd itself does not have.
const LIMITER: &str = r#"
const seen = new Map();
export default () => ({
  async limit({ key }) {
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    console.log(JSON.stringify({ event: "limiter.asked", key }));
    LIMITS
  },
});
"#;

/// A dataset of Analytics Engine, which workerd itself does not have: each data point is a line of the log.
const DATASET: &str = r#"
export default () => ({
  writeDataPoint(point) { console.log(JSON.stringify({ event: "point.written", ...point })); },
});
"#;

/// Where these bindings come from: only modules of an extension can make one.
const EXTENSIONS: &str = r#"extensions = [(modules = [
    (name = "test:limiter", esModule = embed "limiter.js", internal = true),
    (name = "test:dataset", esModule = embed "dataset.js", internal = true),
  ])],"#;

const DATASET_BINDING: &str = r#"(name = "ANALYTICS", wrapped = (moduleName = "test:dataset")),"#;

const LIMITER_BINDING: &str = r#"(name = "ATTEMPTS", wrapped = (moduleName = "test:limiter")),"#;

/// Evicts the room that the path names and leaves its connections to the runtime, as hibernation does ten seconds after
/// the last event. The runtime's own tests do this in the same way. A POST goes to the seat that the path names, at `?path`.
const CONTROL: &str = r#"
import unsafe from "workerd:unsafe";
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const room = decodeURIComponent(url.pathname.slice(1));
    if (request.method === "POST") {
      const headers = { "roomcast-seat": btoa(await request.text()).replace(/=+$/, "") };
      const path = "https://object" + url.searchParams.get("path");
      const answer = await env.SEAT.getByName(room).fetch(path, { headers });
      return new Response(answer.headers.get("roomcast-seat"));
    }
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

/// The token of the admin API.
pub(crate) const ADMIN_TOKEN: &str = "abcdef0123456789abcdef0123456789";

/// The keys that secrets are stored with.
pub(crate) const SEALING_KEYS: &str = "a:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// The variables of the Worker, and the documents of its tenants.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    variables: Vec<(String, String)>,
    /// The documents that are stored when the server has started for the first time, by the names of their tenants.
    pub(crate) tenants: Vec<(String, Value)>,
    /// Whether the log has a line for each call of an object.
    pub(crate) counted: bool,
    /// Which calls of seats fail: a condition of `seat`, its name, and `path`, in JavaScript.
    pub(crate) seats_fail: Option<&'static str>,
    /// The rate limiting binding, if there is one: what it does when a key is seen for the `times`-th time, in JavaScript.
    pub(crate) limiter: Option<&'static str>,
    /// Whether there is a dataset of Analytics Engine.
    pub(crate) analytics: bool,
    /// Where requests of the Worker to other hosts go.
    pub(crate) outbound: Option<String>,
    /// What is added to the built Worker, so that it is another release: statements in JavaScript.
    pub(crate) release: String,
    /// Where the built Worker is.
    pub(crate) build: PathBuf,
    /// The environment of workerd itself, in addition to that of the tests.
    pub(crate) environment: Vec<(String, String)>,
}

/// The document of a tenant without limits, whose pages have these origins.
pub(crate) fn document(origins: &[&str]) -> Value {
    json!({
        "origins": origins,
        "tokens": {"issuer": "roomcast", "keys": [{"alg": "HS256", "secret": TOKEN_SECRET}]},
        "webhooks": [{"scheme": "standard", "secret": WEBHOOK_SECRET}],
        "limits": {"connections_per_user": null},
    })
}

impl Setup {
    /// The tenant `demo`, with the origin of the server's own page.
    pub(crate) fn demo(page: &str) -> Self {
        let tenants = vec![("demo".to_owned(), document(&[ORIGIN, page]))];
        let mut setup = Self {
            variables: Vec::new(),
            tenants,
            counted: false,
            seats_fail: None,
            limiter: None,
            analytics: false,
            outbound: None,
            release: String::new(),
            build: checkout("build"),
            environment: Vec::new(),
        };
        setup.set("DEFAULT_TENANT", "demo");
        setup.set("ADMIN_TOKEN", ADMIN_TOKEN);
        setup.set("SEALING_KEYS", SEALING_KEYS);
        setup
    }

    /// Gives the tenant `demo` these documents of dashboards: names, a document, or a list of both.
    pub(crate) fn presets(&mut self, text: &str) {
        let presets = match text.trim().as_bytes().first() {
            Some(b'[') => serde_json::from_str(text).expect("a list"),
            Some(b'{') => json!([serde_json::from_str::<Value>(text).expect("a document")]),
            _ => json!(text.split_whitespace().collect::<Vec<_>>()),
        };
        self.document()["presets"] = presets;
    }

    /// The document of the tenant `demo`.
    pub(crate) fn document(&mut self) -> &mut Value {
        &mut self.tenants[0].1
    }

    /// Sets a limit of the tenant `demo`; null means none.
    pub(crate) fn limit(&mut self, name: &str, value: &Value) {
        self.document()["limits"][name] = value.clone();
    }

    /// Sets or replaces a variable.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Removes a variable.
    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.retain(|(known, _)| known != name);
    }

    fn bindings(&self) -> String {
        // workerd makes an unset variable null; it does not leave it out.
        let mut text = String::new();
        for name in ["TENANT_HOST_SUFFIX", "ADDRESS_HEADER", "METERING"] {
            if !self.variables.iter().any(|(known, _)| known == name) {
                let nobody = "A_VARIABLE_THAT_NOBODY_SETS";
                write!(text, "(name = {name:?}, fromEnvironment = {nobody:?}), ")
                    .expect("a String takes all");
            }
        }
        for (name, value) in &self.variables {
            write!(text, "(name = {name:?}, text = {value:?}), ").expect("a String takes all");
        }
        if self.limiter.is_some() {
            text.push_str(LIMITER_BINDING);
        }
        if self.analytics {
            text.push_str(DATASET_BINDING);
        }
        text
    }
}

/// Writes everything that workerd needs into `folder`.
pub(crate) fn write(folder: &Path, setup: &Setup) {
    for (file, name) in [("index.js", "built.js"), ("index_bg.wasm", "index_bg.wasm")] {
        let built = setup.build.join(file);
        if let Err(error) = fs::copy(&built, folder.join(name)) {
            panic!("{}: {error}: build the Worker with scripts/build", built.display());
        }
    }
    let mut built = fs::OpenOptions::new().append(true).open(folder.join("built.js"));
    let built = built.as_mut().expect("the file built.js");
    writeln!(built, "{}", setup.release).expect("a file that can be written to");
    let wrapped = WRAPPED.replace("FAILS", setup.seats_fail.unwrap_or("false"));
    fs::write(folder.join("wrapped.js"), wrapped).expect("the file wrapped.js");
    let limiter = LIMITER.replace("LIMITS", setup.limiter.unwrap_or_default());
    fs::write(folder.join("limiter.js"), limiter).expect("the file limiter.js");
    fs::write(folder.join("dataset.js"), DATASET).expect("the file dataset.js");
    let storage = folder.join("storage");
    fs::create_dir_all(&storage).expect("a folder for the storage");
    fs::write(folder.join("control.js"), CONTROL).expect("the file control.js");
    fs::copy(checkout("selfhost/pages.js"), folder.join("pages.js")).expect("the file pages.js");
    fs::write(folder.join("config.capnp"), config(&storage, setup)).expect("the configuration");
}

fn config(storage: &Path, setup: &Setup) -> String {
    let (storage, bindings) = (storage.display(), setup.bindings());
    let files = checkout("dashboard/dist");
    let files = files.display();
    let wrapped = if setup.counted || setup.seats_fail.is_some() { WRAPPED_FIRST } else { "" };
    let extended = setup.limiter.is_some() || setup.analytics;
    let extensions = if extended { EXTENSIONS } else { "" };
    let (service, outbound) = match &setup.outbound {
        None => (String::new(), ""),
        Some(address) => (
            format!(r#"(name = "outbound", external = (address = "{address}", http = ())),"#),
            r#"globalOutbound = "outbound","#,
        ),
    };
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .roomcast),
    (name = "control", worker = .control),
    (name = "disk", disk = (path = "{storage}", writable = true)),
    (name = "pages", worker = .pages),
    (name = "files", disk = (path = "{files}")),
    {service}
  ],
  sockets = [
    (name = "main", address = "127.0.0.1:0", http = (), service = "main"),
    (name = "control", address = "127.0.0.1:0", http = (), service = "control"),
  ],
  {extensions}
);
const roomcast :Workerd.Worker = (
  modules = [{wrapped}
    (name = "built.js", esModule = embed "built.js"),
    (name = "index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["no_web_socket_compression"],
  {outbound}
  bindings = [
    (name = "ROOM", durableObjectNamespace = "Room"),
    (name = "POINTER", durableObjectNamespace = "Pointer"),
    (name = "TENANT", durableObjectNamespace = "Tenant"),
    (name = "DIRECTORY", durableObjectNamespace = "Directory"),
    (name = "SEAT", durableObjectNamespace = "Seat"),
    (name = "ASSETS", service = "pages"),
    {bindings}
  ],
  durableObjectNamespaces = [
    (className = "Room", uniqueKey = "room", enableSql = true),
    (className = "Pointer", uniqueKey = "pointer", enableSql = true),
    (className = "Tenant", uniqueKey = "tenant", enableSql = true),
    (className = "Directory", uniqueKey = "directory", enableSql = true),
    (className = "Seat", uniqueKey = "seat", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "disk"),
);
const pages :Workerd.Worker = (
  modules = [(name = "pages.js", esModule = embed "pages.js")],
  compatibilityDate = "2026-11-01",
  bindings = [(name = "FILES", service = "files")],
);
const control :Workerd.Worker = (
  modules = [(name = "control.js", esModule = embed "control.js")],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["experimental", "unsafe_module"],
  bindings = [
    (name = "ROOM", durableObjectNamespace = (className = "Room", serviceName = "main")),
    (name = "SEAT", durableObjectNamespace = (className = "Seat", serviceName = "main")),
  ],
);
"#
    )
}
