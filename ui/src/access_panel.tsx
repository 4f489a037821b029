// ADMIN's panel: choose somebody, read as they do, and ask why they see a row. It depends on no other plugin.
import { Button, type GraphiQLPlugin } from "@graphiql/react";

import { usePage } from "./page_context";
import { SubjectFinder } from "./subject_finder";
import { WhyForm } from "./why_form";

export const ACCESS_PLUGIN: GraphiQLPlugin = { title: "View as", icon: AccessIcon, content: AccessPanel };

function AccessPanel() {
  const { subject, viewing } = usePage();
  return (
    <section className="start-panel access-panel" aria-labelledby="access-title">
      <h1 id="access-title" className="graphiql-doc-explorer-title">
        View as somebody else
      </h1>
      <p>You see the schema and the rows that they see, and less where your own role is denied something. Nothing can be changed.</p>
      {subject === null ? (
        <SubjectFinder />
      ) : (
        <div className="chosen-subject">
          <span>
            <strong>{subject.name}</strong> <span className="account-role">{subject.role}</span>
          </span>
          <Button type="button" onClick={() => viewing.stop()}>
            Stop viewing
          </Button>
        </div>
      )}
      {subject !== null && <WhyForm key={subject.id} subject={subject} />}
    </section>
  );
}

function AccessIcon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M1.5 10C3.2 6.3 6.3 4.25 10 4.25S16.8 6.3 18.5 10c-1.7 3.7-4.8 5.75-8.5 5.75S3.2 13.7 1.5 10Z" />
      <circle cx="10" cy="10" r="2.75" />
    </svg>
  );
}
