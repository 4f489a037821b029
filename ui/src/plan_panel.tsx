// ADMIN's panel: how the last answer came about. It depends on no other plugin.
import type { GraphiQLPlugin } from "@graphiql/react";

import { usePage } from "./page_context";
import { PlanTree } from "./plan_tree";

export const PLAN_PLUGIN: GraphiQLPlugin = { title: "Plan", icon: PlanIcon, content: PlanPanel };

function PlanPanel() {
  const { asked, plan, plans } = usePage();
  return (
    <section className="start-panel plan-panel" aria-labelledby="plan-title">
      <h1 id="plan-title" className="graphiql-doc-explorer-title">
        Plan
      </h1>
      <p>What was read for an answer: from where, by which rule, with which statement. Values stay out of it.</p>
      <label className="plan-switch">
        <input type="checkbox" role="switch" checked={asked} onChange={(event) => plans.ask(event.target.checked)} />
        Show plan
      </label>
      {asked && plan === null && <p className="plan-hint">Run a query: its plan will be here.</p>}
      {plan !== null && <PlanTree plan={plan} />}
    </section>
  );
}

function PlanIcon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <rect x="2.25" y="2.75" width="6.5" height="4" rx="1" />
      <rect x="11.25" y="8" width="6.5" height="4" rx="1" />
      <rect x="11.25" y="14" width="6.5" height="4" rx="1" />
      <path d="M5.5 6.75V15a1 1 0 0 0 1 1h4.75M5.5 10h5.75" />
    </svg>
  );
}
