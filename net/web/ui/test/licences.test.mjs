// What is bundled into the page has its licence in ../licences, as the package has it: THIRD_PARTY_NOTICES is made of them.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const at = (path) => new URL(`../${path}`, import.meta.url);

test("licences of what is bundled", () => {
  const { dependencies } = JSON.parse(readFileSync(at("package.json"), "utf8"));
  const names = Object.entries(dependencies).map(([name, version]) => `${name}-${version}.txt`);
  assert.deepEqual(readdirSync(at("licences")).sort(), names.sort());
  for (const [name, version] of Object.entries(dependencies)) {
    assert.equal(readFileSync(at(`licences/${name}-${version}.txt`), "utf8"), readFileSync(at(`node_modules/${name}/LICENSE`), "utf8"), name);
  }
});
