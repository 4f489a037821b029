// What the server tells the page about itself: its title, the demo's accounts, the example queries.

export type DemoAccount = { username: string; role: string };

export type Example = {
  name: string;
  description: string;
  query: string;
  variables: Record<string, unknown> | null;
};

export type Configuration = {
  title: string;
  demoAccounts: DemoAccount[];
  demoPassword: string | null;
  examples: Example[];
};

const NOTHING_TOLD: Configuration = { title: "GraphiQL", demoAccounts: [], demoPassword: null, examples: [] };

/** The page works without the file: it then offers the form and no examples. */
export async function loadConfiguration(): Promise<Configuration> {
  try {
    const response = await fetch("/graphiql/config.json");
    if (!response.ok) return NOTHING_TOLD;
    return { ...NOTHING_TOLD, ...((await response.json()) as Partial<Configuration>) };
  } catch {
    return NOTHING_TOLD;
  }
}
