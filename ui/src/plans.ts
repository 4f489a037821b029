// Whether an ADMIN wants to see how answers come about, and the plan of the last one. The server decides who is shown it.
import type { ExecutionResult } from "graphql";

import type { Session } from "./session";
import { Store } from "./store";
import type { Viewing } from "./view_as";

type Reason = { name: string; says: string };

export type Read = {
  path: string[];
  purpose: string;
  source: string;
  table: string | null;
  policy: Reason[];
  proven: boolean;
  along: { table: string; policy: Reason[] }[];
  statement: string | null;
  cached: boolean;
  sharedWith: string[] | null;
  rows: number;
  begun: number | null;
  milliseconds: number;
  error: string | null;
  children: Read[];
};

export type Plan = { engine: string; cached: boolean; milliseconds: number; reads: Read[]; leftOut?: number };

export class Plans extends Store<{ asked: boolean; plan: Plan | null }> {
  private account;

  constructor(private readonly session: Session, viewing: Viewing) {
    super({ asked: false, plan: null });
    this.account = session.getState().account;
    // Whoever logs in next chooses for themselves, and what is shown is always of who is named.
    session.subscribe(() => {
      const { account } = session.getState();
      if (account === this.account) return;
      this.account = account;
      this.ask(false);
    });
    viewing.subscribe(() => this.change({ plan: null }));
  }

  ask(asked: boolean): void {
    this.change({ asked, plan: null });
  }

  /** The header by which a plan comes with an answer. */
  headers(): Record<string, string> {
    return this.wanted() ? { "x-plan": "1" } : {};
  }

  /** Keeps the plan that came with an answer for the panel; the answer without it. */
  taken(answer: ExecutionResult): ExecutionResult {
    const { plan, ...others } = answer.extensions ?? {};
    if (!this.wanted()) return answer;
    this.change({ plan: (plan as Plan | undefined) ?? null });
    if (plan === undefined) return answer;
    const { extensions, ...rest } = answer;
    return Object.keys(others).length === 0 ? rest : { ...rest, extensions: others };
  }

  private wanted(): boolean {
    return this.getState().asked && this.session.getState().account?.role === "ADMIN";
  }
}
