# Roomcast on bare workerd: one process on a machine of your own. selfhost/README.md says how to start
# it and what it lacks compared with Cloudflare. The bench serves Roomcast with this very file.

using Workerd = import "/workerd/workerd.capnp";

const roomcast :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    # Where the rooms are. The folder must exist: --directory-path disk=/var/lib/roomcast
    (name = "disk", disk = (path = "rooms", writable = true)),
  ],
  # Plain HTTP for this machine only; TLS is for a proxy in front: --socket-addr http=127.0.0.1:9000
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "worker")],
);

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
  ],
  durableObjectStorage = (localDisk = "disk"),

  # For a tenant of another name, rename the DEMO_ ones: they start with the tenant's name.
  bindings = [
    (name = "ROOM", durableObjectNamespace = "Room"),
    (name = "POINTER", durableObjectNamespace = "Pointer"),
    (name = "TENANT", fromEnvironment = "TENANT"),
    (name = "DEMO_ORIGINS", fromEnvironment = "DEMO_ORIGINS"),
    (name = "DEMO_TOKEN_SECRET", fromEnvironment = "DEMO_TOKEN_SECRET"),
    (name = "DEMO_WEBHOOK_SECRET", fromEnvironment = "DEMO_WEBHOOK_SECRET"),
    # Optional: a variable that is not set counts as no setting.
    (name = "DEMO_PRESET", fromEnvironment = "DEMO_PRESET"),
    (name = "DEMO_TOKEN_ISSUER", fromEnvironment = "DEMO_TOKEN_ISSUER"),
    (name = "DEMO_TOKEN_AUDIENCE", fromEnvironment = "DEMO_TOKEN_AUDIENCE"),
  ],
);
