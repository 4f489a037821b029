// What the Node peers ask of the databases: a batch for each relation, in the way that an expert would write it.

import { analyticsRows } from './clickhouse.mjs'
import { rows } from './mariadb.mjs'

const LEAD = `id as databaseId, firm_name as firmName, status, industry, source, probability,
  tentative_value as tentativeValue, created_on as createdOn, changed_on as changedOn,
  company_id as companyId, warrior_id as warriorId`
const COMPANY = 'id as databaseId, company_name as companyName, industry, city, state, active'
const WARRIOR = `id as databaseId, user_id as userId, salesperson_id as salespersonId, active,
  created_on as createdOn`
const USER = `id as databaseId, username, email, active, created_on as createdOn, created_by as createdById,
  changed_by as changedById`
const TICKET = `id as databaseId, lead_id as leadId, title, ticket_type as ticketType, priority, status,
  created_on as createdOn`
const COMMENT = `id as databaseId, ticket_id as ticketId, comment_text as commentText,
  commented_on as commentedOn, commented_by as commentedById`
// Once by the index, and once by bytes: the column's collation takes '5 ' and '５' for '5'.
const THEIRS = 'warrior_id in (?) and binary warrior_id in (?)'
const MOST = 500
const USUAL = 50
const WHOLE = /^[1-9][0-9]*$/

export class BadInput extends Error {}

function identified(type, found) {
  for (const row of found) row.id = Buffer.from(`${type}:${row.databaseId}`).toString('base64url')
  return found
}

// --- leads --------------------------------------------------------------------------------------------------

export async function leadFilter(caller, where) {
  const terms = ['not (is_deleted <=> 1)']
  const values = []
  if (where?.databaseId?.lt != null) terms.push('id < ?') && values.push(where.databaseId.lt)
  if (where?.companyId?.eq != null) terms.push('company_id = ?') && values.push(where.companyId.eq)
  if (where?.status?.eq != null) terms.push('status = ?') && values.push(where.status.eq)
  if (where?.company?.industry?.eq != null) {
    const found = await rows('select id from magenta.company where industry = ?', [where.company.industry.eq])
    if (found.length === 0) terms.push('false')
    else terms.push('company_id in (?)') && values.push(found.map((row) => row.id))
  }
  return { caller, terms, values }
}

export async function leads({ caller, terms, values }, first) {
  const count = first ?? USUAL
  if (count < 0 || count > MOST) throw new BadInput('first')
  const filter = terms.join(' and ')
  const page = 'order by id desc limit ?'
  if (caller.seesAll) {
    return identified('Lead', await rows(`select ${LEAD} from leads where ${filter} ${page}`, [...values, count]))
  }
  // Branches that an index serves each, and their newest together.
  const branches = []
  const all = []
  if (caller.warriors.length > 0) {
    branches.push(`(select ${LEAD} from leads where ${filter} and ${THEIRS} ${page})`)
    all.push(...values, caller.warriors, caller.warriors, count)
  }
  if (caller.sales.length > 0) {
    branches.push(
      `(select ${LEAD} from leads where ${filter} and id in
        (select lead_id from gateway_lead_sharing where salesperson_id in (?)) ${page})`,
    )
    all.push(...values, caller.sales, count)
  }
  if (branches.length === 0) return []
  return identified('Lead', await rows(`${branches.join(' union ')} order by databaseId desc limit ?`, [...all, count]))
}

export async function countLeads({ caller, terms, values }) {
  const own = caller.seesAll
    ? ''
    : ` and (${THEIRS} or id in
        (select lead_id from gateway_lead_sharing where salesperson_id in (?)))`
  const more = caller.seesAll ? [] : [caller.warriors, caller.warriors, caller.sales]
  const [row] = await rows(`select count(*) as n from leads where ${terms.join(' and ')}${own}`, [...values, ...more])
  return row.n
}

export function keyOf(id, type) {
  const text = Buffer.from(id, 'base64url').toString()
  const [name, key] = text.split(':')
  if (name !== type || !WHOLE.test(key)) throw new BadInput('id')
  return Number(key)
}

// --- one for each key ---------------------------------------------------------------------------------------

async function byId(type, columns, table, ids) {
  const wanted = [...new Set(ids.filter((id) => id != null))]
  const found = wanted.length === 0 ? [] : await rows(`select ${columns} from ${table} where id in (?)`, [wanted])
  const rowOf = new Map(identified(type, found).map((row) => [row.databaseId, row]))
  return ids.map((id) => rowOf.get(id) ?? null)
}

export const companies = (ids) => byId('Company', COMPANY, 'magenta.company', ids)
export const users = (ids) => byId('User', USER, 'user', ids)
export const warriors = (ids) =>
  byId('Warrior', WARRIOR, 'warrior', ids.map((id) => (id !== null && WHOLE.test(id) ? Number(id) : null)))

// --- many for each key --------------------------------------------------------------------------------------

async function newest(type, columns, table, key, name, keys, firsts) {
  const wanted = [...new Set(keys)]
  const found = await rows(`select ${columns} from ${table} where ${key} in (?) order by id desc`, [wanted])
  const lists = new Map(wanted.map((id) => [id, []]))
  for (const row of identified(type, found)) lists.get(row[name]).push(row)
  return keys.map((id, place) => ({ nodes: lists.get(id).slice(0, firsts[place] ?? USUAL) }))
}

export const tickets = (leadIds, firsts) => newest('Ticket', TICKET, 'tickets', 'lead_id', 'leadId', leadIds, firsts)
export const comments = (ticketIds, firsts) =>
  newest('TicketComment', COMMENT, 'ticket_communication', 'ticket_id', 'ticketId', ticketIds, firsts)

// --- analytics ----------------------------------------------------------------------------------------------

const DAY = 86_400

export async function analytics(leadIds) {
  const ids = [...new Set(leadIds)].join(', ')
  const found = await analyticsRows(`
    select 'lead' as part, id as lead, toUInt64(1) as n, max(toNullable(version)) as last
    from iperform_helper.leads where id in (${ids}) group by id
    union all select 'status' as part, lead_id as lead, count() as n, max(changed_on) as last
    from iperform_helper.lead_status where lead_id in (${ids}) group by lead_id
    union all select 'log' as part, lead_id as lead, count() as n, max(logged_on) as last
    from iperform_helper.lead_logs where lead_id in (${ids}) group by lead_id`)
  const parts = { lead: new Map(), status: new Map(), log: new Map() }
  for (const [part, lead, n, last] of found) parts[part].set(lead, { n: Number(n), last })
  return leadIds.map((id) => answerOf(parts.lead.get(id), parts.status.get(id), parts.log.get(id)))
}

function answerOf(seen, changed, logged) {
  if (seen === undefined) return null
  return {
    asOf: seen.last,
    statusChanges: changed?.n ?? 0,
    daysInStatus: changed?.last == null ? null : daysBetween(changed.last, seen.last),
    activities: logged?.n ?? 0,
    lastActivityOn: logged?.last ?? null,
  }
}

function daysBetween(earlier, later) {
  const seconds = (Date.parse(`${later}Z`) - Date.parse(`${earlier}Z`)) / 1000
  return Math.round((seconds / DAY) * 1e4) / 1e4
}

export async function countInvoices(companyId) {
  const schema = `h_${String(companyId).padStart(3, '0')}`
  return countRows(`select count() from ${schema}.invoices`)
}

export const countSyncRuns = (companyId) =>
  countRows(`select count() from extractor.sync_history where company_id = ${Number(companyId)}`)

async function countRows(statement) {
  const [[n]] = await analyticsRows(statement)
  return Number(n)
}
