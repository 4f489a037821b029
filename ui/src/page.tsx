// GraphiQL as the gateway shows it: its own plugins, our start panel, and who is logged in at the top right.
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { useMemo, useSyncExternalStore } from "react";

import { ACCESS_PLUGIN } from "./access_panel";
import { AccountStatus } from "./account_status";
import type { Configuration } from "./configuration";
import { createFetcher } from "./fetcher";
import { FollowInOneTab } from "./follow_in_one_tab";
import { FollowSystemTheme } from "./follow_system_theme";
import { ForgetAnswers } from "./forget_answers";
import { LiveBar } from "./live_bar";
import { LiveStatus } from "./live_status";
import { PageMemory } from "./memory";
import { PageContext } from "./page_context";
import { PLAN_PLUGIN } from "./plan_panel";
import { Plans } from "./plans";
import type { Session } from "./session";
import { START_PLUGIN } from "./start_panel";
import { Viewing } from "./view_as";
import { ViewBanner } from "./view_banner";

const PLUGINS = [START_PLUGIN, explorerPlugin(), HISTORY_PLUGIN];
const PLUGINS_OF_ADMIN = [START_PLUGIN, ACCESS_PLUGIN, PLAN_PLUGIN, ...PLUGINS.slice(1)];
const MEMORY = new PageMemory();
const LIVE = new LiveStatus();

const WELCOME = `# Log in on the left, then open an
# example or write a query here.
#
# Ctrl-Enter  runs the query
# Ctrl-Space  completes a name

query Hello {
  __typename
}
`;

export function Page({ configuration, session }: { configuration: Configuration; session: Session }) {
  const { account } = useSyncExternalStore(session.subscribe, session.getState);
  const viewing = useMemo(() => new Viewing(session), [session]);
  const plans = useMemo(() => new Plans(session, viewing), [session, viewing]);
  const { subject } = useSyncExternalStore(viewing.subscribe, viewing.getState);
  // Each role has a schema of its own: a new fetcher makes GraphiQL ask for it.
  const fetcher = useMemo(() => createFetcher(session, subject, plans, LIVE), [session, account, subject, plans]);
  const context = useMemo(() => ({ configuration, session, viewing, plans }), [configuration, session, viewing, plans]);
  return (
    <PageContext.Provider value={context}>
      <ViewBanner />
      <GraphiQL
        fetcher={fetcher}
        plugins={account?.role === "ADMIN" ? PLUGINS_OF_ADMIN : PLUGINS}
        visiblePlugin={START_PLUGIN}
        storage={MEMORY}
        shouldPersistHeaders={false}
        defaultQuery={WELCOME}
        defaultEditorToolsVisibility="variables"
        inputValueDeprecation
        schemaDescription
      >
        <GraphiQL.Logo>
          <AccountStatus />
        </GraphiQL.Logo>
        <ForgetAnswers />
        <FollowInOneTab />
        <FollowSystemTheme />
      </GraphiQL>
      <LiveBar status={LIVE} />
    </PageContext.Provider>
  );
}
