// urql: subscriptions over the socket, all else over HTTP.

import { Client, fetchExchange, subscriptionExchange } from "@urql/core";

import { end, fail, headers, http, query, socketClient, tell, variables } from "./following.js";

const sockets = socketClient();
const client = new Client({
  url: http,
  fetchOptions: { headers },
  preferGetMethod: false,
  exchanges: [
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: (request) => ({
        subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ ...request, query: request.query ?? "" }, sink) }),
      }),
    }),
  ],
});

client
  .subscription(query, variables)
  .subscribe(({ data, error, hasNext }) => (error ? fail(error) : data ? tell(data) : hasNext ? null : end()));
