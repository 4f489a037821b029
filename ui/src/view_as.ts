// As whom an ADMIN views: the subject, and finding one by name. The server decides; the page only sends the header.
import { ask } from "./ask";
import type { Session } from "./session";
import { Store } from "./store";

export type Subject = {
  kind: "user" | "token";
  id: string;
  name: string;
  /** What they are: a role, or whose token it is. */
  role: string;
  /** Why nobody can be let in as them; null for somebody who can. */
  ended: string | null;
};

const FIND = `query($q:String!){
  users(where:{username:{contains:$q}},orderBy:[{field:USERNAME,direction:ASC}],first:8){nodes{id username role active}}
  partnerTokens(where:{or:[{name:{contains:$q}},{prefix:{startsWith:$q}}]},first:4){
    nodes{id name prefix revokedOn expiresAt partnerCompany{partnerName}}}
}`;

/** The header by which a request is answered as the subject's. */
export function viewHeaders(subject: Subject | null): Record<string, string> {
  return subject === null ? {} : { "x-view-as": `${subject.kind}:${subject.id}` };
}

export class Viewing extends Store<{ subject: Subject | null }> {
  private account;

  constructor(session: Session) {
    super({ subject: null });
    this.account = session.getState().account;
    // Whoever logs in next chooses for themselves.
    session.subscribe(() => {
      const { account } = session.getState();
      if (account === this.account) return;
      this.account = account;
      this.stop();
    });
  }

  view(subject: Subject): void {
    this.change({ subject });
  }

  stop(): void {
    if (this.getState().subject !== null) this.change({ subject: null });
  }
}

/** Users and partner tokens whose names have the text somewhere. Throws an Error in the server's words. */
export async function findSubjects(session: Session, text: string): Promise<Subject[]> {
  const { users, partnerTokens } = await ask(session, FIND, { q: text });
  return [...users.nodes.map(subjectOfUser), ...partnerTokens.nodes.map(subjectOfToken)];
}

function subjectOfUser(user: any): Subject {
  const ended = user.active ? null : "inactive";
  return { kind: "user", id: user.id, name: user.username, role: user.role ?? "no role", ended };
}

function subjectOfToken(token: any): Subject {
  const expired = Date.parse(token.expiresAt) <= Date.now();
  const ended = token.revokedOn !== null ? "revoked" : expired ? "expired" : null;
  const partner = token.partnerCompany?.partnerName ?? "a partner";
  return { kind: "token", id: token.id, name: token.name, role: `token of ${partner}`, ended };
}
