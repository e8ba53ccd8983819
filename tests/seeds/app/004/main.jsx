// The app of seed 004, as far as its document does not print it: React and TanStack Query (version 5) around the
// printed layout.

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { Layout } from "@/components/layout/Layout";

const root = createRoot(document.getElementById("root"));
root.render(
  <QueryClientProvider client={new QueryClient()}>
    <Layout />
  </QueryClientProvider>,
);

/** What a check does to the page, as a router does when the user leaves the layout. */
window.unmount = () => root.unmount();
