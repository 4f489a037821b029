// Apollo Client: subscriptions over the socket, all else over HTTP.

import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client/core";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";

import { end, fail, headers, http, query, socketClient, tell, variables } from "./following.js";

const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socketClient()),
    new HttpLink({ uri: http, headers }),
  ),
});

client
  .subscribe({ query: gql(query), variables })
  .subscribe({ next: ({ data, error }) => (data ? tell(data) : fail(error)), error: fail, complete: end });
