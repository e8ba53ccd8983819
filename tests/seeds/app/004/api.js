// The team's `@/lib/api`: the client of its REST API, with the methods that the printed code calls.

export const api = {
  /** The token of the user, or null if nobody is logged in. */
  getToken: () => localStorage.getItem("token"),

  async get(path) {
    const answer = await fetch(`/api/v1${path}`, { headers: { authorization: `Bearer ${api.getToken()}` } });
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}`);
    return answer.json();
  },
};
