// Bundles the page into static files that the Python package ships: `npm run build`. The same lock gives the same bytes.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { licences } from "./licences.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
export const SHIPPED = join(HERE, "..", "gateway", "http", "graphiql");

const WORKERS = {
  editor: "monaco-editor/esm/vs/editor/editor.worker.js",
  json: "monaco-editor/esm/vs/language/json/json.worker.js",
  graphql: "monaco-graphql/esm/graphql.worker.js",
};

// GraphiQL's own style sheet has Monaco's in it already.
const WITHOUT_MONACO_STYLES = {
  name: "without-monaco-styles",
  setup({ onLoad }) {
    onLoad({ filter: /monaco-editor[\\/].*\.css$/ }, () => ({ contents: "", loader: "empty" }));
  },
};

// Under their old names these come as CommonJS, from which a split bundle gets no named exports: prettifying would fail.
const PRETTIER_MODULES = {
  "prettier/parser-babel": "prettier/plugins/babel",
  "prettier/parser-graphql": "prettier/plugins/graphql",
};

const COMMON = {
  absWorkingDir: HERE,
  bundle: true,
  charset: "utf8",
  define: { "process.env.NODE_ENV": '"production"' },
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  format: "esm",
  legalComments: "none", // the licences are gathered in one file
  logLevel: "warning",
  metafile: true,
  minify: true,
  sourcemap: false,
  target: "es2022",
};

export async function buildInto(folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const workers = await build({ ...COMMON, entryPoints: WORKERS, outdir: folder });
  const page = await build({
    ...COMMON,
    entryPoints: { main: "src/main.tsx" },
    outdir: folder,
    splitting: true,
    jsx: "automatic",
    alias: PRETTIER_MODULES,
    plugins: [WITHOUT_MONACO_STYLES],
    define: { ...COMMON.define, WORKER_FILES: JSON.stringify(workerFiles(workers.metafile)) },
  });
  const entry = outputOf(page.metafile, "src/main.tsx");
  const html = await readFile(join(HERE, "src/index.html"), "utf8");
  const filled = html.replace("@script@", basename(entry.path)).replace("@style@", basename(entry.cssBundle));
  await writeFile(join(folder, "index.html"), filled);
  await copyFile(join(HERE, "src/icon.svg"), join(folder, "icon.svg"));
  await writeFile(join(folder, "LICENCES.txt"), await licences(HERE, [workers.metafile, page.metafile]));
}

function workerFiles(metafile) {
  const entries = Object.entries(WORKERS).map(([name, source]) => [
    name,
    `./${basename(outputOf(metafile, `node_modules/${source}`).path)}`,
  ]);
  return Object.fromEntries(entries);
}

function outputOf(metafile, entryPoint) {
  const [path, output] = Object.entries(metafile.outputs).find(([, candidate]) => candidate.entryPoint === entryPoint);
  return { path, ...output };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildInto(SHIPPED);
