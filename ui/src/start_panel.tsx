// The first panel in GraphiQL's sidebar: logging in, then something to try. It depends on no other plugin.
import type { GraphiQLPlugin } from "@graphiql/react";

import { ExampleList } from "./example_list";
import { LoginForm } from "./login_form";
import { usePage } from "./page_context";
import { START_TITLE } from "./start_title";

export const START_PLUGIN: GraphiQLPlugin = { title: START_TITLE, icon: StartIcon, content: StartPanel };

function StartPanel() {
  const { configuration } = usePage();
  return (
    <section className="start-panel" aria-labelledby="start-title">
      <h1 id="start-title" className="graphiql-doc-explorer-title">
        {configuration.title}
      </h1>
      <LoginForm />
      <ExampleList />
    </section>
  );
}

function StartIcon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <circle cx="10" cy="6.5" r="3.75" />
      <path d="M2.5 18.5c.6-4 3.6-6.25 7.5-6.25s6.9 2.25 7.5 6.25" strokeLinecap="round" />
    </svg>
  );
}
