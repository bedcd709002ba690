// Appends to a PostgresLog inside transactions of its own, each with a row in a table of its own, and prints the name of each when
// it has committed: transact-with-postgres.ts <url> <channel> <name>
import { Pool } from 'pg'
import { PostgresLog } from '../../src/publisher/postgres/postgres-log.ts'

const [url = '', channel = '', name = ''] = process.argv.slice(2)
const pool = new Pool({ connectionString: url })
const log = new PostgresLog(pool)
const client = await pool.connect()

for (let number = 1; ; number++) {
  const data = `${name}/${number}`
  await client.query('BEGIN')
  await client.query('INSERT INTO orders (name) VALUES ($1)', [data])
  await log.append(channel, [{ data }], { retention: {}, transaction: client })
  await client.query('COMMIT')
  console.log(JSON.stringify(data))
}
