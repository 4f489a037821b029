// urql with automatic persisted queries: the same operation, asked twice of the gateway.

import { Client, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";

import { headers, http, noting, query, tell } from "./asking.js";

const client = new Client({
  url: http,
  fetch: noting,
  fetchOptions: { headers },
  preferGetMethod: false,
  exchanges: [persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange],
});
const ask = async () => {
  const { data, error } = await client.query(query, {}, { requestPolicy: "network-only" });
  if (error) throw error;
  return data.viewer.role;
};

tell([await ask(), await ask()]);
