// Clears the answers in all tabs when the account changes: the next person mustn't read what the last one could see.
import { useGraphiQL } from "@graphiql/react";
import { useEffect, useRef } from "react";

import { usePage } from "./page_context";

export function ForgetAnswers() {
  const { account } = usePage();
  const previous = useRef(account);
  const { tabs, responseEditor } = useGraphiQL(({ tabs, responseEditor }) => ({ tabs, responseEditor }));
  useEffect(() => {
    const someoneLeft = previous.current !== null && previous.current !== account;
    previous.current = account;
    if (!someoneLeft) return;
    responseEditor?.setValue("");
    // GraphiQL has an action for the active tab only, and reads the others when they are opened.
    for (const tab of tabs) tab.response = null;
  }, [account, tabs, responseEditor]);
  return null;
}
