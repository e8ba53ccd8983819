// The workloads: the variants of each, the arguments of the load generator, and the figures in its table; and the
// variants for which the report shows costs.
//
// Nothing here starts a process: measure.js does, and load.js knows the generator's report.

const PUBLISHERS = 32;
const PAYLOAD = 250;
const DEFAULTS = { payload: PAYLOAD, ramp: 2, warmup: 2, duration: 6 };
/**
 * Where a server is busy all the time, the seconds before anything is measured: V8 compiles WebAssembly, and JavaScript, anew while
 * it runs, and the code of a room's turn is not optimised after two seconds. A server runs for days.
 */
const WARM = 10;
const FLOOD = { ...DEFAULTS, warmup: WARM, clients: 1000, publishers: PUBLISHERS };
// The client that stops is sent nothing any more after 4 MiB, which is half of the measured time.
const STALL = { ...DEFAULTS, clients: 1000, publishers: 4, rate: 1000, batch: 50, payload: 500, duration: 16, freshKeys: true };
const STORM = { clients: 2000, connectOnly: true };
const QUICK = { warmup: 1, duration: 2 };

const WRONG = ["lost", "errors"];
const THROUGHPUT = ["deliveriesPerSecond", "eventsPerSecond", "p50Ms", "p99Ms", "cpuPerDeliveryUs"];
const FLOOD_FIGURES = [...THROUGHPUT, "generatorCpuPercent", ...WRONG];
// No "lost": there are no clients.
const INGEST = ["eventsPerSecond", "postP50Ms", "postP99Ms", "cpuPerEventUs", "generatorCpuPercent", "errors"];

/**
 * `kind` says how measure.js runs the workload. Each variant is run with `load` and has a key for the bars.
 * `quick` overrides `load` under --quick, and `peers` overrides it for the peers. `rounds` is the most rounds to run.
 * `without` names the systems for which the workload has no meaning, and why.
 */
export const workloads = [
  {
    id: "a",
    title: "lone events: 100 clients, one event each 100 ms (open loop)",
    kind: "load",
    figures: ["p50Ms", "p99Ms", ...WRONG],
    variants: [
      {
        key: "a",
        load: { ...DEFAULTS, clients: 100, publishers: 1, rate: 10, duration: 12 },
        quick: { warmup: 1, duration: 3 },
      },
    ],
  },
  {
    id: "b",
    title: "flood: 1,000 clients, 32 publishers, closed loop, one event per POST",
    kind: "load",
    figures: FLOOD_FIGURES,
    variants: [{ key: "b", load: FLOOD, quick: QUICK }],
  },
  {
    id: "c",
    title: "flood with 100 events per POST",
    kind: "load",
    figures: FLOOD_FIGURES,
    without: { nchan: "an array stays one message" },
    variants: [{ key: "c", load: { ...FLOOD, batch: 100 }, quick: QUICK }],
  },
  {
    id: "d",
    title: "ingest of one room, no clients: 32 publishers (Roomcast answers once it has stored, others once they have read)",
    kind: "load",
    figures: INGEST,
    variants: [
      { key: "d1", title: "1 per POST", load: { ...FLOOD, clients: 0 }, quick: QUICK },
      {
        key: "d100",
        title: "100 per POST",
        without: { nchan: "an array stays one message" },
        load: { ...FLOOD, clients: 0, batch: 100 },
        quick: QUICK,
      },
    ],
  },
  {
    id: "e",
    title: "connect storm: 2,000 upgrades",
    kind: "load",
    figures: ["upgradesPerSecond", "p50Ms", "p99Ms", "cpuPerUpgradeUs", "errors"],
    variants: [{ key: "e", load: STORM }],
  },
  {
    id: "f",
    title: "recovery storm: kill -9, restart, 1,000 clients come back, each missing 50",
    kind: "recovery",
    only: ["roomcast"],
    figures: ["levelMs", "away", "lost", "duplicated", "errors"],
    variants: [{ key: "f", load: { clients: 1000, payload: PAYLOAD, ramp: 2, recover: 50 } }],
  },
  {
    id: "g",
    title: "idle: a silent room with 1,000 clients (Roomcast's ping every 30 s, Socket.IO's server every 25 s)",
    kind: "idle",
    figures: ["memoryPerClientKb", "cpuMsPerMinute", "wakesPerHour"],
    // A room hibernates ten seconds after the last event. The rest of the time covers two of the sweeps, one a minute.
    // One round is enough: only Roomcast logs its wakes, and memory hardly differs from round to round.
    rounds: 1,
    variants: [
      { key: "g", load: { clients: 1000, ramp: 2, idle: 140 }, peers: { idle: 50 }, quick: { idle: 22 } },
    ],
  },
  {
    id: "h",
    title: "many rooms: 500 rooms with 4 clients each, events spread",
    kind: "load",
    figures: FLOOD_FIGURES,
    variants: [{ key: "h", load: { ...FLOOD, clients: 2000, rooms: 500 }, quick: QUICK }],
  },
  {
    id: "i",
    title: "growth: the flood at 10, 100, 1,000 and 5,000 clients",
    kind: "load",
    only: ["roomcast", "partyserver"],
    figures: ["deliveriesPerSecond", "p99Ms", "cpuPerDeliveryUs", "generatorCpuPercent", ...WRONG],
    variants: [10, 100, 1000, 5000].map((clients) => ({
      key: `i${clients}`,
      title: `${clients} clients`,
      load: { ...FLOOD, clients },
      quick: QUICK,
    })),
  },
  {
    id: "j",
    title: "one publisher that posts as soon as it is answered (closed loop, one event per POST)",
    kind: "load",
    figures: FLOOD_FIGURES,
    variants: [1, 100, 1000].map((clients) => ({
      key: `j${clients}`,
      title: clients === 1 ? "1 client" : `${clients.toLocaleString("en")} clients`,
      load: { ...DEFAULTS, warmup: WARM, clients, publishers: 1 },
      quick: QUICK,
    })),
  },
  {
    id: "k",
    title: "views: the flood with 1,000 clients in 1, 10 and 1,000 groups that all see everything",
    kind: "load",
    only: ["roomcast"],
    figures: [...THROUGHPUT, "frames", ...WRONG],
    variants: [1, 10, 1000].map((groups) => ({
      key: `k${groups}`,
      title: groups === 1 ? "1 group" : `${groups.toLocaleString("en")} groups`,
      load: { ...FLOOD, groups },
      quick: QUICK,
    })),
  },
  {
    id: "l",
    title: "counting: 2,000 clients of 400 users at 400 addresses connect, go, and connect again",
    kind: "storms",
    only: ["roomcast"],
    figures: [
      ...["upgradesPerSecond", "p50Ms", "cpuPerUpgradeUs"],
      ...["againUpgradesPerSecond", "againP50Ms", "againCpuPerUpgradeUs", "errors"],
    ],
    variants: [
      ["plain", "nothing is limited"],
      ["user", "connections per user"],
      ["five", "connections per user, five at most: nobody has a place to spare"],
      ["address", "connections per user and per address"],
      ["all", "both, and attempts per minute"],
    ].map(([tenant, title]) => ({ key: `l-${tenant}`, title, load: { ...STORM, users: 400, addresses: 400, tenant } })),
  },
  {
    id: "m",
    title: "a client that stops reading among 1,000 under a flood of 0.5 MB/s, each event under a key of its own (open loop)",
    kind: "load",
    only: ["roomcast"],
    figures: ["p50Ms", "p99Ms", "cpuPerDeliveryUs", "memoryPeakMb", "levelMs", "generatorCpuPercent", "duplicated", ...WRONG],
    variants: [
      ["all", "all read", {}],
      ["one", "one stops", { stall: 1 }],
    ].map(([name, title, more]) => ({ key: `m-${name}`, title, load: { ...STALL, ...more }, quick: { warmup: 2, duration: 3 } })),
  },
  {
    id: "n",
    title: "compression: clients that ask for compressed frames, and clients that do not (open loop)",
    kind: "load",
    only: ["roomcast"],
    figures: [...THROUGHPUT, "bytesPerDelivery", "frames", "generatorCpuPercent", ...WRONG],
    variants: [
      ["lone", "lone events, 100 clients", { clients: 100, publishers: 1, rate: 20 }],
      ["flood", "1,000 events a second in posts of 50, 1,000 clients", { clients: 1000, publishers: 4, rate: 1000, batch: 50 }],
    ].flatMap(([name, title, load]) =>
      [false, true].map((deflate) => ({
        key: `n-${name}${deflate ? "-deflate" : ""}`,
        title: `${title}${deflate ? ", compressed" : ""}`,
        load: { ...DEFAULTS, ...load, ...(deflate && { deflate }) },
        quick: QUICK,
      })),
    ),
  },
  {
    id: "o",
    title: "one large room: in one object, and over ten (one machine, one thread)",
    kind: "load",
    only: ["roomcast"],
    figures: [...THROUGHPUT, "memoryPeakMb", "generatorCpuPercent", ...WRONG],
    rounds: 1,
    // workerd opens two files for each client and ends when there are no more: 20,000 are allowed in most places.
    variants: [
      ["one", "9,000 clients in one object", "one"],
      ["tree", "9,000 clients in a room and nine relays", "tree"],
    ].flatMap(([name, title, tenant]) =>
      [
        ["lone", "two events a second", { publishers: 1, rate: 2 }],
        ["flood", "flood", { publishers: PUBLISHERS }],
      ].map(([kind, how, more]) => ({
        key: `o-${name}-${kind}`,
        title: `${title}, ${how}`,
        load: { ...DEFAULTS, clients: 9000, tenant, ...more, ramp: 30, duration: 12 },
        quick: QUICK,
      })),
    ),
  },
  {
    id: "q",
    title: "a cluster of three workerd: a room in one object, and one that is spread (on one computer)",
    kind: "cluster",
    only: ["roomcast"],
    figures: [...THROUGHPUT, "memoryPeakMb", "generatorCpuPercent", ...WRONG],
    rounds: 1,
    variants: [
      // More than 10,000 need relays.
      ["one", "9,900 clients in one object", "one", { clients: 9_900 }],
      ["tree", "20,000 clients in a room and 13 relays", "many", { clients: 19_900, others: 100 }],
    ].flatMap(([name, title, tenant, clients]) =>
      [
        ["lone", "an event every two seconds", { publishers: 1, rate: 0.5 }],
        ["flood", "flood", { publishers: PUBLISHERS }],
      ].map(([kind, how, more]) => ({
        key: `q-${name}-${kind}`,
        title: `${title}, ${how}`,
        load: { ...DEFAULTS, ...clients, tenant, ...more, ramp: 60, duration: 20 },
        quick: QUICK,
      })),
    ),
  },
  {
    id: "p",
    title: "cold start: from the start of the process to its first answer",
    kind: "start",
    figures: ["firstAnswerMs"],
    variants: [{ key: "p", load: {} }],
  },
];

/** The variants under which the report shows what Roomcast costs. */
export const costs = [
  { variant: "a", title: "(a) lone events" },
  { variant: "b", title: "(b) flood, 1 per POST" },
  { variant: "c", title: "(c) flood, 100 per POST" },
  { variant: "d100", title: "(d) ingest, 100 per POST, no clients" },
];

/** Why a system is not run, or undefined if it is. */
export function leftOut(workload, variant, system) {
  if (workload.only && !workload.only.includes(system)) return "not run";
  return { ...workload.without, ...variant.without }[system];
}
