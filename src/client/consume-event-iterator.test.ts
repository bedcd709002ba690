import { describe, expect, test } from 'vitest'
import { ControlledStream, collectUnhandled, consume, settled } from '../../test/tools/consumed-stream.ts'
import { consumeEventIterator } from './consume-event-iterator.ts'

const failure = new Error('broken')
const failed = [
  ['error', failure],
  ['finish', failure, undefined, false],
]

describe('a stream that runs its course', () => {
  test('is told event by event, then its end, then that it is over', async () => {
    const stream = new ControlledStream()
    const { calls } = await consume(stream)
    await stream.emit(1)
    await stream.emit(2)
    expect(calls.splice(0)).toEqual([
      ['event', 1],
      ['event', 2],
    ])
    await stream.end('end')
    expect(calls).toEqual([
      ['success', 'end'],
      ['finish', null, 'end', true],
    ])
  })

  test('may be a promise of one, or a generator', async () => {
    async function* generate(): AsyncGenerator<number, string> {
      yield 1
      return 'end'
    }
    const expected = [
      ['event', 1],
      ['success', 'end'],
      ['finish', null, 'end', true],
    ]
    expect((await consume(generate())).calls).toEqual(expected)
    expect((await consume(Promise.resolve(generate()))).calls).toEqual(expected)
  })

  test('needs no callback but onEvent', async () => {
    const events: number[] = []
    async function* generate(): AsyncGenerator<number, string> {
      yield 1
      return 'end'
    }
    const cancel = consumeEventIterator(generate(), { onEvent: (event) => events.push(event) })
    await settled()
    expect(events).toEqual([1])
    await cancel()
  })

  test('is not told again when it is cancelled afterwards', async () => {
    const stream = new ControlledStream()
    const { calls, cancel } = await consume(stream)
    await stream.end('end')
    await cancel()
    expect(calls).toEqual([
      ['success', 'end'],
      ['finish', null, 'end', true],
    ])
  })
})

describe('a stream that fails', () => {
  test('tells its error, then that it is over', async () => {
    const stream = new ControlledStream()
    const { calls, cancel } = await consume(stream)
    await stream.emit(1)
    await stream.fail(failure)
    expect(calls).toEqual([['event', 1], ...failed])
    await cancel()
  })

  test('may fail before it is open', async () => {
    const { calls, cancel } = await consume(Promise.reject(failure))
    expect(calls).toEqual(failed)
    await cancel()
  })

  test('tells the reason when the caller aborts', async () => {
    const controller = new AbortController()
    const stream = new ControlledStream()
    controller.signal.addEventListener('abort', () => stream.fail(controller.signal.reason))
    const { calls } = await consume(stream)
    controller.abort()
    await settled()
    const { reason } = controller.signal
    expect(reason).toMatchObject({ name: 'AbortError' })
    expect(calls).toEqual([
      ['error', reason],
      ['finish', reason, undefined, false],
    ])
  })

  test('rejects the promise of cancelling when there is no onError', async () => {
    const stream = new ControlledStream()
    const { calls, cancel } = await consume(stream, { onError: undefined })
    await stream.fail(failure)
    expect(calls).toEqual([['finish', failure, undefined, false]])
    await expect(cancel()).rejects.toBe(failure)
    await expect(cancel()).rejects.toBe(failure)
  })

  test('is never an unhandled rejection, though nobody asks', async () => {
    const unhandled = await collectUnhandled(async () => {
      const stream = new ControlledStream()
      consumeEventIterator(stream, { onEvent: () => {} })
      consumeEventIterator(Promise.reject(failure), { onEvent: () => {} })
      await settled()
      await stream.fail(failure)
    })
    expect(unhandled).toEqual([])
  })
})

describe('an onEvent that throws', () => {
  const throwing = {
    onEvent: () => {
      throw failure
    },
  }

  test('ends the stream with what it threw, and releases it', async () => {
    const stream = new ControlledStream()
    const { calls } = await consume(stream, throwing)
    await stream.emit(1)
    expect(calls).toEqual(failed)
    expect(stream.left).toBe(1)
  })

  test('is what is told, though the release fails as well', async () => {
    const stream = new ControlledStream()
    stream.return = () => Promise.reject(new Error('release'))
    const { calls } = await consume(stream, throwing)
    await stream.emit(1)
    expect(calls).toEqual(failed)
  })

  test('is told, though the release never ends', async () => {
    const stream = new ControlledStream()
    stream.return = () => new Promise(() => {})
    const { calls } = await consume(stream, throwing)
    await stream.emit(1)
    expect(calls).toEqual(failed)
  })
})
