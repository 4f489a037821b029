// The example queries that the server offers; a click opens one in a tab of its own.
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";

import type { Example } from "./configuration";
import { usePage } from "./page_context";

export function ExampleList() {
  const { configuration } = usePage();
  const open = useExampleOpener();
  if (configuration.examples.length === 0) return null;
  return (
    <section aria-labelledby="examples-title">
      <h2 id="examples-title">Examples</h2>
      <ul className="example-list">
        {configuration.examples.map((example) => (
          <li key={example.name}>
            <button type="button" onClick={() => open(example)}>
              <span className="example-name">{example.name}</span>
              <span className="example-description">{example.description}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function useExampleOpener(): (example: Example) => void {
  const { addTab, updateActiveTabValues } = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL(({ queryEditor, variableEditor }) => ({ queryEditor, variableEditor }));
  return ({ query, variables }) => {
    const variablesText = variables === null ? "" : JSON.stringify(variables, null, 2);
    addTab();
    updateActiveTabValues({ query, variables: variablesText });
    variableEditor?.setValue(variablesText);
    queryEditor?.setValue(query);
    queryEditor?.focus();
  };
}
