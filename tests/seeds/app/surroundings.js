// What stands around each printed snippet in the app of its team: the imports that the document leaves out, the
// function in which statements stand, and what a comment such as `// ... rest of component` stands for. No printed line
// is changed here, apart from that comment, which is no code.

import { printed } from "../snippets.js";

/** What the printed layout says in place of its rest, and the rest that it gets here. */
const REST = "  // ... rest of component\n";
const BADGES = `
  return <Badges tasks={taskStats} approvals={approvalStats?.stats} conversations={conversationStats} />;
`;

const SURROUNDINGS = {
  "002/subscribe.ts": (code) => `export function subscribe(ws) {\n${code}}\n`,

  "002/emit.ts": (code) => `export function emit(eventService) {\n${code}}\n`,

  "002/effect.ts": (code) => `
import { useEffect } from "react";
import { SubscribingSocket as WebSocket } from "./SubscribingSocket.js";
import { queryClient, url } from "./team.js";

export function StoryEvents() {
${code}
  return null;
}
`,

  "004/useWebSocket.ts": (code) => code,

  "004/Layout.tsx": (code) => `
import { useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api";
import { Badges } from "./Badges.jsx";
${withRest(code)}`,
};

/** A snippet with what its team has around it. */
export function surrounded(name) {
  return SURROUNDINGS[name](printed(name));
}

function withRest(code) {
  const parts = code.split(REST);
  if (parts.length !== 2) throw new Error(`the layout has ${parts.length - 1} comments for its rest, not one`);
  return parts.join(BADGES);
}
