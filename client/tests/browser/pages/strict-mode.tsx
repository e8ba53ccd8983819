/** A page of React in StrictMode, which mounts everything twice: one component with `useDashboardLive`, one with the single hooks. */

import { StrictMode, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { useConnection, useDashboardLive, useFreshness, usePresence, useRoomcast, useView } from '../../../src/react.ts';

export interface Told {
  /** How often an effect was run. */
  mounts: number;
  /** The updates of each kind of listener. */
  calls: number[];
  events: number[];
}

declare global {
  interface Window {
    told: Told;
    renderAgain(): void;
    unmount(): void;
  }
}

const told: Told = (window.told = { mounts: 0, calls: [], events: [] });
window.addEventListener('dashboard:update', (event) => told.events.push((event as CustomEvent).detail.seq));

function Dashboard() {
  useEffect(() => void (told.mounts += 1), []);
  const { state } = useDashboardLive({ sessionId: 's-1', token: () => window.mint('connect'), onUpdate: ({ seq }) => told.calls.push(seq) });
  return <p id="dashboard" data-connected={state.connected}>{state.lastUpdate?.seq}</p>;
}

function Hooks() {
  const client = useRoomcast({ session: 's-1', token: () => window.mint('connect') });
  const { phase } = useConnection(client);
  const seqs = useView(client, (seen: number[], { seq }) => [...seen, seq], []);
  const { status } = useFreshness(client);
  const { count } = usePresence(client);
  return <p id="hooks" data-phase={phase} data-status={status} data-count={count}>{seqs.join(' ')}</p>;
}

const root = createRoot(document.querySelector('main') as HTMLElement);
const render = () => root.render(<StrictMode><Dashboard /><Hooks /></StrictMode>);
render();
window.renderAgain = render;
window.unmount = () => root.unmount();
