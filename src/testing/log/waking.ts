import type { Appended } from '../../publisher/event-log.ts'
import { NO_TAG } from '../../publisher/position.ts'
import { check, checkEqual } from '../assert.ts'
import type { LogBench } from '../log-bench.ts'
import { ALL, append, appendEach, dataOf, headOf, numbers, readAll } from '../log-bench.ts'
import type { CheckDefinition } from './definition.ts'

type Log = Parameters<typeof headOf>[0]

/** Two logs on one store: one that is woken, and another process's. */
async function pair(bench: LogBench): Promise<readonly [own: Log, other: Log]> {
  const [own, other] = await bench.logs(2)
  check(own !== undefined && other !== undefined, 'No log')
  return [own, other]
}

async function watching(log: Log, ...channels: string[]) {
  const woken: (string | undefined)[] = []
  const watch = await log.watch((channel) => void woken.push(channel))
  for (const channel of channels) await watch.add(channel)
  return { woken, watch, isWoken: (channel: string) => woken.includes(channel) || woken.includes(undefined) }
}

export const wakingChecks: readonly CheckDefinition[] = [
  {
    name: 'an append wakes who watches the channel, in this process and in others',
    async run(bench) {
      const [[own, other], channel] = [await pair(bench), bench.channel()]
      const { woken, watch, isWoken } = await watching(own, channel)
      for (const [name, log] of [
        ['this', own],
        ['another', other],
      ] as const) {
        woken.length = 0
        await append(log, channel, ['1'])
        await bench.eventually(`A wake-up by an append of ${name} process`, () => isWoken(channel) || undefined)
      }
      await watch.close()
    },
  },
  {
    name: 'what wakes is there to be read',
    async run(bench) {
      const [[own, other], channel] = [await pair(bench), bench.channel()]
      const seen: Promise<number>[] = []
      const watch = await own.watch(() => void seen.push(readAll(own, channel).then(({ length }) => length)))
      await watch.add(channel)
      for (const count of [1, 2, 3]) {
        await append(other, channel, [String(count)])
        await bench.eventually(
          `A wake-up after which ${count} records can be read`,
          async () => (await Promise.all(seen)).includes(count) || undefined,
        )
      }
      await watch.close()
    },
  },
  {
    name: 'records that a wake-up brings are those that were appended, between the places that it names',
    async run(bench) {
      const [[own, other], channel] = [await pair(bench), bench.channel()]
      const brought: Appended[] = []
      let wakes = 0
      const watch = await own.watch((_, appended) => {
        wakes++
        if (appended !== undefined) brought.push(appended)
      })
      await watch.add(channel)
      for (const [log, data] of [
        [own, 'own\n'],
        [other, 'of another, ✓'],
      ] as const) {
        const before = wakes
        await append(log, channel, [data])
        await bench.eventually('A wake-up', () => wakes > before || undefined)
      }
      await watch.close()
      const all = await readAll(own, channel)
      for (const { before, last, records } of brought) {
        const between = all.filter(({ offset }) => offset > before.offset && offset <= last.offset)
        checkEqual(between, records, 'The records between the places of those that were brought')
        await own.read(channel, last, ALL)
        if (before.tag !== NO_TAG) await own.read(channel, before, ALL)
      }
    },
  },
  {
    name: 'add() resolves once the channel wakes: no append after it is missed',
    async run(bench) {
      const [own, other] = await pair(bench)
      const { watch, isWoken } = await watching(own)
      for (const channel of numbers(1, 20).map((number) => bench.channel(number))) {
        await watch.add(channel)
        await append(other, channel, ['1'])
        await bench.eventually('A wake-up by an append right after add()', () => isWoken(channel) || undefined)
      }
      await watch.close()
    },
  },
  {
    name: 'delete() ends the waking for its channel, and for no other',
    async run(bench) {
      const [[own, other], gone, left] = [await pair(bench), bench.channel('gone'), bench.channel('left')]
      const { woken, watch, isWoken } = await watching(own, gone, left)
      watch.delete(gone)
      watch.delete(bench.channel('never added'))
      woken.length = 0
      for (const log of [own, other]) {
        await append(log, gone, ['1'])
        await append(log, left, ['1'])
      }
      await bench.eventually('A wake-up for the channel that is left', () => isWoken(left) || undefined)
      checkEqual(woken.includes(gone), false, 'Whether the channel that was taken off woke')
      await watch.add(gone)
      await append(other, gone, ['2'])
      await bench.eventually('A wake-up for the channel that was added again', () => isWoken(gone) || undefined)
      await watch.close()
    },
  },
  {
    name: 'a watch that is closed wakes nobody, and the others still do',
    async run(bench) {
      const [[own, other], channel] = [await pair(bench), bench.channel()]
      const [closed, open] = [await watching(own, channel), await watching(own, channel)]
      await closed.watch.close()
      await closed.watch.close()
      closed.woken.length = 0
      open.woken.length = 0
      await append(other, channel, ['1'])
      await bench.eventually('A wake-up of the watch that is open', () => open.isWoken(channel) || undefined)
      checkEqual(closed.woken, [], 'The wake-ups of the closed watch')
      await open.watch.close()
    },
  },
  {
    name: 'a thousand channels are watched at once',
    async run(bench) {
      const [own, other] = await pair(bench)
      const channels = numbers(1, 1000).map((number) => bench.channel(number))
      const { watch, isWoken } = await watching(own)
      await Promise.all(channels.map((channel) => watch.add(channel)))
      for (const channel of [channels[0], channels[499], channels[999]] as string[]) {
        await append(other, channel, ['1'])
        await bench.eventually('A wake-up for one of a thousand channels', () => isWoken(channel) || undefined)
      }
      for (const channel of channels) watch.delete(channel)
      await watch.close()
    },
  },
  {
    name: 'what was appended while wake-ups were lost is in the heads, and wakes when they come again',
    unless: ({ loseWakes }) => (loseWakes === undefined ? 'The harness cannot lose wake-ups' : undefined),
    async run(bench) {
      const [[own, other], channel] = [await pair(bench), bench.channel()]
      const { woken, watch, isWoken } = await watching(own, channel)
      const start = (await headOf(own, channel)).position
      const mend = await bench.harness.loseWakes?.()
      woken.length = 0
      const [place] = await appendEach(other, channel, ['missed'])
      bench.checkEnd((await headOf(own, channel)).position, place, 'The head while wake-ups are lost')
      checkEqual(dataOf(await readAll(own, channel, start)), ['missed'], 'The records while wake-ups are lost')
      await mend?.()
      await bench.eventually('A wake-up for what was missed', () => isWoken(channel) || undefined)
      woken.length = 0
      await append(other, channel, ['next'])
      await bench.eventually('A wake-up by the next append', () => isWoken(channel) || undefined)
      await watch.close()
    },
  },
]
