// Clears the answers in all tabs, and stops a subscription, when the account changes, or as whom it views: what is shown
// is always of who is named.
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useRef } from "react";

import { usePage } from "./page_context";

export function ForgetAnswers() {
  const { account, subject } = usePage();
  const { stop } = useGraphiQLActions();
  const previous = useRef({ account, subject });
  const { tabs, responseEditor } = useGraphiQL(({ tabs, responseEditor }) => ({ tabs, responseEditor }));
  useEffect(() => {
    const left = previous.current;
    previous.current = { account, subject };
    const someoneLeft = left.account !== null && left.account !== account;
    if (!someoneLeft && left.subject === subject) return;
    stop();
    responseEditor?.setValue("");
    // GraphiQL has an action for the active tab only, and reads the others when they are opened.
    for (const tab of tabs) tab.response = null;
  }, [account, subject, tabs, responseEditor, stop]);
  return null;
}
