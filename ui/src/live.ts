// Subscriptions over graphql-transport-ws. The connection opens with the first subscription and closes after the last.
import type { ExecutionResult } from "graphql";
import { createClient } from "graphql-ws";

import { withoutStack } from "./errors";
import type { Session } from "./session";
import type { GraphQLRequest } from "./transport";

/** A client for each subscription: so that the connection always belongs to whoever is logged in now. */
export async function* subscribe(session: Session, request: GraphQLRequest): AsyncGenerator<ExecutionResult> {
  const client = createClient({
    url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
    lazy: true,
    connectionParams: () => session.authorization(),
  });
  try {
    const variables = request.variables as Record<string, unknown> | undefined;
    const payload = { query: request.query, variables, operationName: request.operationName };
    yield* client.iterate(payload) as AsyncGenerator<ExecutionResult>;
  } catch (error) {
    throw withoutStack(inWords(error));
  } finally {
    await client.dispose();
  }
}

function inWords(error: unknown): unknown {
  if (error instanceof CloseEvent) {
    return new Error(`The live connection was closed (${error.code}${error.reason && `: ${error.reason}`}).`);
  }
  if (error instanceof Event) return new Error("The live connection can't be opened.");
  return error;
}
