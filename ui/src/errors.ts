// What the page's own errors look like in GraphiQL's answer pane, which prints all that an error has.

/** The same error with its message alone: a stack of minified code tells nobody anything. */
export function withoutStack(error: unknown): unknown {
  if (error instanceof Error) delete error.stack;
  return error;
}
