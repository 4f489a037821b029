// graphql-jit on node:http with dataloaders and nothing else: the least that a Node server can do, not a service.

import { readFileSync } from 'node:fs'
import http from 'node:http'
import DataLoader from 'dataloader'
import { buildSchema, execute, GraphQLError, parse, validate } from 'graphql'
import { compileQuery, isCompiledQuery } from 'graphql-jit'
import * as estate from '../estate.mjs'
import { serializeMoment } from '../scalars.mjs'
import { authenticate, Unauthenticated } from '../session.mjs'
import { settings } from '../settings.mjs'

const MOST_TEXTS = 1000
const schema = buildSchema(readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8'))

function coded(work) {
  return work.catch((error) => {
    if (error instanceof estate.BadInput) {
      throw new GraphQLError(error.message, { extensions: { code: 'BAD_USER_INPUT' } })
    }
    throw error
  })
}

async function lead({ id, databaseId }, caller) {
  const key = databaseId ?? estate.keyOf(id, 'Lead')
  const filter = await estate.leadFilter(caller, null)
  filter.terms.push('id = ?')
  filter.values.push(key)
  const [row] = await estate.leads(filter, 1)
  return row ?? null
}

async function connection({ first, where }, caller) {
  return { filter: await estate.leadFilter(caller, where), first }
}

const resolvers = {
  Query: {
    viewer: () => ({}),
    lead: (_, args, context) => coded(lead(args, context.caller)),
    leads: (_, args, context) => coded(connection(args, context.caller)),
    company: (_, { databaseId }, { load }) => load.company.load(databaseId),
  },
  Viewer: { user: (_, __, { caller, load }) => load.user.load(caller.userId) },
  LeadConnection: {
    nodes: ({ filter, first }) => coded(estate.leads(filter, first)),
    totalCount: ({ filter }) => estate.countLeads(filter),
  },
  Lead: {
    company: (row, _, { load }) => load.company.load(row.companyId),
    warrior: (row, _, { load }) => (row.warriorId === null ? null : load.warrior.load(row.warriorId)),
    tickets: (row, { first }, { load }) => listLoader(load, 'tickets', estate.tickets, first).load(row.databaseId),
    analytics: (row, _, { load }) => load.analytics.load(row.databaseId),
  },
  Company: {
    invoices: (company) => ({ count: () => estate.countInvoices(company.databaseId) }),
    syncRuns: (company) => ({ count: () => estate.countSyncRuns(company.databaseId) }),
  },
  Count: { totalCount: ({ count }) => count() },
  Warrior: { user: (row, _, { load }) => load.user.load(row.userId) },
  Ticket: {
    comments: (row, { first }, { load }) => listLoader(load, 'comments', estate.comments, first).load(row.databaseId),
  },
  TicketComment: { commentedBy: (row, _, { load }) => userOrNull(load, row.commentedById) },
  User: {
    createdBy: (row, _, { load }) => userOrNull(load, row.createdById),
    changedBy: (row, _, { load }) => userOrNull(load, row.changedById),
  },
}

for (const [type, fields] of Object.entries(resolvers)) {
  const declared = schema.getType(type).getFields()
  for (const [name, resolve] of Object.entries(fields)) declared[name].resolve = resolve
}
schema.getType('DateTime').serialize = serializeMoment

const userOrNull = (load, id) => (id === null ? null : load.user.load(id))

const newLoaders = () => ({
  company: new DataLoader(estate.companies),
  warrior: new DataLoader(estate.warriors),
  user: new DataLoader(estate.users),
  analytics: new DataLoader(estate.analytics),
})

// One loader for each limit: a batch has one.
function listLoader(load, name, batch, first) {
  const key = `${name} ${first}`
  load[key] ??= new DataLoader((keys) => batch(keys, keys.map(() => first)))
  return load[key]
}

const texts = new Map()

// A text is compiled when it comes for the second time: compiling costs more than executing it once.
function prepared(query) {
  let known = texts.get(query)
  if (known === undefined) {
    const document = parse(query)
    const errors = validate(schema, document)
    if (errors.length > 0) throw new GraphQLError('The document is invalid.')
    known = {
      run: (context, variables) =>
        execute({ schema, document, contextValue: context, variableValues: variables }),
      document,
      compiled: false,
    }
    if (texts.size >= MOST_TEXTS) texts.delete(texts.keys().next().value)
    texts.set(query, known)
  } else if (!known.compiled) {
    const compiled = compileQuery(schema, known.document)
    if (!isCompiledQuery(compiled)) throw new Error('graphql-jit could not compile')
    known.run = (context, variables) => compiled.query(undefined, context, variables)
    known.compiled = true
  }
  return known
}

async function answer(request, body) {
  const { query, variables } = JSON.parse(body)
  const context = { caller: await authenticate(request.headers.authorization), load: newLoaders() }
  const { run } = prepared(query)
  return JSON.stringify(await run(context, variables ?? {}))
}

const server = http.createServer((request, response) => {
  const parts = []
  request.on('data', (part) => parts.push(part))
  request.on('end', async () => {
    try {
      const text = await answer(request, Buffer.concat(parts).toString())
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
      response.end(text)
    } catch (error) {
      const status = error instanceof Unauthenticated ? 401 : 500
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ errors: [{ message: error.message }] }))
    }
  })
})
server.listen(settings.port, '127.0.0.1')
