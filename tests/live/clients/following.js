// What the clients have in common: where the gateway is, who asks, what they follow, and how they tell of each event.

import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { resuming } from "./resuming.js";

const { URL: url, TOKEN: token, AFTER: after } = process.env;

export const http = `${url}/graphql`;
export const headers = { authorization: `Bearer ${token}` };
export const variables = { after };
export const query =
  "subscription Follow($after: String) { leadStatusChanged(after: $after) { cursor status lead { id } } }";

// Again and again, a little later each time, as long as the page is open.
export const retry = {
  retryAttempts: Infinity,
  retryWait: () => new Promise((done) => setTimeout(done, 50)),
};

export const socketClient = () =>
  resuming(
    createClient({
      url: http.replace("http", "ws"),
      webSocketImpl: WebSocket,
      connectionParams: headers,
      // By itself it gives up where nobody listens, as while the gateway starts anew. What is wrong with the client
      // is final all the same.
      shouldRetry: () => true,
      ...retry,
    }),
  );

export const tell = (data) => console.log(JSON.stringify(data.leadStatusChanged.status));

export const fail = (error) => {
  console.error("ended:", error);
  process.exit(1);
};

export const end = () => fail("complete");
