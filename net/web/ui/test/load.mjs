// Imports a module of src, its types taken away by Vite.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformWithOxc } from "vite";

const src = join(dirname(fileURLToPath(import.meta.url)), "../src");

export async function load(name) {
  const file = join(src, name);
  const { code } = await transformWithOxc(readFileSync(file, "utf8"), file);
  return import("data:text/javascript;base64," + Buffer.from(code).toString("base64"));
}
