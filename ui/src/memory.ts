// What GraphiQL may remember: the looks in the browser, the queries until the browser tab closes, the rest until a reload.
// Nothing that could hold a password or a token is written anywhere.

const LOOKS = new Set(["theme", "docExplorerFlex", "editorFlex", "secondaryEditorFlex"]);
const LOOK = /^(light|dark|[\d.]+)$/;
const TABS = "tabState";
const SECRETIVE = /password|token|login|session|eyJ[\w-]{8}/i;
const PREFIX = "graphiql:";

type Tab = { query: string | null; variables: string | null };
type TabState = { tabs: Tab[]; activeTabIndex: number };

export class PageMemory implements Pick<Storage, "getItem" | "setItem" | "removeItem" | "clear" | "length"> {
  private readonly fleeting = new Map<string, string>();

  /** GraphiQL takes the first content of its editors from keys of their own, so they are filled from the open tab. */
  constructor() {
    const state = JSON.parse(this.getItem(PREFIX + TABS) || "null") as TabState | null;
    const open = state?.tabs[state.activeTabIndex];
    if (open?.query) this.fleeting.set(PREFIX + "query", open.query);
    if (open?.variables) this.fleeting.set(PREFIX + "variables", open.variables);
  }

  get length(): number {
    return this.fleeting.size;
  }

  getItem(key: string): string | null {
    return this.fleeting.get(key) ?? storeFor(key)?.getItem(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.fleeting.set(key, value);
    if (isLook(key) && !LOOK.test(value)) return;
    storeFor(key)?.setItem(key, isTabs(key) ? withoutSecrets(value) : value);
  }

  removeItem(key: string): void {
    this.fleeting.delete(key);
    storeFor(key)?.removeItem(key);
  }

  clear(): void {
    this.fleeting.clear();
    for (const name of [...LOOKS, TABS]) storeFor(PREFIX + name)?.removeItem(PREFIX + name);
  }
}

function storeFor(key: string): Storage | null {
  try {
    if (isLook(key)) return window.localStorage;
    return isTabs(key) ? window.sessionStorage : null;
  } catch {
    return null; // the browser refuses storage to this page
  }
}

function isLook(key: string): boolean {
  return LOOKS.has(key.slice(PREFIX.length));
}

function isTabs(key: string): boolean {
  return key === PREFIX + TABS;
}

function withoutSecrets(tabState: string): string {
  const state = JSON.parse(tabState) as TabState;
  const tabs = state.tabs.filter((tab) => !SECRETIVE.test(`${tab.query ?? ""} ${tab.variables ?? ""}`));
  if (tabs.length === 0) return "";
  return JSON.stringify({ ...state, tabs, activeTabIndex: Math.min(state.activeTabIndex, tabs.length - 1) });
}
