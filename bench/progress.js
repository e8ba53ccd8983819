// What a run says while it goes on. Standard output is for the report alone.

export const tell = (line) => process.stderr.write(`${line}\n`);
