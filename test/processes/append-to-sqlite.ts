// Appends to a SqliteLog and prints the place of each record once it is acknowledged:
//   append-to-sqlite.ts <path> <durability> <channel> <name> <count>
import { SqliteLog } from '../../src/publisher/sqlite/sqlite-log.ts'

const [path = '', durability, channel = '', name, count] = process.argv.slice(2)
const log = new SqliteLog({ path, durability: durability as 'full' | 'normal' })

for (let number = 1; number <= Number(count); number++) {
  const data = `${name}/${number}`
  const { last } = await log.append(channel, [{ data }], { retention: {} })
  console.log(JSON.stringify({ data, ...last }))
}
await log.close()
