// Client subscribes to project events
ws.send(JSON.stringify({
  action: 'subscribe',
  projectId: 'abc-123'
}));
