// ClickHouse over HTTP, on connections that stay open.

import http from 'node:http'
import { settings } from './settings.mjs'

const agent = new http.Agent({ keepAlive: true, maxSockets: settings.pool })

export function analyticsRows(statement) {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { agent, host: settings.clickhouse.host, port: settings.clickhouse.httpPort, method: 'POST', path: '/' },
      (answer) => {
        const parts = []
        answer.on('data', (part) => parts.push(part))
        answer.on('error', reject)
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString()
          if (answer.statusCode !== 200) reject(new Error(text))
          else resolve(JSON.parse(text).data)
        })
      },
    )
    request.on('error', reject)
    request.end(`${statement} format JSONCompact`)
  })
}
