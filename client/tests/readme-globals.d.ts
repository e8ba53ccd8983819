/** What the examples of the README leave to their readers. */

interface Task {
  id: string;
  title: string;
  status?: string;
}

declare const client: import('roomcast').Client<import('roomcast/presets/tasks').Update>;
declare const queryClient: import('@tanstack/react-query').QueryClient;
declare function getToken(): Promise<string>;
declare function fetchTask(id: string): Promise<Task>;
declare function render(titles: readonly string[]): void;
declare function show(update: { seq: number }): void;

/** Runes are known to Svelte's compiler only. */
declare function $props(): { client: import('roomcast').Client<import('roomcast/presets/tasks').Update> };
