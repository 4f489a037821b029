// `graphql-sse`, distinct connections mode.

import { createClient } from "graphql-sse";

import { end, fail, headers, http, query, retry, tell, variables } from "./following.js";
import { resuming } from "./resuming.js";

const client = resuming(createClient({ url: http, headers, ...retry, retry: retry.retryWait }));
client.subscribe({ query, variables }, { next: ({ data }) => tell(data), error: fail, complete: end });
