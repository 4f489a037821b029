// A client of `graphql-ws` or `graphql-sse` that resumes: both send a subscription's request anew when they have
// connected again, and by then its `after` is the cursor of the last event that has come.

export const resuming = (client) => ({
  ...client,
  subscribe(payload, sink) {
    const request = { ...payload, variables: { ...payload.variables } };
    return client.subscribe(request, {
      ...sink,
      next(result) {
        const [event] = Object.values(result.data ?? {});
        if (event?.cursor) request.variables.after = event.cursor;
        sink.next(result);
      },
    });
  },
});
