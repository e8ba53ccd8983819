/**
 * What a token says about its holder, as far as a page can read it. It verifies nothing: the server decides what the holder may, and a
 * tenant may have these claims under other names. So this only helps to ask for the right thing first.
 */

export interface Claims {
  user: string | null;
  /** The topics that the token allows, names or prefixes followed by `*`; null for all. */
  topics: readonly string[] | null;
}

const NOTHING: Claims = { user: null, topics: null };

export function claimsOf(token: string | null): Claims {
  const payload = token?.split('.')[1];
  if (payload === undefined) return NOTHING;
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    const { sub, topics } = JSON.parse(new TextDecoder().decode(bytes)) ?? {};
    return { user: typeof sub === 'string' ? sub : null, topics: isList(topics) ? topics : null };
  } catch {
    // It is no JWT that a page could read. The server will say what it thinks of it.
    return NOTHING;
  }
}

const isList = (value: unknown): value is string[] => Array.isArray(value) && value.every((one) => typeof one === 'string');
