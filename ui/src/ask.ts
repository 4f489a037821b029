// A query of our own panels, as whoever is logged in and as nobody else: GraphiQL's own go through the fetcher.
import type { Session } from "./session";
import { messageOf, post } from "./transport";

/** The answer's data. Throws an Error in the server's words where there are errors. */
export async function ask(session: Session, query: string, variables: object): Promise<Record<string, any>> {
  const { answer } = await post({ query, variables }, await session.authorization());
  if (answer.errors || !answer.data) throw new Error(messageOf(answer));
  return answer.data;
}
