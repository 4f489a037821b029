// Where Monaco finds its workers: files of this bundle, never a blob or another host. The build names them.
declare const WORKER_FILES: { editor: string; json: string; graphql: string };

Object.assign(globalThis, { MonacoEnvironment: { getWorker } });

function getWorker(_id: string, label: string): Worker {
  const file = label === "json" || label === "graphql" ? WORKER_FILES[label] : WORKER_FILES.editor;
  return new Worker(new URL(file, import.meta.url), { type: "module", name: label });
}

export {};
