// The stories of a project, from the team's own REST API, for which page.js answers.

import { useQuery } from "react-query-4";

async function fetchStories(projectId) {
  const answer = await fetch(`/seed/stories/${projectId}`);
  return answer.json();
}

export function Stories({ projectId }) {
  const { data: stories = [] } = useQuery(["stories", projectId], () => fetchStories(projectId));
  return stories.map(({ id, status }) => (
    <p key={id}>
      {id} <b data-shows={`story ${id}`}>{status}</b>
    </p>
  ));
}
