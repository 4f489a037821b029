// `graphql-ws` by itself.

import { end, fail, query, socketClient, tell, variables } from "./following.js";

socketClient().subscribe({ query, variables }, { next: ({ data }) => tell(data), error: fail, complete: end });
