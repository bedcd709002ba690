import { describe, expect, test } from 'vitest'
import { ControlledStream, collectUnhandled, consume, settled } from '../../test/tools/consumed-stream.ts'
import { consumeEventIterator } from './consume-event-iterator.ts'

const failure = new Error('broken')
const cancelled = [
  ['success', undefined],
  ['finish', null, undefined, true],
]

describe('cancelling a stream', () => {
  test('leaves it, and is told as a success without a value, then as the end', async () => {
    const stream = new ControlledStream()
    const { calls, cancel } = await consume(stream)
    await stream.emit(1)
    await cancel()
    expect(stream.left).toBeGreaterThan(0)
    expect(calls).toEqual([['event', 1], ...cancelled])
  })

  test('has been told when its promise resolves', async () => {
    const { calls, cancel } = await consume(new ControlledStream())
    const told = cancel().then(() => calls.length)
    expect(await told).toBe(2)
  })

  test('leaves no event behind: what comes later is told to nobody', async () => {
    const stream = new ControlledStream()
    stream.return = () => new Promise(() => {})
    const { calls, cancel } = await consume(stream)
    void cancel()
    await stream.emit(1)
    await stream.emit(2)
    expect(calls.filter(([name]) => name === 'event')).toEqual([])
  })

  test('drops an event that has come but was not told yet', async () => {
    const stream = new ControlledStream()
    const { calls, cancel } = await consume(stream)
    const emitted = stream.emit(1)
    await cancel()
    await emitted
    expect(calls).toEqual(cancelled)
  })

  test('twice is the same as once', async () => {
    const stream = new ControlledStream()
    const { calls, cancel } = await consume(stream)
    await Promise.all([cancel(), cancel()])
    await cancel()
    expect(calls).toEqual(cancelled)
  })

  test('from within onEvent ends it there', async () => {
    const stream = new ControlledStream()
    const events: number[] = []
    const { calls, cancel } = await consume(stream, {
      onEvent: (event) => {
        events.push(event)
        void cancel()
      },
    })
    await stream.emit(1)
    await stream.emit(2)
    expect(events).toEqual([1])
    expect(calls).toEqual(cancelled)
    expect(stream.left).toBeGreaterThan(0)
  })

  test('works for an iterator that cannot be left', async () => {
    const { calls, cancel } = await consume({ next: () => new Promise(() => {}) })
    await cancel()
    expect(calls).toEqual(cancelled)
  })

  test('runs the cleanup of a generator that is not at work', async () => {
    let cleaned = false
    async function* generate(): AsyncGenerator<number, string> {
      try {
        for (;;) yield 1
      } finally {
        cleaned = true
      }
    }
    const calls: string[] = []
    const cancel = consumeEventIterator(generate(), {
      onEvent: () => void cancel(),
      onSuccess: () => calls.push('success'),
    })
    await settled()
    expect(cleaned).toBe(true)
    expect(calls).toEqual(['success'])
  })

  test('does not wait for a generator that is busy with something else', async () => {
    async function* generate(): AsyncGenerator<number, string> {
      await new Promise(() => {})
      yield 1
      return 'end'
    }
    const { calls, cancel } = await consume(generate())
    const promise = cancel().then(() => 'cancelled')
    await settled()
    expect(calls).toEqual(cancelled)
    expect(await Promise.race([promise, settled()])).toBe('cancelled')
  })
})

describe('cancelling a stream that then fails', () => {
  test('is a success still when the pending event fails because of it', async () => {
    const stream = new ControlledStream()
    stream.return = async () => {
      if (stream.left++ === 0) await stream.fail(failure)
      return { done: true, value: 'left' }
    }
    const { calls, cancel } = await consume(stream)
    await cancel()
    expect(calls).toEqual(cancelled)
  })

  test('is a success still when the release fails', async () => {
    const stream = new ControlledStream()
    stream.return = async () => {
      void stream.end('end')
      throw failure
    }
    const unhandled = await collectUnhandled(async () => {
      const { calls, cancel } = await consume(stream)
      await cancel()
      expect(calls).toEqual(cancelled)
    })
    expect(unhandled).toEqual([])
  })

  test('is a success still when the caller aborts afterwards', async () => {
    const stream = new ControlledStream()
    stream.return = () => new Promise(() => {})
    const { calls, cancel } = await consume(stream)
    void cancel()
    await stream.fail(new DOMException('aborted', 'AbortError'))
    expect(calls).toEqual(cancelled)
  })
})

describe('cancelling a stream that is not open yet', () => {
  test('does not wait for it', async () => {
    const { calls, cancel } = await consume(new Promise(() => {}))
    await cancel()
    expect(calls).toEqual(cancelled)
  })

  test('leaves it as soon as it is open, before its first event', async () => {
    const stream = new ControlledStream()
    let open = (_: ControlledStream): void => {}
    const { calls, cancel } = await consume(
      new Promise<ControlledStream>((resolve) => {
        open = resolve
      }),
    )
    await cancel()
    expect(stream.left).toBe(0)
    open(stream)
    await settled()
    expect(stream.left).toBe(1)
    await stream.emit(1)
    expect(calls).toEqual(cancelled)
  })

  test('hears nothing of it if it never opens, be it by an error', async () => {
    let refuse = (_: unknown): void => {}
    const opening = new Promise<ControlledStream>((_, reject) => {
      refuse = reject
    })
    const unhandled = await collectUnhandled(async () => {
      const { calls, cancel } = await consume(opening, { onError: undefined })
      await cancel()
      refuse(failure)
      await settled()
      await cancel()
      expect(calls).toEqual(cancelled)
    })
    expect(unhandled).toEqual([])
  })

  test('at once, in the same tick, is told once as well', async () => {
    const calls: string[] = []
    const stream = new ControlledStream()
    const cancel = consumeEventIterator(stream, {
      onEvent: () => calls.push('event'),
      onSuccess: () => calls.push('success'),
      onFinish: () => calls.push('finish'),
    })
    await cancel()
    await stream.emit(1)
    expect(calls).toEqual(['success', 'finish'])
    expect(stream.left).toBeGreaterThan(0)
  })
})
