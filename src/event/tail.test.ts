import { setImmediate as macrotask } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { Cursor, Tail } from './tail.ts'

function tailOf(entries: readonly string[], limit = 100): Tail<string> {
  const tail = new Tail<string>({ entries: limit })
  for (const entry of entries) tail.push(entry)
  return tail
}

function kept(tail: Tail<string>): string[] {
  return Array.from({ length: tail.next - tail.first }, (_, index) => tail.at(tail.first + index))
}

function readAll(cursor: Cursor<string>): string[] {
  const entries: string[] = []
  while (cursor.hasNext && !cursor.lost) entries.push(cursor.take())
  return entries
}

describe('a tail', () => {
  test('numbers its entries and keeps the newest', () => {
    const tail = tailOf(['a', 'b', 'c'], 2)
    expect(kept(tail)).toEqual(['b', 'c'])
    expect([tail.first, tail.next]).toEqual([1, 3])
  })

  test('keeps no more bytes than it is told to, but always the newest entry', () => {
    const tail = new Tail<string>({ entries: 10, bytes: 5, sizeOf: (entry) => entry.length })
    for (const entry of ['aa', 'bb', 'c']) tail.push(entry)
    expect(kept(tail)).toEqual(['aa', 'bb', 'c'])
    tail.push('dd')
    expect(kept(tail)).toEqual(['bb', 'c', 'dd'])
    tail.push('much too long')
    expect(kept(tail)).toEqual(['much too long'])
    tail.push('e')
    expect(kept(tail)).toEqual(['e'])
  })

  test('forgets the entries before a number, and no others', () => {
    const tail = tailOf(['a', 'b', 'c'])
    tail.dropBefore(0)
    expect(kept(tail)).toEqual(['a', 'b', 'c'])
    tail.dropBefore(2)
    expect(kept(tail)).toEqual(['c'])
    tail.dropBefore(1)
    expect(kept(tail)).toEqual(['c'])
    tail.dropBefore(100)
    expect([tail.first, tail.next]).toEqual([3, 3])
    tail.push('d')
    expect(kept(tail)).toEqual(['d'])
  })

  test('counts the bytes of what it has forgotten no more', () => {
    const tail = new Tail<string>({ entries: 10, bytes: 4, sizeOf: (entry) => entry.length })
    tail.push('aaaa')
    tail.dropBefore(1)
    tail.push('bb')
    tail.push('cc')
    expect(kept(tail)).toEqual(['bb', 'cc'])
  })

  test('wakes each waiter once', () => {
    const tail = tailOf([])
    const [stays, leaves] = [{ wake: vi.fn() }, { wake: vi.fn() }]
    tail.onWake(stays)
    tail.onWake(leaves)
    tail.offWake(leaves)
    tail.push('a')
    expect(stays.wake).not.toHaveBeenCalled()
    tail.wake()
    tail.wake()
    expect(stays.wake).toHaveBeenCalledTimes(1)
    expect(leaves.wake).not.toHaveBeenCalled()
  })

  test('does not wake in the same round a waiter that waits again', () => {
    const tail = tailOf([])
    const waiter = { wake: vi.fn(() => tail.onWake(waiter)) }
    tail.onWake(waiter)
    tail.wake()
    expect(waiter.wake).toHaveBeenCalledTimes(1)
    tail.wake()
    expect(waiter.wake).toHaveBeenCalledTimes(2)
  })
})

describe('a cursor', () => {
  test('begins with the next entry to come, or where it is told to', () => {
    const tail = tailOf(['a', 'b'])
    const [now, earlier] = [new Cursor(tail), new Cursor(tail, 1)]
    expect([now.hasNext, earlier.hasNext]).toEqual([false, true])
    tail.push('c')
    expect(readAll(now)).toEqual(['c'])
    expect(readAll(earlier)).toEqual(['b', 'c'])
    expect(now.sequence).toBe(3)
  })

  test('is lost when the ring has moved past it, not before', () => {
    const tail = tailOf([], 2)
    const cursor = new Cursor(tail)
    tail.push('a')
    tail.push('b')
    expect(cursor.lost).toBe(false)
    tail.push('c')
    expect(cursor.lost).toBe(true)
  })

  test('reads a closed tail to its end, and is lost then', () => {
    const tail = tailOf([])
    const cursor = new Cursor(tail)
    tail.push('a')
    tail.close()
    expect([tail.closed, cursor.lost]).toEqual([true, false])
    expect(readAll(cursor)).toEqual(['a'])
    expect(cursor.lost).toBe(true)
  })

  test.each<[string, (tail: Tail<string>, cursor: Cursor<string>) => void]>([
    ['the tail wakes its readers', (tail) => tail.wake()],
    ['the tail is closed', (tail) => tail.close()],
    ['it is woken itself', (_, cursor) => cursor.wake()],
  ])('waits until %s', async (_, wake) => {
    const tail = tailOf([])
    const cursor = new Cursor(tail)
    const changed = vi.fn()
    const waiting = cursor.changed().then(changed)
    tail.push('a')
    await macrotask()
    expect(changed).not.toHaveBeenCalled()
    wake(tail, cursor)
    await waiting
    expect(changed).toHaveBeenCalledTimes(1)
  })

  test('woken itself, does not wake its neighbours', async () => {
    const tail = tailOf([])
    const [cursor, neighbour] = [new Cursor(tail), new Cursor(tail)]
    const changed = vi.fn()
    void neighbour.changed().then(changed)
    const waiting = cursor.changed()
    cursor.wake()
    await waiting
    await macrotask()
    expect(changed).not.toHaveBeenCalled()
  })

  test('woken itself, leaves nothing on the tail', async () => {
    const tail = tailOf([])
    const cursor = new Cursor(tail)
    const [on, off] = [vi.spyOn(tail, 'onWake'), vi.spyOn(tail, 'offWake')]
    const waiting = cursor.changed()
    cursor.wake()
    await waiting
    expect(off.mock.calls).toEqual(on.mock.calls)
  })

  test('forgets its wait when it is closed, and leaves nothing on the tail', async () => {
    const tail = tailOf([])
    const off = vi.spyOn(tail, 'offWake')
    const cursor = new Cursor(tail)
    const changed = vi.fn()
    void cursor.changed().then(changed)
    cursor.close()
    expect(off).toHaveBeenCalledWith(cursor)
    tail.wake()
    cursor.wake()
    await macrotask()
    expect(changed).not.toHaveBeenCalled()
  })
})
