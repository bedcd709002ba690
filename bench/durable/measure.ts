// Publishes to 1,000 sockets of one object in workerd, and of one that only calls `send`, in turns, and prints the medians:
//   npm run bench:durable -- [sockets] [events]
import { DurableEventIterator } from 'headwater/durable'
import { WebSocket } from 'ws'
import { runWorkerd } from '../../test/tools/workerd.ts'

const [sockets = 1000, events = 100] = process.argv.slice(2).map(Number)
const workerd = await runWorkerd(`${import.meta.dirname}/worker.ts`, { BARE: 'Bare', ROOM: 'Room' })
const text = 'x'.repeat(100)

/** Opens the sockets. Gives what publishes one event and takes the time, in ms, until all have it. */
async function open(name: string, protocols: string[], first?: string): Promise<() => Promise<number>> {
  let received = 0
  let onAll: (() => void) | undefined
  for (let index = 0; index < sockets; index++) {
    const socket = new WebSocket(`${workerd.url.replace('http', 'ws')}${name}`, protocols)
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    if (first !== undefined) {
      const begun = new Promise<void>((resolve) => {
        socket.on('message', (data) => String(data).includes('"position"') && resolve())
      })
      socket.send(first)
      await begun
      socket.removeAllListeners('message')
    }
    socket.on('message', (data) => {
      if (String(data).includes(text) && ++received % sockets === 0) onAll?.()
    })
  }
  return async () => {
    const all = new Promise<void>((resolve) => {
      onAll = resolve
    })
    const start = performance.now()
    await Promise.all([fetch(`${workerd.url}${name}?text=${text}`), all])
    return performance.now() - start
  }
}

const { token } = (await new DurableEventIterator<any>('room', { signingKey: 'key' } as never)) as unknown as {
  token: string
}
const bare = await open('BARE', [])
const room = await open(
  'ROOM',
  ['headwater.1', `headwater.token.${token}`],
  JSON.stringify({ i: '1', p: { u: '/subscribe', b: {} } }),
)
const times = { bare: [] as number[], room: [] as number[] }
for (let event = 0; event < events + 20; event++) {
  const [one, other] = [await bare(), await room()]
  // The first ones warm up.
  if (event < 20) continue
  times.bare.push(one)
  times.room.push(other)
}
const median = (values: number[]): number => values.sort((one, other) => one - other)[values.length >> 1] as number
const [bareTime, roomTime] = [median(times.bare), median(times.room)]
console.log(JSON.stringify({ sockets, events, bareTime, roomTime, ratio: roomTime / bareTime }))
await workerd.close()
process.exit(0)
