// WebSocket event triggers cache invalidation
useEffect(() => {
  const ws = new WebSocket(url);
  ws.onmessage = (event) => {
    const data = JSON.parse(event.data);
    if (data.type === 'story.status.changed') {
      queryClient.invalidateQueries(['stories', data.projectId]);
    }
  };
}, []);
