/** The topics of the projects dashboard. */

import { claimsOf } from '../live/claims.ts';
import { ALL } from '../live/following.svelte.ts';
import { within } from '../live/topics.ts';

/** All projects that the token allows, or one. */
export function topicsOf(project: string, token: string | null): readonly string[] {
  return project === ALL ? within(['project:*'], claimsOf(token).topics) : [`project:${project}`];
}
