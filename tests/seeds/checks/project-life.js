// The life of a project in seed 002: one event of each type that the document lists, as the backend posts it, and the
// frame that a subscriber must get.

import { event } from "../backend.js";

/** kind → the payload that is posted, and the payload of the frame. */
const LIFE = {
  "project.created": [
    { name: "Roomcast", description: "Rooms", phase: "plan" },
    { name: "Roomcast", description: "Rooms", phase: "plan" },
  ],
  "project.updated": [{ status: "active" }, { status: "active" }],
  "project.phase.changed": [
    { phase: "build", previous_phase: "plan" },
    { phase: "build", previousPhase: "plan" },
  ],
  "story.status.changed": [
    { story_id: "6-5", status: "done", previous_status: "review" },
    { storyId: "6-5", status: "done", previousStatus: "review" },
  ],
  "escalation.created": [
    { escalation_id: "e-1", question: "Which database?", severity: "high", story_id: "6-5" },
    { escalationId: "e-1", question: "Which database?", severity: "high", storyId: "6-5" },
  ],
  "escalation.responded": [
    { escalation_id: "e-1", response: "SQLite", responded_by: "ada" },
    { escalationId: "e-1", response: "SQLite", respondedBy: "ada" },
  ],
  "agent.started": [
    { agent_id: "a-1", agent: "dev", story_id: "6-5" },
    { agentId: "a-1", agent: "dev", storyId: "6-5" },
  ],
  "agent.completed": [
    { agent_id: "a-1", result: "success", duration_ms: 5300 },
    { agentId: "a-1", result: "success", durationMs: 5300 },
  ],
  "pr.created": [
    { number: 17, title: "Rooms", story_id: "6-5", url: "https://example.com/17" },
    { number: 17, title: "Rooms", storyId: "6-5", url: "https://example.com/17" },
  ],
  "pr.merged": [
    { number: 17, merged_by: "ada", story_id: "6-5" },
    { number: 17, mergedBy: "ada", storyId: "6-5" },
  ],
  "workflow.error": [
    { workflow: "dev-story", message: "no such branch", step: "checkout" },
    { workflow: "dev-story", message: "no such branch", step: "checkout" },
  ],
  "project.deleted": [{}, {}],
};

/** The events and frames of one project, in order. It ends with its deletion. */
export function lifeOf(projectId) {
  return Object.entries(LIFE).map(([type, [posted, payload]]) => ({
    posted: event(type, "Project", projectId, posted),
    frame: { type, projectId, payload },
  }));
}
