// Joins a channel of Presence over a SqliteLog, prints that it has, and stays until it is killed:
//   join-presence.ts <path> <channel> <id> <ttl>
import { Presence } from '../../src/publisher/presence.ts'
import { SqliteLog } from '../../src/publisher/sqlite/sqlite-log.ts'

const [path = '', channel = '', id = '', ttl] = process.argv.slice(2)
const presence = new Presence<{ pid: number }>(new SqliteLog({ path }), { ttl: Number(ttl) })
await presence.join(channel, id, { pid: process.pid })
console.log(JSON.stringify({ id }))
// What renews the lease keeps no process alive.
setInterval(() => {}, 1000)
