// A decision session that is fetched once and then kept fresh by updates. Roomcast is in `live.js`; the rest is React as ever.

import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { useConnection, useFreshness } from 'roomcast/react';
import { client, fetchSession } from './live.js';

const queries = new QueryClient();
const { fetching } = client.keepFresh(queries);

function Badge() {
  const { phase, error } = useConnection(client.live);
  const { ageMs } = useFreshness(client.live);
  if (phase === 'live') return <p className="badge live">Live</p>;
  return <p className="badge">{phase} {error?.help} {Number.isFinite(ageMs) && `${Math.round(ageMs / 1_000)} s old`} <button onClick={client.live.retry}>Retry</button></p>;
}

function Session() {
  const { data, isPending } = useQuery({ queryKey: ['session'], queryFn: fetching(fetchSession), staleTime: Infinity });
  if (isPending) return <p>Loading…</p>;
  return (
    <>
      <h1>{data.title}</h1>
      <ul className="cycles">
        {Object.values(data.cycles).map(({ id, completed, score }) => (
          <li key={id}>
            <b>{id}</b> <progress max={9} value={completed.length} aria-label={`${completed.length} of 9 components`} /> {score !== undefined && <span>quality {score}</span>}
          </li>
        ))}
      </ul>
      <ol className="messages">{data.messages.map(({ id, role, contentPreview }) => <li key={id} className={role}>{contentPreview}</li>)}</ol>
    </>
  );
}

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <Badge />
      <Session />
    </QueryClientProvider>
  );
}
