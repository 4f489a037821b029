// Apollo Client with automatic persisted queries: the same operation, asked twice of the gateway.

import { createHash } from "node:crypto";

import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client/core";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";

import { headers, http, noting, query, tell } from "./asking.js";

const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: new PersistedQueryLink({
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    useGETForHashedQueries: true,
  }).concat(new HttpLink({ uri: http, headers, fetch: noting })),
});
const ask = async () => {
  const { data } = await client.query({ query: gql(query), fetchPolicy: "network-only" });
  return data.viewer.role;
};

tell([await ask(), await ask()]);
