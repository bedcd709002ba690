import { check, checkEqual, rejectionOf } from '../assert.ts'
import { ALL, append, headOf } from '../log-bench.ts'
import { type CheckDefinition, unlessShared } from './definition.ts'

export const closingChecks: readonly CheckDefinition[] = [
  {
    name: 'a closed log says so to every call, and may be closed again',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const { last } = await append(log, channel, ['1'])
      await log.close()
      await log.close()
      const calls: [what: string, call: () => Promise<unknown>][] = [
        ['append()', () => append(log, channel, ['2'])],
        ['read()', () => log.read(channel, last, ALL)],
        ['heads()', () => log.heads([channel])],
        ['watch()', () => log.watch(() => {})],
      ]
      for (const [what, call] of calls) {
        const error = await rejectionOf(call(), `${what} of a closed log`)
        check(/closed/i.test(error.message), `${what} of a closed log: the message does not say so: ${error.message}`)
      }
    },
  },
  {
    name: 'closing a log ends its watches, which may still be used and closed',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const woken: unknown[] = []
      const watch = await log.watch((name) => woken.push(name))
      await watch.add(channel)
      await log.close()
      watch.delete(channel)
      await watch.close()
      woken.length = 0
      if (bench.harness.shared ?? true) await append(await bench.log(), channel, ['1'])
      checkEqual(woken, [], 'The wake-ups after close()')
    },
  },
  {
    name: 'closing one log leaves the others on its store alone',
    unless: unlessShared,
    async run(bench) {
      const [[closed, open], channel] = [await bench.logs(2), bench.channel()]
      check(closed !== undefined && open !== undefined, 'No log')
      const { last } = await append(closed, channel, ['1'])
      const woken: unknown[] = []
      const watch = await open.watch((name) => woken.push(name))
      await watch.add(channel)
      await closed.close()
      bench.checkEnd((await headOf(open, channel)).position, last, 'The head')
      await append(open, channel, ['2'])
      await bench.eventually('A wake-up of the log that is open', () => woken.length > 0 || undefined)
      await watch.close()
    },
  },
  {
    name: 'what is under way when a log is closed settles',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const calls = [append(log, channel, ['1']), log.read(channel, 'start', ALL), log.heads([channel])]
      const settled = Promise.allSettled(calls)
      await log.close()
      let isSettled = false
      void settled.then(() => {
        isSettled = true
      })
      await bench.eventually('The calls that were under way settle', () => isSettled || undefined)
    },
  },
]
