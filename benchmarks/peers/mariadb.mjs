// One pool for both databases, which the benchmark keeps on one server.

import mysql from 'mysql2/promise'
import { settings } from './settings.mjs'

const pool = mysql.createPool({
  ...settings.mariadb,
  database: 'iperform',
  charset: 'utf8mb4',
  connectionLimit: settings.pool,
  dateStrings: true,
})

export async function rows(statement, values) {
  const [found] = await pool.query(statement, values)
  return found
}
