// GraphiQL as the gateway shows it: its own plugins, our start panel, and who is logged in at the top right.
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { useMemo, useSyncExternalStore } from "react";

import { AccountStatus } from "./account_status";
import type { Configuration } from "./configuration";
import { createFetcher } from "./fetcher";
import { FollowSystemTheme } from "./follow_system_theme";
import { ForgetAnswers } from "./forget_answers";
import { PageMemory } from "./memory";
import { PageContext } from "./page_context";
import type { Session } from "./session";
import { START_PLUGIN } from "./start_panel";

const PLUGINS = [START_PLUGIN, explorerPlugin(), HISTORY_PLUGIN];
const MEMORY = new PageMemory();

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
  // Each role has a schema of its own: a new fetcher makes GraphiQL ask for it.
  const fetcher = useMemo(() => createFetcher(session), [session, account]);
  const context = useMemo(() => ({ configuration, session }), [configuration, session]);
  return (
    <PageContext.Provider value={context}>
      <GraphiQL
        fetcher={fetcher}
        plugins={PLUGINS}
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
        <FollowSystemTheme />
      </GraphiQL>
    </PageContext.Provider>
  );
}
