# Serves PartyServer on bare workerd, in the same way as selfhost/roomcast.capnp serves Roomcast.

using Workerd = import "/workerd/workerd.capnp";

const partyserver :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "disk", disk = (path = "rooms", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "worker")],
);

const worker :Workerd.Worker = (
  # index.js with partyserver in it, bundled by scripts/bench.
  modules = [(name = "index.js", esModule = embed "../../build/partyserver.js")],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [(className = "Main", uniqueKey = "main", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "Main", durableObjectNamespace = "Main")],
);
