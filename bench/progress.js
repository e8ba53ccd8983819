// Shows the progress of a run on standard error. Standard output is for the report alone.

export const tell = (line) => process.stderr.write(`${line}\n`);
