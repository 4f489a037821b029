// Fastify and Mercurius with JIT and loaders, as Mercurius' documentation has them.

import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import { GraphQLScalarType } from 'graphql'
import mercurius from 'mercurius'
import * as estate from '../estate.mjs'
import { serializeMoment } from '../scalars.mjs'
import { authenticate } from '../session.mjs'
import { settings } from '../settings.mjs'

const { ErrorWithProps } = mercurius
const schema = readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8')

async function coded(work) {
  try {
    return await work()
  } catch (error) {
    if (error instanceof estate.BadInput) throw new ErrorWithProps(error.message, { code: 'BAD_USER_INPUT' })
    throw error
  }
}

const one = (load) => load().then(([row]) => row)

const resolvers = {
  DateTime: new GraphQLScalarType({ name: 'DateTime', serialize: serializeMoment }),
  Query: {
    viewer: () => ({}),
    lead: (_, { id, databaseId }, { caller }) =>
      coded(async () => {
        const key = databaseId ?? estate.keyOf(id, 'Lead')
        const filter = await estate.leadFilter(caller, null)
        filter.terms.push('id = ?')
        filter.values.push(key)
        const [row] = await estate.leads(filter, 1)
        return row ?? null
      }),
    leads: (_, { first, where }, { caller }) =>
      coded(async () => ({ filter: await estate.leadFilter(caller, where), first })),
    company: (_, { databaseId }) => one(() => estate.companies([databaseId])),
  },
  Viewer: { user: (_, __, { caller }) => one(() => estate.users([caller.userId])) },
  LeadConnection: {
    nodes: ({ filter, first }) => coded(() => estate.leads(filter, first)),
    totalCount: ({ filter }) => estate.countLeads(filter),
  },
  Company: {
    invoices: (company) => ({ count: () => estate.countInvoices(company.databaseId) }),
    syncRuns: (company) => ({ count: () => estate.countSyncRuns(company.databaseId) }),
  },
  Count: { totalCount: ({ count }) => count() },
}

// A request's cache of loaders would spell out every parent as text; the batches drop repeated keys themselves.
const batched = (loader) => ({ loader, opts: { cache: false } })

const loaders = {
  Lead: {
    company: batched((queries) => estate.companies(queries.map(({ obj }) => obj.companyId))),
    warrior: batched((queries) => estate.warriors(queries.map(({ obj }) => obj.warriorId))),
    tickets: batched((queries) =>
      estate.tickets(queries.map(({ obj }) => obj.databaseId), queries.map(({ params }) => params.first)),
    ),
    analytics: batched((queries) => estate.analytics(queries.map(({ obj }) => obj.databaseId))),
  },
  Warrior: { user: batched((queries) => estate.users(queries.map(({ obj }) => obj.userId))) },
  Ticket: {
    comments: batched((queries) =>
      estate.comments(queries.map(({ obj }) => obj.databaseId), queries.map(({ params }) => params.first)),
    ),
  },
  TicketComment: {
    commentedBy: batched((queries) => estate.users(queries.map(({ obj }) => obj.commentedById))),
  },
  User: {
    createdBy: batched((queries) => estate.users(queries.map(({ obj }) => obj.createdById))),
    changedBy: batched((queries) => estate.users(queries.map(({ obj }) => obj.changedById))),
  },
}

const app = Fastify({ logger: false })
app.register(mercurius, {
  schema,
  resolvers,
  loaders,
  jit: 1,
  context: async (request) => ({ caller: await authenticate(request.headers.authorization) }),
})
await app.listen({ host: '127.0.0.1', port: settings.port })
