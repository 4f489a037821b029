// One WebSocket with one subscription on it, by graphql-transport-ws. It never connects again by itself: `live.ts` does,
// because only it knows from where to go on. https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
import type { ExecutionResult } from "graphql";

import type { GraphQLRequest } from "./transport";

/** The gateway pings every 20 s. Where nothing has come for so long, the connection is dead, though nobody has closed it. */
const LONGEST_SILENCE = 45_000; // milliseconds
const ID = "1";

/** The connection has ended before the subscription. */
export class Cut extends Error {
  constructor(
    readonly code: number,
    reason: string,
  ) {
    super(reason ? `code ${code}: ${reason.replace(/\.$/, "")}` : `code ${code}`);
  }
}

type Hearing = { opened: () => void; next: (event: ExecutionResult) => void };

export class LiveSocket {
  /** Fulfilled when the gateway has nothing more to say; rejected with a `Cut`, or with the errors of the subscription. */
  readonly ended: Promise<void>;
  private readonly socket: WebSocket;
  private acknowledged = false;
  private silence: number | undefined;
  private settle!: { fulfil: () => void; reject: (problem: unknown) => void };

  constructor(
    private readonly request: GraphQLRequest,
    authorization: string,
    private readonly hearing: Hearing,
  ) {
    this.ended = new Promise((fulfil, reject) => (this.settle = { fulfil, reject }));
    this.socket = new WebSocket(`${location.origin.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    this.socket.onopen = () => this.say({ type: "connection_init", payload: { authorization } });
    this.socket.onmessage = ({ data }) => this.hear(JSON.parse(data));
    this.socket.onclose = ({ code, reason }) => this.end(() => this.settle.reject(new Cut(code, reason)));
    this.listen();
  }

  /** Tells the gateway the newer token of the same caller, with which the connection outlives the one before. */
  renew(authorization: string): void {
    // One that isn't acknowledged has sent the older one, which is good for a while yet.
    if (this.acknowledged) this.say({ type: "ping", payload: { authorization } });
  }

  /** Ends the subscription as its caller wishes. */
  close(): void {
    this.end(this.settle.fulfil);
  }

  private hear(message: any): void {
    this.listen();
    if (message.type === "ping") this.say({ type: "pong" });
    if (message.type === "connection_ack") {
      this.acknowledged = true;
      this.say({ id: ID, type: "subscribe", payload: this.request });
      this.hearing.opened();
    }
    if (message.type === "next") this.hearing.next(message.payload);
    if (message.type === "error") this.end(() => this.settle.reject(message.payload));
    if (message.type === "complete") this.end(this.settle.fulfil);
  }

  private listen(): void {
    window.clearTimeout(this.silence);
    this.silence = window.setTimeout(
      () => this.end(() => this.settle.reject(new Cut(1006, "the gateway has been silent for too long"))),
      LONGEST_SILENCE,
    );
  }

  private end(settle: () => void): void {
    window.clearTimeout(this.silence);
    this.socket.onmessage = this.socket.onclose = this.socket.onopen = null;
    this.socket.close(1000);
    settle();
  }

  private say(message: object): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }
}
