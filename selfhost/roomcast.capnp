# Roomcast on bare workerd: one process on a machine of your own. selfhost/README.md says how to start
# it and what it lacks compared with Cloudflare. The bench serves Roomcast with this very file.

using Workerd = import "/workerd/workerd.capnp";

const roomcast :Workerd.Config = (services = .services, sockets = .sockets);

# What several machines have in common as well: cluster.capnp.
const services :List(Workerd.Service) = [
  (name = "worker", worker = .worker),
  # Where the rooms are. The folder must exist: --directory-path disk=/var/lib/roomcast
  (name = "disk", disk = (path = "rooms", writable = true)),
  # The dashboards, as scripts/build makes them: a path from where workerd is started. Whoever does not want them
  # leaves out these two services and the binding ASSETS.
  (name = "pages", worker = .pages),
  (name = "files", disk = (path = "dashboard/dist")),
];

# Plain HTTP for this machine only; TLS is for a proxy in front: --socket-addr http=127.0.0.1:9000
const sockets :List(Workerd.Socket) =
  [(name = "http", address = "127.0.0.1:8787", http = (), service = "worker")];

const worker :Workerd.Worker = (
  # The output of scripts/build. workerd reads both files when it starts.
  modules = [
    (name = "index.js", esModule = embed "../build/index.js"),
    (name = "index_bg.wasm", wasm = embed "../build/index_bg.wasm"),
  ],
  # The same as in wrangler.toml.
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["no_web_socket_compression"],

  # Each key is the name of a folder on the disk and goes into the identity of every room below it.
  # Keep both forever: with another key workerd does not find the existing rooms.
  durableObjectNamespaces = [
    (className = "Room", uniqueKey = "roomcast-room", enableSql = true),
    (className = "Pointer", uniqueKey = "roomcast-pointer", enableSql = true),
    (className = "Tenant", uniqueKey = "roomcast-tenant", enableSql = true),
    (className = "Directory", uniqueKey = "roomcast-directory", enableSql = true),
    (className = "Seat", uniqueKey = "roomcast-seat", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "disk"),

  bindings = [
    (name = "ROOM", durableObjectNamespace = "Room"),
    (name = "POINTER", durableObjectNamespace = "Pointer"),
    (name = "TENANT", durableObjectNamespace = "Tenant"),
    (name = "DIRECTORY", durableObjectNamespace = "Directory"),
    (name = "SEAT", durableObjectNamespace = "Seat"),
    (name = "ASSETS", service = "pages"),
    # Seals the secrets of tenants: "<name>:<base64 of 32 random bytes>". Without it nothing is served.
    (name = "SEALING_KEYS", fromEnvironment = "SEALING_KEYS"),
    # Optional: a variable that is not set counts as no setting.
    (name = "ADMIN_TOKEN", fromEnvironment = "ADMIN_TOKEN"),
    (name = "DEFAULT_TENANT", fromEnvironment = "DEFAULT_TENANT"),
    (name = "TENANT_HOST_SUFFIX", fromEnvironment = "TENANT_HOST_SUFFIX"),
    # The header in which your proxy says who connects, such as x-forwarded-for. Set it only if the proxy always sets
    # that header itself: anyone can send one. Without it nothing is counted by address.
    (name = "ADDRESS_HEADER", fromEnvironment = "ADDRESS_HEADER"),
    # "on": what tenants use is counted, for /admin/metrics, usage by day and budgets (docs/metrics.md).
    (name = "METERING", fromEnvironment = "METERING"),
  ],
);

const pages :Workerd.Worker = (
  modules = [(name = "pages.js", esModule = embed "pages.js")],
  compatibilityDate = "2026-11-01",
  bindings = [(name = "FILES", service = "files")],
);
