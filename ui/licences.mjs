// The licence texts of the packages inside the bundle, for build.mjs: their licences ask that the texts go along.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const PACKAGE = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

export async function licences(folder, metafiles) {
  const inputs = metafiles.flatMap((metafile) => Object.keys(metafile.inputs));
  const packages = [...new Set(inputs.flatMap((input) => PACKAGE.exec(input)?.[1] ?? []))].sort();
  const texts = await Promise.all(packages.map((path) => licenceOf(join(folder, path))));
  return `What this bundle contains, and under which licence.\n\n${texts.join("\n\n")}\n`;
}

async function licenceOf(path) {
  const { name, version, license } = JSON.parse(await readFile(join(path, "package.json"), "utf8"));
  const file = (await readdir(path)).sort().find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? (await readFile(join(path, file), "utf8")).trim() : "(its package has no licence file)";
  return `${"=".repeat(80)}\n${name} ${version}: ${license}\n\n${text.replace(/\r\n/g, "\n")}`;
}
