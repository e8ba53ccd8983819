// Server broadcasts events only to subscribed clients
eventService.emit({
  type: 'story.status.changed',
  projectId: 'abc-123',
  payload: { storyId: '6-5', status: 'done' }
});
