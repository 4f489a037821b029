// What the benchmark tells a peer: one JSON object in the environment.

export const settings = JSON.parse(process.env.BENCH_SETTINGS)
