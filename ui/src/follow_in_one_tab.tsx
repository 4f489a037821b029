// Stops a subscription when another of GraphiQL's tabs is opened: its events would be shown there, as answers to another query.
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useRef } from "react";

export function FollowInOneTab() {
  const tab = useGraphiQL(({ tabs, activeTabIndex }) => tabs[activeTabIndex]?.id);
  const { stop } = useGraphiQLActions();
  const previous = useRef(tab);
  useEffect(() => {
    if (previous.current !== tab) stop();
    previous.current = tab;
  }, [tab, stop]);
  return null;
}
