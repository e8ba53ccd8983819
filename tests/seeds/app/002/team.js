// The two names that the printed effect takes from its team's app. TanStack Query is version 4, the last one in which
// `invalidateQueries` takes a key as its first argument.

import { QueryClient } from "react-query-4";

/** Nothing but an event makes this client fetch again. */
export const queryClient = new QueryClient({
  defaultOptions: { queries: { refetchOnWindowFocus: false, refetchOnReconnect: false, retry: false } },
});

export const url = `${location.origin.replace(/^http/, "ws")}/ws/projects?token=${localStorage.getItem("token")}`;
