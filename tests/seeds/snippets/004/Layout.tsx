import { useWebSocket } from '@/hooks/useWebSocket';

export function Layout() {
  // Connect to WebSocket for real-time updates
  useWebSocket();

  // Keep queries but remove polling - data comes via WebSocket
  const { data: taskStats } = useQuery({
    queryKey: ['taskStats'],
    queryFn: () => api.get('/tasks/stats'),
    staleTime: Infinity, // Don't refetch - WebSocket updates
    // REMOVE: refetchInterval: 30000,
  });

  const { data: approvalStats } = useQuery({
    queryKey: ['approvalStats'],
    queryFn: () => api.get('/approvals/stats'),
    staleTime: Infinity,
    // REMOVE: refetchInterval: 30000,
  });

  const { data: conversationStats } = useQuery({
    queryKey: ['conversationStats'],
    queryFn: () => api.get('/conversations/stats'),
    staleTime: Infinity,
    // REMOVE: refetchInterval: 30000,
  });

  // ... rest of component
}
