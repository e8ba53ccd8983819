# Serves the floor's Worker on bare workerd, in the same way as selfhost/roomcast.capnp serves Roomcast. run.js
# chooses one of two configurations, which differ in one flag:
#
#   plain        as Roomcast is set up: no frame is compressed, even if the client offers it
#   compressing  the runtime's default: each frame is compressed for each connection that offers it

using Workerd = import "/workerd/workerd.capnp";

const plain :Workerd.Config = (
  services = [(name = "worker", worker = .plainWorker), .disk],
  sockets = [.http],
);

const compressing :Workerd.Config = (
  services = [(name = "worker", worker = .compressingWorker), .disk],
  sockets = [.http],
);

const disk :Workerd.Service = (name = "disk", disk = (path = "rooms", writable = true));

const http :Workerd.Socket =
  (name = "http", address = "127.0.0.1:8787", http = (), service = "worker");

const plainWorker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["no_web_socket_compression"],
  durableObjectNamespaces = [(className = "Floor", uniqueKey = "floor", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "FLOOR", durableObjectNamespace = "Floor")],
);

const compressingWorker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [(className = "Floor", uniqueKey = "floor", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "FLOOR", durableObjectNamespace = "Floor")],
);
