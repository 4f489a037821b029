// Holds the shipped bundle to its promises: `npm run check`. Built from this source, small, self-contained.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { buildInto, SHIPPED } from "./build.mjs";

const LARGEST_BUNDLE = 8_000_000; // bytes
const HERE = fileURLToPath(new URL(".", import.meta.url));

async function contents(folder) {
  const names = (await readdir(folder)).sort();
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))])));
}

function differences(fresh, shipped) {
  const names = [...new Set([...fresh.keys(), ...shipped.keys()])];
  const changed = names.filter((name) => !(fresh.get(name) ?? Buffer.of()).equals(shipped.get(name) ?? Buffer.of()));
  return changed.map((name) => `${name} isn't what the source gives: run npm run build.`);
}

function oversize(files) {
  const size = [...files.values()].reduce((total, file) => total + file.length, 0);
  return size > LARGEST_BUNDLE ? [`The bundle has ${size} bytes, more than ${LARGEST_BUNDLE}.`] : [];
}

function outsideReferences(files) {
  return [...files].flatMap(([name, file]) => {
    const text = file.toString("utf8");
    const found = [];
    if (/sourceMappingURL=(?!data:)\S*\.map/.test(text)) found.push(`${name} names a source map.`);
    if (name.endsWith(".css") && /url\(\s*["']?(?!data:|#)|@import/.test(text)) found.push(`${name} loads another file.`);
    if (name.endsWith(".html") && /(?:src|href)="(?!\/)/.test(text)) found.push(`${name} refers to another origin.`);
    if (name.endsWith(".html") && /<script(?![^>]*\ssrc=)|<style|\son\w+=/.test(text)) found.push(`${name} has inline code.`);
    if (name.endsWith(".js") && /(?:import|from)\s*\(?["']https?:/.test(text)) found.push(`${name} imports from another origin.`);
    return found;
  });
}

async function lockedAddresses() {
  const { packages } = JSON.parse(await readFile(join(HERE, "package-lock.json"), "utf8"));
  const named = Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined);
  return named.map(([path]) => `package-lock.json says where ${path} was downloaded from: set omit-lockfile-registry-resolved.`);
}

const folder = await mkdtemp(join(tmpdir(), "graphiql-"));
try {
  await buildInto(folder);
  const shipped = await contents(SHIPPED);
  const problems = [
    ...differences(await contents(folder), shipped),
    ...oversize(shipped),
    ...outsideReferences(shipped),
    ...(await lockedAddresses()),
  ];
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true });
}
