import type { EventLog } from '../../publisher/event-log.ts'
import { check, checkEqual, rejectionOf } from '../assert.ts'
import { appendEach, dataOf, headOf, numbers, readAll } from '../log-bench.ts'
import type { LogHarness } from '../log-harness.ts'
import type { CheckDefinition } from './definition.ts'
import { checkEpochGap } from './places.ts'

const unlessRotating = ({ capabilities }: LogHarness<any>): string | undefined =>
  capabilities.rotation?.log ? undefined : 'The log does not rotate the epochs of all channels'

const unlessByChannel = ({ capabilities }: LogHarness<any>): string | undefined =>
  capabilities.rotation?.channel ? undefined : 'The log does not rotate the epochs of single channels'

async function rotate(log: EventLog<any>, channel?: string): Promise<void> {
  check(log.rotateEpoch !== undefined, 'There is no rotateEpoch(), though the capabilities say so')
  await log.rotateEpoch(channel)
}

export const rotationChecks: readonly CheckDefinition[] = [
  {
    name: 'rotating the epoch of the log makes every place of every channel a gap, in open logs and in new ones',
    unless: unlessRotating,
    async run(bench) {
      const [log, one, two] = [await bench.log(), bench.channel('one'), bench.channel('two')]
      const places = new Map([
        [one, await appendEach(log, one, ['1', '2'])],
        [two, await appendEach(log, two, ['1'])],
      ])
      await rotate(log)
      const later = bench.harness.shared === false ? [] : [await bench.log()]
      for (const reader of [log, ...later]) {
        for (const [channel, known] of places)
          for (const place of known) await checkEpochGap(reader, channel, place, 'a place of the old epoch')
      }
      const { position } = await headOf(log, one)
      const [next] = await appendEach(log, one, ['3'])
      check(next?.epoch === position.epoch, 'An append after the rotation is not of the new epoch')
      checkEqual(dataOf(await readAll(log, one, position)), ['3'], 'What is after the head of the new epoch')
    },
  },
  {
    name: 'rotating the epoch of a channel leaves its records, and the other channels, as they are',
    unless: unlessByChannel,
    async run(bench) {
      const [log, channel, other] = [await bench.log(), bench.channel(), bench.channel('other')]
      const [first] = await appendEach(log, channel, numbers(1, 3))
      const [elsewhere] = await appendEach(log, other, ['1', '2'])
      check(first !== undefined && elsewhere !== undefined, 'No places')
      await rotate(log, channel)
      const gap = await checkEpochGap(log, channel, first, 'a place of the old epoch')
      check(gap.oldest !== undefined, 'The gap names no oldest place')
      checkEqual(dataOf(await readAll(log, channel)), numbers(1, 3), 'The records of the channel')
      await appendEach(log, channel, ['4'])
      checkEqual(dataOf(await readAll(log, channel)), numbers(1, 4), 'The records after another append')
      checkEqual(dataOf(await readAll(log, other, elsewhere)), ['2'], 'The records of the other channel')
    },
  },
  {
    name: 'rotating the epoch of a channel that nobody has used is no error',
    unless: unlessByChannel,
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      await rotate(log, channel)
      await appendEach(log, channel, ['1'])
      checkEqual(dataOf(await readAll(log, channel)), ['1'], 'The records of the channel')
    },
  },
  {
    name: 'what has no epoch of its own to rotate is refused, and stays as it is',
    unless: ({ capabilities: { rotation } }) =>
      rotation === undefined || (rotation.channel && rotation.log) ? 'The log rotates all epochs, or none' : undefined,
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const [place] = await appendEach(log, channel, ['1', '2'])
      const refused = log.capabilities.rotation?.channel ? undefined : channel
      const error = (await rejectionOf(rotate(log, refused), 'Rotating the epoch')) as { code?: string }
      checkEqual(error.code, 'NOT_IMPLEMENTED', 'The code of the error')
      checkEqual(dataOf(await readAll(log, channel, place)), ['2'], 'What is after the first record')
    },
  },
]
