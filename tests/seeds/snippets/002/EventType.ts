type EventType =
  | 'project.created' | 'project.updated' | 'project.phase.changed' | 'project.deleted'
  | 'story.status.changed'
  | 'escalation.created' | 'escalation.responded'
  | 'agent.started' | 'agent.completed'
  | 'pr.created' | 'pr.merged'
  | 'workflow.error';
