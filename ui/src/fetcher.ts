// How GraphiQL reaches the gateway: HTTP for queries, mutations and introspection, a WebSocket for subscriptions.
import type { Fetcher } from "@graphiql/toolkit";
import { getOperationAST, parse, type ExecutionResult, type OperationDefinitionNode } from "graphql";

import { withoutStack } from "./errors";
import { subscribe } from "./live";
import type { LiveStatus } from "./live_status";
import type { Plans } from "./plans";
import type { Session } from "./session";
import { isUnauthenticated, post, type GraphQLRequest, type Reply } from "./transport";
import { viewHeaders, type Subject } from "./view_as";

const NOT_LIVE = "While you view as somebody else there are no subscriptions: stop viewing first.";

/** A new fetcher makes GraphiQL fetch the schema again, so the page makes one for each account and subject. */
export function createFetcher(session: Session, subject: Subject | null, plans: Plans, live: LiveStatus): Fetcher {
  return (asked, options) => {
    const operation = operationOf(asked);
    const request = { ...asked, operationName: operation?.name?.value };
    if (operation?.operation === "subscription") {
      // A WebSocket has no header to say as whom, and would be the ADMIN's own.
      if (subject !== null) throw withoutStack(new Error(NOT_LIVE));
      return subscribe(session, live, { request, operation, authorization: typedToken(options?.headers) });
    }
    const isMutation = operation?.operation === "mutation";
    const headers = { ...viewHeaders(subject), ...options?.headers };
    // Not of what GraphiQL asks for itself, nor as the holder of a token that is typed in the headers editor.
    const planned = operation?.name?.value !== "IntrospectionQuery" && typedToken(headers) === undefined;
    const sent = send(session, request, planned ? { ...plans.headers(), ...headers } : headers, isMutation);
    return sent.then(
      (answer) => (planned ? plans.taken(answer) : answer),
      (error: unknown) => {
        throw withoutStack(error);
      },
    );
  };
}

async function send(
  session: Session,
  request: GraphQLRequest,
  headers: Record<string, string>,
  isMutation: boolean,
): Promise<ExecutionResult> {
  // What is typed in the headers editor wins: so that a partner's token can be tried.
  const authorization = typedToken(headers) !== undefined ? {} : await session.authorization();
  let reply = await post(request, { ...authorization, ...headers });
  if ("authorization" in authorization && wasRefused(reply, isMutation)) {
    await session.renewAfter(authorization);
    reply = await post(request, { ...(await session.authorization()), ...headers });
  }
  return reply.answer as ExecutionResult;
}

function typedToken(headers: Record<string, string> = {}): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === "authorization")?.[1];
}

// A mutation that ran and was refused inside (a wrong password, say) mustn't run twice.
function wasRefused(reply: Reply, isMutation: boolean): boolean {
  return isUnauthenticated(reply) && !(isMutation && "data" in reply.answer);
}

/** The operation to run, read from the text: what GraphiQL knows of it is late when Ctrl-Enter follows the typing at once. */
function operationOf({ query, operationName }: GraphQLRequest): OperationDefinitionNode | null {
  try {
    const document = parse(query);
    return getOperationAST(document, operationName) ?? getOperationAST(document) ?? null;
  } catch {
    return null; // the gateway says what is wrong with the text
  }
}
