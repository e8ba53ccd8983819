/** A sentence for every reason for which a page does not connect again by itself. */

import type { RoomcastError } from 'roomcast';

const REASONS: Record<string, string> = {
  attempts: 'The server could not be reached in ten attempts.',
  bad_session: 'The name of the session is not one that Roomcast accepts.',
  bad_position: 'The page asked to resume at a position that the server does not understand.',
  token: 'The token has ended, and no other was given in time.',
  token_missing: 'The server did not receive a token.',
  token_invalid: 'The token is not valid here.',
  token_revoked: 'The token was revoked.',
  token_expired: 'The token has expired.',
  origin_refused: 'The server does not accept pages from this address.',
  bad_topics: 'The page asked for topics that are not well formed.',
  bad_pace: 'The page asked for a pace that the server does not offer.',
  topic_refused: 'The token does not give access to one of the topics.',
  session_refused: 'The token does not give access to this session.',
  tenant_suspended: 'This server is suspended.',
  tenant_unknown: 'There is nothing at this address.',
  user_full: 'This user has as many connections as a user may have. Close one of them, and try again.',
  replaced: 'The room was full, and another reader took the place of this page.',
};

export function whyClosed({ code, close }: RoomcastError): string {
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  return known ?? `The server has ended the connection (${code}${close ? `, ${close}` : ''}).`;
}
