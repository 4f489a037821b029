// Who is asking: the gateway's own token, its session looked up at most once a second, and whose leads they see.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { settings } from './settings.mjs'
import { rows } from './mariadb.mjs'

const KEY = createHash('sha256').update(`iperform-access:${settings.secret}`).digest()
const BELIEVED_MS = 1000
const SESSION = `
  select u.id, u.active and s.active and s.session_end > ? as lives, r.role_name as role
  from all_session s join user u on u.id = s.user_id join role r on r.id = u.role_id
  where s.id_session = ? and s.user_id = ?`

const known = new Map()

export class Unauthenticated extends Error {}

export function authenticate(header) {
  const claims = read(header)
  const found = known.get(claims.sid)
  if (found !== undefined && found.userId === claims.sub && Date.now() - found.since < BELIEVED_MS) {
    return found.caller
  }
  const caller = lookUp(claims)
  known.set(claims.sid, { userId: claims.sub, since: Date.now(), caller })
  return caller
}

function read(header) {
  const [scheme, token] = (header ?? '').split(' ')
  const parts = (token ?? '').split('.')
  if (scheme.toLowerCase() !== 'bearer' || parts.length !== 3) throw new Unauthenticated()
  const signature = createHmac('sha256', KEY).update(`${parts[0]}.${parts[1]}`).digest()
  const given = Buffer.from(parts[2], 'base64url')
  if (given.length !== signature.length || !timingSafeEqual(given, signature)) throw new Unauthenticated()
  const claims = JSON.parse(Buffer.from(parts[1], 'base64url'))
  const now = Date.now() / 1000
  if (claims.aud !== 'iperform-access' || claims.iss !== 'iperform-gateway' || !(claims.nbf <= now && now < claims.exp)) {
    throw new Unauthenticated()
  }
  return claims
}

async function lookUp(claims) {
  const [row] = await rows(SESSION, [settings.now, claims.sid, claims.sub])
  if (row === undefined || !row.lives) throw new Unauthenticated()
  if (row.role === 'ADMIN') return { userId: row.id, seesAll: true }
  if (row.role !== 'SALESPERSON') throw new Unauthenticated()
  return { userId: row.id, seesAll: false, ...(await team(row.id)) }
}

async function team(userId) {
  const [sellers, warriors] = await Promise.all([
    rows('select id, under_salesperson as under from salesperson where active and user_id = ?', [userId]),
    rows('select id, salesperson_id as seller from warrior where active', []),
  ])
  const sales = new Set(sellers.map((seller) => seller.id))
  const listed = new Set(sellers.flatMap((seller) => (seller.under ?? '').split(',').map((id) => id.trim())))
  const theirs = warriors.filter((warrior) => sales.has(warrior.seller) || listed.has(String(warrior.id)))
  return { sales: [...sales], warriors: theirs.map((warrior) => String(warrior.id)) }
}
