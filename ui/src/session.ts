// Who is logged in. The tokens live in this object and nowhere else: a reload forgets them.
import { Store } from "./store";
import { isUnauthenticated, messageOf, post, wordsOf, type Reply } from "./transport";

export type Account = { username: string; role: string };

export type SessionState = {
  account: Account | null;
  busy: boolean;
  /** What went wrong last, in words for the person at the screen. */
  message: string | null;
};

type Tokens = { access: string; refresh: string; renewAt: number };

const LOGIN = `mutation($u:String!,$p:String!){login(username:$u,password:$p){accessToken refreshToken expiresAt viewer{role user{username}}}}`;
const REFRESH = `mutation($t:String!){refreshSession(refreshToken:$t){accessToken refreshToken expiresAt}}`;
const LOGOUT = `mutation{logout}`;

const RENEW_BEFORE_EXPIRY = 30_000;
const LONGEST_TIMER = 2 ** 31 - 1;

export class Session extends Store<SessionState> {
  private tokens: Tokens | null = null;
  private renewal: Promise<void> | null = null;
  private timer: number | undefined;
  private readonly onNewer = new Set<(authorization: string) => void>();

  constructor() {
    super({ account: null, busy: false, message: null });
  }

  async login(username: string, password: string): Promise<void> {
    this.change({ busy: true, message: null });
    try {
      const reply = await post({ query: LOGIN, variables: { u: username, p: password } });
      const granted = reply.answer.data?.login;
      if (!granted) throw new Error(messageOf(reply.answer));
      const left = this.tokens;
      this.keep(granted, reply.answeredAt);
      const { role, user } = granted.viewer;
      this.change({ account: { username: user?.username ?? username, role }, busy: false });
      if (left !== null) await revoke(left).catch(() => undefined);
    } catch (error) {
      this.change({ busy: false, message: wordsOf(error) });
    }
  }

  /** Forgets the tokens whatever the server answers; says so when it couldn't be told. */
  async logout(): Promise<void> {
    const left = this.tokens;
    if (left === null) return;
    this.forget(null);
    this.change({ busy: true });
    const problem = await revoke(left).then(() => null, wordsOf);
    this.change({
      busy: false,
      message: problem && `Logged out here, but the gateway didn't confirm that it ended the session: ${problem}`,
    });
  }

  /** The header for the next request, with a token that isn't about to expire; empty when nobody is logged in. */
  async authorization(): Promise<Record<string, string>> {
    if (this.tokens !== null && Date.now() >= this.tokens.renewAt) await this.renew();
    return this.tokens === null ? {} : bearer(this.tokens);
  }

  /** For a request that the gateway refused: new tokens, unless another request has got them meanwhile. */
  async renewAfter(refused: Record<string, string>): Promise<void> {
    if (this.tokens !== null && bearer(this.tokens).authorization === refused.authorization) await this.renew();
  }

  /** Calls the listener with each newer token of the same login, as a header has it, until the result is called. */
  onRenewal(listener: (authorization: string) => void): () => void {
    this.onNewer.add(listener);
    return () => this.onNewer.delete(listener);
  }

  /** Trades the refresh token for new tokens, once however many requests wait for it. Throws when the session ended. */
  private async renew(): Promise<void> {
    this.renewal ??= this.requestRenewal().finally(() => (this.renewal = null));
    await this.renewal;
  }

  private async requestRenewal(): Promise<void> {
    const old = this.tokens;
    if (old === null) return;
    const reply = await post({ query: REFRESH, variables: { t: old.refresh } });
    if (this.tokens !== old) return; // someone logged out, or in, in the meantime
    const granted = reply.answer.data?.refreshSession;
    if (granted) {
      const { authorization } = bearer(this.keep(granted, reply.answeredAt));
      for (const listener of this.onNewer) listener(authorization);
      return;
    }
    const reason = messageOf(reply.answer);
    if (!isUnauthenticated(reply)) throw new Error(reason);
    const message = `Your session has ended: ${reason} Please log in again.`;
    this.forget(message);
    throw new Error(message);
  }

  private keep(granted: { accessToken: string; refreshToken: string; expiresAt: string }, answeredAt: number): Tokens {
    // The lifetime is taken on the server's clock, so that a browser whose clock is wrong renews in time too.
    const lifetime = Math.max(Date.parse(granted.expiresAt) - answeredAt, 0);
    const delay = Math.max(lifetime - RENEW_BEFORE_EXPIRY, lifetime / 2, 1_000);
    const tokens = { access: granted.accessToken, refresh: granted.refreshToken, renewAt: Date.now() + delay };
    this.tokens = tokens;
    window.clearTimeout(this.timer);
    // A failed renewal is tried again by the next request, which also shows what is wrong.
    this.timer = window.setTimeout(() => void this.renew().catch(() => undefined), Math.min(delay, LONGEST_TIMER));
    return tokens;
  }

  private forget(message: string | null): void {
    window.clearTimeout(this.timer);
    this.tokens = null;
    this.change({ account: null, message });
  }
}

async function revoke(tokens: Tokens): Promise<void> {
  const reply: Reply = await post({ query: LOGOUT }, bearer(tokens));
  // A session that has ended already is as good as logged out.
  if (reply.answer.errors && !isUnauthenticated(reply)) throw new Error(messageOf(reply.answer));
}

function bearer(tokens: Tokens): { authorization: string } {
  return { authorization: `Bearer ${tokens.access}` };
}
