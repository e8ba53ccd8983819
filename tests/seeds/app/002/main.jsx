// The app of seed 002, as far as its document does not print it: the stories of a project, next to the component with
// the printed effect.

import { QueryClientProvider } from "react-query-4";
import { createRoot } from "react-dom/client";
import { StoryEvents } from "@/printed/effect";
import { Stories } from "./Stories.jsx";
import { queryClient } from "./team.js";

createRoot(document.getElementById("root")).render(
  <QueryClientProvider client={queryClient}>
    <StoryEvents />
    <Stories projectId="abc-123" />
  </QueryClientProvider>,
);
