// What our components inside GraphiQL share: the server's configuration and the session.
import { createContext, useContext, useSyncExternalStore } from "react";

import type { Configuration } from "./configuration";
import type { Session, SessionState } from "./session";

type PageContent = { configuration: Configuration; session: Session };

export const PageContext = createContext<PageContent | null>(null);

export function usePage(): PageContent & SessionState {
  const content = useContext(PageContext);
  if (content === null) throw new Error("usePage is for components inside the page.");
  return { ...content, ...useSyncExternalStore(content.session.subscribe, content.session.getState) };
}
