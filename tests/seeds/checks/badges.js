// The three badges of seed 004: where their numbers are, and how each domain event changes them.

import { event } from "../backend.js";

/** badge → the path of its numbers, and where they are in the answer: the printed hook keeps approvals in `stats`. */
const ANSWERS = {
  tasks: { path: "/api/v1/tasks/stats", numbersIn: (answer) => answer },
  approvals: { path: "/api/v1/approvals/stats", numbersIn: (answer) => answer.stats },
  conversations: { path: "/api/v1/conversations/stats", numbersIn: (answer) => answer },
};

export const BADGES = Object.keys(ANSWERS);

export const PATHS = Object.values(ANSWERS).map(({ path }) => path);

/** The aggregate that a badge counts. */
const COUNTED = { tasks: "Task", approvals: "Approval", conversations: "Conversation" };

/** badge → what happens to one of what it counts: the event, its payload, and what changes. */
const LIVES = {
  tasks: [
    ["task.created", {}, { pending: 1, total: 1 }],
    ["task.assigned", { assignee_id: "ada" }, { pending: -1, inProgress: 1 }],
    ["task.completed", {}, { inProgress: -1, completed: 1 }],
  ],
  approvals: [
    ["approval.queued", {}, { pending: 1, total: 1 }],
    ["approval.decided", { decision: "approved" }, { pending: -1, approved: 1 }],
    ["approval.executed", {}, { approved: -1, executed: 1 }],
  ],
  conversations: [
    ["conversation.created", {}, { active: 1, total: 1 }],
    ["conversation.updated", { state: "waiting" }, { active: -1, waiting: 1 }],
    ["conversation.escalated", {}, { waiting: -1, escalated: 1 }],
    ["conversation.resolved", {}, { escalated: -1, resolved: 1 }],
  ],
};

/** An event of a task, an approval or a conversation, such as `task.created`. */
export function happened(kind, id, payload) {
  const badge = BADGES.find((badge) => LIVES[badge].some(([known]) => known === kind));
  return event(kind, COUNTED[badge], id, payload);
}

/** The numbers of all badges, as the REST API answers now. */
export async function numbers(server) {
  const headers = { authorization: `Bearer ${await server.backend.token("ada")}` };
  const read = async (badge) => ANSWERS[badge].numbersIn(await server.get(ANSWERS[badge].path, headers));
  return Object.fromEntries(await Promise.all(BADGES.map(async (badge) => [badge, await read(badge)])));
}

/** The numbers of a badge after a change. */
export function plus(before, change) {
  return Object.fromEntries(Object.entries(before).map(([name, number]) => [name, number + (change[name] ?? 0)]));
}

/** Numbers as a page shows them: `{"tasks.pending": 3}`. */
export function shown(all) {
  const named = ([badge, counts]) => Object.entries(counts).map(([name, number]) => [`${badge}.${name}`, number]);
  return Object.fromEntries(Object.entries(all).flatMap(named));
}

/** Posts every event that changes a badge, about something new. `seen(badge, numbers)` is called after each. */
export async function everyEvent(server, seen) {
  const before = await numbers(server);
  for (const badge of BADGES) {
    const id = server.fresh(badge);
    let counts = before[badge];
    for (const [kind, payload, change] of LIVES[badge]) {
      counts = plus(counts, change);
      await server.backend.post(happened(kind, id, payload));
      await seen(badge, counts);
    }
  }
}
