# Whether a Roomcast on this machine serves: `workerd test health.capnp` ends with 0 if it does. The container and the service use it.
# Another address than that of roomcast.capnp: --external-addr roomcast=127.0.0.1:9000

using Workerd = import "/workerd/workerd.capnp";

const health :Workerd.Config = (
  services = [
    (name = "health", worker = .worker),
    (name = "roomcast", external = (address = "127.0.0.1:8787", http = ())),
  ],
);

const worker :Workerd.Worker = (
  modules = [(name = "health.js", esModule = embed "health.js")],
  compatibilityDate = "2026-11-01",
  bindings = [(name = "ROOMCAST", service = "roomcast")],
);
