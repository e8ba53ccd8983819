# Serves PartyServer with the same job as Roomcast, on bare workerd, as selfhost/roomcast.capnp serves Roomcast.

using Workerd = import "/workerd/workerd.capnp";

const samejob :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "disk", disk = (path = "rooms", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "worker")],
);

const worker :Workerd.Worker = (
  # index.js with its libraries in it, bundled by scripts/bench.
  modules = [(name = "index.js", esModule = embed "../../build/samejob.js")],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [(className = "Main", uniqueKey = "main", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    (name = "Main", durableObjectNamespace = "Main"),
    (name = "DEMO_ORIGINS", fromEnvironment = "DEMO_ORIGINS"),
    (name = "DEMO_TOKEN_SECRET", fromEnvironment = "DEMO_TOKEN_SECRET"),
    (name = "DEMO_WEBHOOK_SECRET", fromEnvironment = "DEMO_WEBHOOK_SECRET"),
  ],
);
