import { readFileSync } from 'node:fs'
import { formatTable } from './table.ts'

/** What V8 writes with `--cpu-prof`. */
interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame }[]
  readonly samples: readonly number[]
  /** In µs. */
  readonly timeDeltas: readonly number[]
}

interface Frame {
  readonly functionName: string
  readonly url: string
}

/** Where the time of a unary call goes: the first group that a function is of. */
const GROUPS: readonly (readonly [name: string, holds: (frame: Frame) => boolean])[] = [
  ['idle', ({ functionName }) => functionName === '(idle)'],
  [
    'sending, in the kernel',
    ({ functionName }) => /^(writev|write)(Utf8String|Buffer|Latin1String)?$/.test(functionName),
  ],
  ['garbage collection', ({ functionName }) => functionName === '(garbage collector)'],
  ['zod', ({ url }) => /\/schemas-[^/]*$/.test(url)],
  ['JSON, and what calls it', ({ functionName }) => /^(parseJSON|formatMessage)$/.test(functionName)],
  ["the server's own code", ({ url }) => /\/(raw|headwater)\.mjs$/.test(url)],
  ['microtasks', ({ functionName }) => functionName === 'runMicrotasks'],
  ['ws', ({ url }) => /\/(wrapper-[^/]*|ws\/.*)$/.test(url)],
  ['Headwater', ({ url }) => url.endsWith('.mjs') || url.endsWith('.ts')],
  ['Node', () => true],
]

/** Prints what profiles of servers have in each group, in % of the time that each was busy. */
const [...files] = process.argv.slice(2)
const shares = files.map(sharesOf)
const rows = GROUPS.slice(1).map(([name]) => [name, ...shares.map((share) => (share.get(name) ?? 0).toFixed(1))])
console.log(formatTable(['%', ...files.map((file) => file.split('/').at(-1) ?? file)], rows))

function sharesOf(file: string): ReadonlyMap<string, number> {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as Profile
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const times = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id) as Frame
    const [name] = GROUPS.find(([, holds]) => holds(frame)) as (typeof GROUPS)[number]
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0))
  }
  times.delete('idle')
  const busy = [...times.values()].reduce((sum, time) => sum + time, 0)
  return new Map([...times].map(([name, time]) => [name, (time / busy) * 100]))
}
