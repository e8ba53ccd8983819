/**
 * Whether the server has a live path at all. A browser does not tell a page why a WebSocket was refused, so the page asks in another way:
 * a live path answers a plain request with 426.
 */

const UPGRADE_REQUIRED = 426;

/** What is wrong with the path; empty if nothing is, or if that is not known. */
export function faultOf(status: number): string {
  if (status === UPGRADE_REQUIRED || status === 429 || status >= 500) return '';
  return status === 404 ? 'This server has nothing at this path.' : 'This path is for reading, not for watching.';
}

export async function probe(address: string): Promise<string> {
  try {
    const { status } = await fetch(address.replace('{session}', 'x'), { credentials: 'omit' });
    return faultOf(status);
  } catch {
    // The server cannot be reached. The connection says so, and goes on trying.
    return '';
  }
}
