// What our components inside GraphiQL share: the server's configuration and the session.
import { createContext, useContext, useSyncExternalStore } from "react";

import type { Configuration } from "./configuration";
import type { Plan, Plans } from "./plans";
import type { Session, SessionState } from "./session";
import type { Subject, Viewing } from "./view_as";

type PageContent = { configuration: Configuration; session: Session; viewing: Viewing; plans: Plans };

type Shown = { subject: Subject | null; asked: boolean; plan: Plan | null };

export const PageContext = createContext<PageContent | null>(null);

export function usePage(): PageContent & SessionState & Shown {
  const content = useContext(PageContext);
  if (content === null) throw new Error("usePage is for components inside the page.");
  const { session, viewing, plans } = content;
  const { subject } = useSyncExternalStore(viewing.subscribe, viewing.getState);
  const shown = useSyncExternalStore(plans.subscribe, plans.getState);
  return { ...content, ...useSyncExternalStore(session.subscribe, session.getState), ...shown, subject };
}
