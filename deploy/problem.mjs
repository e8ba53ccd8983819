/**
 * What a check says: what is wrong, and how to mend it. Nothing is judged or printed here.
 */
export const problem = (what, mend) => ({ what, mend });
