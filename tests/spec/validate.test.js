// The documents of the wire, to other people's validators: whether they are an OpenAPI and an AsyncAPI document at all. That they say what
// is so is checked by tests/spec.rs and tests/e2e/spec.rs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Parser } from "@asyncapi/parser";
import { Validator } from "@seriousme/openapi-schema-validator";

const read = (name) => readFileSync(new URL(`../../docs/${name}.json`, import.meta.url), "utf8");

/** What a parser of AsyncAPI finds wrong, from errors (0) to hints (3). */
async function diagnosed(text) {
  const { diagnostics } = await new Parser().parse(text);
  const wrong = diagnostics.filter(({ severity, code }) => severity <= 2 && code !== "asyncapi-latest-version");
  return wrong.map(({ code, message, path }) => `${path.join("/")}: ${message} (${code})`);
}

test("docs/openapi.json is an OpenAPI 3.1 document", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(JSON.parse(read("openapi")));
  assert.ok(valid, JSON.stringify(errors));
  assert.equal(validator.version, "3.1");
});

test("docs/asyncapi.json is an AsyncAPI 3 document without warnings", async () => {
  assert.deepEqual(await diagnosed(read("asyncapi")), []);
});

test("what is wrong is noticed", async () => {
  const openapi = JSON.parse(read("openapi"));
  openapi.paths["/api/events"].post.responses = [];
  assert.equal((await new Validator().validate(openapi)).valid, false);
  const asyncapi = JSON.parse(read("asyncapi"));
  asyncapi.operations["session.pace"].messages = [{ $ref: "#/components/messages/PaceFrame" }];
  assert.notDeepEqual(await diagnosed(JSON.stringify(asyncapi)), []);
});
