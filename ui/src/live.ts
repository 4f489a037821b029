// Subscriptions with the login of the page. After a cut each goes on behind the last event seen, or says that it can't.
import type { Observable } from "@graphiql/toolkit";
import type { ExecutionResult, OperationDefinitionNode } from "graphql";

import { withoutStack } from "./errors";
import { Cut, LiveSocket } from "./live_socket";
import type { LiveStatus } from "./live_status";
import { ResumePoint } from "./resume_point";
import type { Session } from "./session";
import { NoAnswer, post, type GraphQLFailure, type GraphQLRequest } from "./transport";

const PAUSES = [500, 1_000, 2_000, 5_000, 10_000]; // milliseconds before each attempt without an event between them
const NOT_LET_IN = 4403;
// Something is wrong with this page, and would be so again.
const FINAL = new Set([4400, 4401, 4406, 4409, 4429]);
const LOG_IN = "Log in first: only an account can follow what happens.";

type Asked = {
  request: GraphQLRequest;
  operation: OperationDefinitionNode;
  /** What is typed in the headers editor, in place of the page's login. */
  authorization: string | undefined;
};

type Sink = { next: (event: ExecutionResult) => void; error: (error: any) => void; complete: () => void };

/** What GraphiQL follows. No generator, because one that waits for an event can't be stopped before the event comes. */
export function subscribe(session: Session, status: LiveStatus, asked: Asked): Observable<ExecutionResult> {
  const begin = ({ next, error, complete }: Sink) => {
    const following = new Following(session, status, asked, next);
    following.run().then(
      () => following.isStopped || complete(),
      (problem: unknown) => following.isStopped || error(withoutStack(problem)),
    );
    return { unsubscribe: () => following.stop() };
  };
  return { subscribe: begin as Observable<ExecutionResult>["subscribe"] };
}

class Following {
  isStopped = false;
  private readonly point: ResumePoint;
  private socket: LiveSocket | null = null;
  private wasOpen = false;
  private attempts = 0;
  /** With what the gateway hasn't let us in since the connection was open last. */
  private refused: string | null = null;

  constructor(
    private readonly session: Session,
    private readonly status: LiveStatus,
    private readonly asked: Asked,
    private readonly next: (event: ExecutionResult) => void,
  ) {
    this.point = new ResumePoint(asked.operation, asked.request.variables as Record<string, unknown> | undefined);
  }

  /** Until the gateway has nothing more to say, or it is stopped. Throws what the person has to know. */
  async run(): Promise<void> {
    this.status.begin();
    try {
      while (!this.isStopped && !(await this.follow())) await this.pause();
    } finally {
      if (!this.isStopped) this.status.end();
    }
  }

  stop(): void {
    this.isStopped = true;
    this.socket?.close();
    this.status.end();
  }

  /** Whether it has come to its end, and wasn't just cut. */
  private async follow(): Promise<boolean> {
    let authorization = "";
    try {
      authorization = await this.authorization();
      // Known before the first event, because the connection may be cut before it, too.
      if (!this.wasOpen) this.point.cursor ??= await cursorOfNow(authorization);
      if (!this.isStopped) await this.connection(authorization);
      return true;
    } catch (problem) {
      if (!this.isStopped) this.judge(problem, authorization);
      return this.isStopped;
    }
  }

  private async authorization(): Promise<string> {
    if (this.asked.authorization !== undefined) return this.asked.authorization;
    if (this.refused !== null) await this.session.renewAfter({ authorization: this.refused });
    const { authorization } = await this.session.authorization();
    if (authorization === undefined) throw new Error(LOG_IN);
    return authorization;
  }

  private async connection(authorization: string): Promise<void> {
    const request = { ...this.asked.request, variables: this.point.variablesFromHere };
    const socket = new LiveSocket(request, authorization, { opened: () => this.opened(), next: (event) => this.pass(event) });
    this.socket = socket;
    const isOfSession = this.asked.authorization === undefined;
    const forget = this.session.onRenewal((newer) => isOfSession && socket.renew(newer));
    await socket.ended.finally(forget);
  }

  private opened(): void {
    this.wasOpen = true;
    this.refused = null;
    this.status.opened();
  }

  private pass(event: ExecutionResult): void {
    this.attempts = 0;
    this.point.pass(event);
    this.status.event();
    this.next(event);
  }

  /** Throws unless another connection can go on where this one ended. */
  private judge(problem: unknown, authorization: string): void {
    const why = whyCut(problem);
    if (why === null) throw problem;
    const isRefused = problem instanceof Cut && problem.code === NOT_LET_IN;
    const mayTry = isRefused ? this.refused === null && this.asked.authorization === undefined : this.wasOpen;
    if (!mayTry) throw new Error(`The live connection can't be opened (${why}).`);
    if (this.wasOpen && !this.point.isKnown) throw new Error(missed(why, this.point.cursor));
    if (isRefused) this.refused = authorization;
    if (this.wasOpen) this.status.cut(why);
  }

  private async pause(): Promise<void> {
    const pause = PAUSES[Math.min(this.attempts++, PAUSES.length - 1)];
    await new Promise((fulfil) => window.setTimeout(fulfil, pause));
  }
}

/** The change log's position; null where the caller mayn't ask for it, of which the subscription will tell. */
async function cursorOfNow(authorization: string): Promise<string | null> {
  const { answer } = await post({ query: "{eventCursor}" }, { authorization });
  return answer.data?.eventCursor ?? null;
}

/** In words; null for what would be the same the next time. */
function whyCut(problem: unknown): string | null {
  if (problem instanceof Cut) return FINAL.has(problem.code) ? null : problem.message;
  if (problem instanceof NoAnswer) return problem.message;
  const failures = Array.isArray(problem) ? (problem as GraphQLFailure[]) : [];
  return failures[0]?.extensions?.retryable ? failures[0].message : null;
}

// No quotation marks: the answer pane would show each with a backslash.
function missed(why: string, cursor: string | null): string {
  const cut = `The stream was cut (${why}): what has happened since then is missing here. To go on without a gap,`;
  return cursor === null
    ? `${cut} a subscription needs \`cursor\` among the fields of its event, and the argument \`after: $after\`.`
    : `${cut} run it again with this text as the argument \`after\`: ${cursor} - with \`after: $after\` the page does that by itself.`;
}
