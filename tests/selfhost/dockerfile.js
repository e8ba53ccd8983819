// Reads a Dockerfile with the parser and the validator of its language server, and prints as JSON what they find wrong, and its stages with their
// instructions. What a container would do is for the tests that run what is read here.
//
//   node dockerfile.js FILE

import { readFileSync } from 'node:fs';
import ast from 'dockerfile-ast';
import utils from 'dockerfile-utils';

const text = readFileSync(process.argv[2], 'utf8');
const file = ast.DockerfileParser.parse(text);

/** The words of an instruction: those of its JSON array, if it is written as one. */
function words(instruction) {
  const strings = instruction.getJSONStrings?.() ?? [];
  if (strings.length > 0) return strings.map((string) => JSON.parse(string.getValue()));
  const found = instruction.getArguments().map((argument) => argument.getValue());
  return found[0] === 'CMD' ? JSON.parse(found.slice(1).join(' ')) : found;
}

const flags = (instruction) =>
  Object.fromEntries((instruction.getFlags?.() ?? []).map((flag) => [flag.getName(), flag.getValue()]));

const stages = [];
for (const instruction of file.getInstructions()) {
  const keyword = instruction.getKeyword();
  if (keyword === 'FROM') stages.push({ base: instruction.getImage(), instructions: [] });
  else stages.at(-1).instructions.push({ keyword, words: words(instruction), flags: flags(instruction) });
}
const findings = utils.validate(text).map(({ range, message }) => `line ${range.start.line + 1}: ${message}`);
console.log(JSON.stringify({ findings, stages }));
