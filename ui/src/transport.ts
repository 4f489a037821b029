// One POST to the gateway; the session and GraphiQL's fetcher both go through it.

export type GraphQLFailure = { message: string; extensions?: { code?: string; retryable?: boolean } };

export type GraphQLAnswer = { data?: Record<string, any> | null; errors?: GraphQLFailure[] };

export type GraphQLRequest = { query: string; variables?: unknown; operationName?: string | null };

export type Reply = {
  status: number;
  answer: GraphQLAnswer;
  /** The server's clock when it answered, in milliseconds since 1970. */
  answeredAt: number;
};

/** No GraphQL answer came back; in plain words. */
export class NoAnswer extends Error {}

/** Throws a `NoAnswer`. */
export async function post(request: GraphQLRequest, headers: Record<string, string> = {}): Promise<Reply> {
  const response = await fetch("/graphql", {
    method: "POST",
    credentials: "omit",
    headers: {
      accept: "application/graphql-response+json, application/json;q=0.9",
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify(request),
  }).catch(() => {
    throw new NoAnswer("The gateway can't be reached. Is it running?");
  });
  const answer: unknown = await response.json().catch(() => null);
  if (!isAnswer(answer)) {
    throw new NoAnswer(`The gateway answered with status ${response.status} and no GraphQL response.`);
  }
  return { status: response.status, answer, answeredAt: Date.parse(response.headers.get("date") ?? "") || Date.now() };
}

export function isUnauthenticated({ status, answer }: Reply): boolean {
  return status === 401 || (answer.errors ?? []).some((error) => error.extensions?.code === "UNAUTHENTICATED");
}

/** Why an answer holds nothing, in the server's words. */
export function messageOf(answer: GraphQLAnswer): string {
  return answer.errors?.[0]?.message ?? "The gateway gave no reason.";
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isAnswer(value: unknown): value is GraphQLAnswer {
  return typeof value === "object" && value !== null && ("data" in value || "errors" in value);
}
