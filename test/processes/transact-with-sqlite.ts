// Appends inside transactions of its own, each with a row in a table of its own, and prints the number of each when it
// has committed: transact-with-sqlite.ts <path> <channel>
import { openDatabase } from '../../src/publisher/sqlite/driver.ts'
import { SqliteLog } from '../../src/publisher/sqlite/sqlite-log.ts'

const [path = '', channel = ''] = process.argv.slice(2)
const log = new SqliteLog({ path })
await log.open()
const connection = await openDatabase(path)
connection.exec('CREATE TABLE IF NOT EXISTS orders (number INTEGER NOT NULL)')

for (let number = 1; ; number++) {
  connection.exec('BEGIN IMMEDIATE')
  connection.prepare('INSERT INTO orders VALUES (?)').run(number)
  await log.append(channel, [{ data: String(number) }], { retention: {}, transaction: connection })
  connection.exec('COMMIT')
  console.log(number)
}
