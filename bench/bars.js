// The bars: the goals that Roomcast must meet, judged on the medians of one run. Counts of losses are judged on the
// worst round. A bar whose figures were not measured is neither met nor missed.

/** How much CPU per delivery may grow from one size to the next: the noise between rounds is below that. */
const GROWTH = 1.1;
/** How much slower the others may seem when one client stops reading: the noise between rounds of an open loop. */
const UNDISTURBED = 1.25;
/** How much more memory the server may have had then, in MiB: what a client may hold that does not read, and noise. */
const HELD_MIB = 48;
/** A room with members sweeps them once a minute. */
const SWEEPS_PER_HOUR = 60;

/**
 * @param {Record<string, Record<string, object>>} results summaries, by variant and system
 * @returns {{bar: string, found: string, met: boolean | null}[]}
 */
export function judge(results) {
  return BARS.map(({ bar, of }) => {
    try {
      return { bar, ...of(reader(results)) };
    } catch (error) {
      if (error instanceof Missing) return { bar, found: `${error.message} was not measured`, met: null };
      throw error;
    }
  });
}

class Missing extends Error {}

function reader(results) {
  const figure = (variant, system, name, which = "median") => {
    const value = results[variant]?.[system]?.[name]?.[which];
    if (value === undefined) throw new Missing(`${name} of ${system} under (${variant})`);
    return value;
  };
  const ratio = (variant, name, peer, peerVariant = variant) =>
    figure(variant, "roomcast", name) / figure(peerVariant, peer, name);
  return { figure, ratio };
}

const atMost = (value, most, unit = "") => ({ found: `${shown(value)}${unit}`, met: value <= most });
const atLeast = (value, least, unit = "") => ({ found: `${shown(value)}${unit}`, met: value >= least });
const shown = (value) => (value >= 1000 ? Math.round(value).toLocaleString("en") : Number(value.toPrecision(3)));

const times = " ×";
const worst = (variant, name) => ({ figure }) => atMost(figure(variant, "roomcast", name, "max"), 0);

/** The peer that is measured by: it does for an event and a connection what Roomcast does. */
const SAME = "PartyServer, same job";

const BARS = [
  {
    bar: `(a) lone event, p50 at most 1.05 × ${SAME}`,
    of: ({ ratio }) => atMost(ratio("a", "p50Ms", "samejob"), 1.05, times),
  },
  {
    bar: `(a) lone event, p99 at most 1.5 × ${SAME}`,
    of: ({ ratio }) => atMost(ratio("a", "p99Ms", "samejob"), 1.5, times),
  },
  {
    bar: `(b) flood, at least 15 × the deliveries/s of ${SAME}`,
    of: ({ ratio }) => atLeast(ratio("b", "deliveriesPerSecond", "samejob"), 15, times),
  },
  {
    bar: "(b) flood, at least 8 × Socket.IO's deliveries/s",
    of: ({ ratio }) => atLeast(ratio("b", "deliveriesPerSecond", "socketio"), 8, times),
  },
  {
    bar: "(b) flood, at least 2.5 × nchan's deliveries/s",
    of: ({ ratio }) => atLeast(ratio("b", "deliveriesPerSecond", "nchan"), 2.5, times),
  },
  {
    bar: "(b) flood, p99 at most 150 ms",
    of: ({ figure }) => atMost(figure("b", "roomcast", "p99Ms"), 150, " ms"),
  },
  { bar: "(b) flood, 0 lost", of: worst("b", "lost") },
  {
    bar: `(c) flood at 100 per POST, at least 25 × ${SAME} under (b)`,
    of: ({ ratio }) => atLeast(ratio("c", "deliveriesPerSecond", "samejob", "b"), 25, times),
  },
  {
    bar: "(d) ingest, at least 10,000 durable events/s at 100 per POST",
    of: ({ figure }) => atLeast(figure("d100", "roomcast", "eventsPerSecond"), 10_000, "/s"),
  },
  ...[["d1", 1], ["d100", 100]].map(([variant, events]) => ({
    bar: `(d) ingest, ${events} per POST, at least 1.5 × the events/s of ${SAME}`,
    of: ({ ratio }) => atLeast(ratio(variant, "eventsPerSecond", "samejob"), 1.5, times),
  })),
  {
    bar: `(e) connect, at least 0.9 × the upgrades/s of ${SAME}`,
    of: ({ ratio }) => atLeast(ratio("e", "upgradesPerSecond", "samejob"), 0.9, times),
  },
  {
    bar: "(f) recovery, all level within 2 s of the port answering",
    of: ({ figure }) => atMost(figure("f", "roomcast", "levelMs") / 1000, 2, " s"),
  },
  { bar: "(f) recovery, 0 lost", of: worst("f", "lost") },
  { bar: "(f) recovery, 0 duplicated", of: worst("f", "duplicated") },
  {
    bar: "(g) idle, no wake beyond the once-a-minute sweep",
    of: ({ figure }) => atMost(figure("g", "roomcast", "wakesPerHour"), SWEEPS_PER_HOUR, " wakes/h"),
  },
  {
    bar: `(g) idle, memory per connection at most 1.1 × ${SAME}`,
    of: ({ ratio }) => atMost(ratio("g", "memoryPerClientKb", "samejob"), 1.1, times),
  },
  {
    bar: `(h) many rooms, at least the deliveries/s of ${SAME}`,
    of: ({ ratio }) => atLeast(ratio("h", "deliveriesPerSecond", "samejob"), 1, times),
  },
  ...[["j1", "1 client", 1], ["j100", "100 clients", 1], ["j1000", "1,000 clients", 2]].map(([variant, room, least]) => ({
    bar: `(j) one publisher, ${room}, at least ${least} × the events/s of ${SAME}`,
    of: ({ ratio }) => atLeast(ratio(variant, "eventsPerSecond", "samejob"), least, times),
  })),
  ...[["j1", "1 client"], ["j100", "100 clients"]].map(([variant, room]) => ({
    bar: `(j) one publisher, ${room}, p50 at most 1.1 × ${SAME}`,
    of: ({ ratio }) => atMost(ratio(variant, "p50Ms", "samejob"), 1.1, times),
  })),
  {
    bar: "cost: at most 1.05 rows per burst",
    of: ({ figure }) => atMost(Math.max(...["b", "c"].map((flood) => figure(flood, "roomcast", "rowsPerBurst"))), 1.05),
  },
  {
    bar: "cost: at most $0.03 per million events at 100 per POST",
    of: ({ figure }) => atMost(figure("c", "roomcast", "dollarsPerMillion"), 0.03, " USD"),
  },
  {
    bar: `(i) growth, CPU per delivery at most ${GROWTH} × that of the next smaller room`,
    of: growth,
  },
  {
    bar: "(l) everything limited: CPU per upgrade of users who come back at most 1.5 × that without limits",
    of: ({ ratio }) => atMost(ratio("l-all", "againCpuPerUpgradeUs", "roomcast", "l-plain"), 1.5, " ×"),
  },
  ...["p50", "p99"].map((percentile) => ({
    bar: `(m) one stops reading: ${percentile} of the others at most ${UNDISTURBED} × that when all read`,
    of: ({ ratio }) => atMost(ratio("m-one", `${percentile}Ms`, "roomcast", "m-all"), UNDISTURBED, times),
  })),
  {
    bar: `(m) one stops reading: at most ${HELD_MIB} MiB more memory at its peak`,
    of: ({ figure }) => {
      const [one, all] = ["m-one", "m-all"].map((variant) => figure(variant, "roomcast", "memoryPeakMb"));
      return atMost(one - all, HELD_MIB, " MiB");
    },
  },
  {
    bar: "(m) it is level within 2 s after it reads on, while the flood goes on",
    of: ({ figure }) => atMost(figure("m-one", "roomcast", "levelMs", "max") / 1000, 2, " s"),
  },
  { bar: "(m) one stops reading, 0 lost", of: worst("m-one", "lost") },
  { bar: "(m) one stops reading, 0 duplicated", of: worst("m-one", "duplicated") },
];

function growth({ figure }) {
  const cpu = ["i10", "i100", "i1000", "i5000"].map((size) => figure(size, "roomcast", "cpuPerDeliveryUs"));
  const steps = cpu.slice(1).map((value, index) => value / cpu[index]);
  return { found: `${steps.map(shown).join(", ")} ×`, met: Math.max(...steps) <= GROWTH };
}
