// Roomcast on several workerd that form a cluster, and the bucket that they share: what serves (q). All are children of this process, so
// that their CPU and memory can be measured together.
//
//   node bench/cluster.js PORT FOLDER MACHINES

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { portsOf, ROOT, WORKERD } from "./systems.js";

/** Serves until this process is told to end. */
async function serve(port, folder, count) {
  const bucket = spawn(process.execPath, [join(import.meta.dirname, "bucket.js")], { stdio: ["ignore", "pipe", "inherit"] });
  const [address] = await once(createInterface(bucket.stdout), "line");
  const config = join(folder, "cluster.capnp");
  writeFileSync(config, configuration(address));
  const machines = portsOf(port, count).map((one) => machine(config, one, join(folder, `disk-${one}`)));
  const children = [bucket, ...machines];
  const end = () => children.forEach((child) => child.kill("SIGKILL"));
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => (end(), process.exit(0)));
  for (const child of children) child.on("exit", () => (end(), process.exit(1)));
}

function machine(config, port, disk) {
  mkdirSync(disk, { recursive: true });
  const places = ["--socket-addr", `http=127.0.0.1:${port}`, "--directory-path", `disk=${disk}`];
  const args = ["serve", "-I", "/", "--experimental", config, ...places, "--cluster-addr", "127.0.0.1:0"];
  return spawn(WORKERD, args, { stdio: ["ignore", "inherit", "inherit"] });
}

function configuration(bucket) {
  const settings = [`aws_endpoint=${bucket}`, "aws_region=auto", "aws_access_key_id=any", "aws_secret_access_key=any"];
  return `using Workerd = import "/workerd/workerd.capnp";
using Roomcast = import "${ROOT}/selfhost/roomcast.capnp";
const cluster :Workerd.Config = (
  services = Roomcast.services,
  sockets = Roomcast.sockets,
  cluster = (
    bucket = "s3://rooms/roomcast",
    bucketOptions = ${JSON.stringify(settings)},
    key = "${randomBytes(32).toString("hex")}",
  ),
);
`;
}

const [port, folder, count] = process.argv.slice(2);
await serve(Number(port), folder, Number(count));
