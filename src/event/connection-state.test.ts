import { describe, expect, test, vi } from 'vitest'
import { type ConnectionState, ConnectionSummary } from './connection-state.ts'

const CONNECTING: ConnectionState = { status: 'connecting' }
const OPEN: ConnectionState = { status: 'open' }
const CLOSED: ConnectionState = { status: 'closed' }
const waiting = (retry: number): ConnectionState => ({ status: 'waiting', retry, delay: 500 })

function setup(): { summary: ConnectionSummary; seen: ConnectionState[]; a: object; b: object } {
  const summary = new ConnectionSummary()
  const seen: ConnectionState[] = []
  summary.subscribe(() => seen.push(summary.state))
  return { summary, seen, a: {}, b: {} }
}

describe('a summary of connections', () => {
  test('is closed without any', () => {
    expect(new ConnectionSummary().state).toEqual({ status: 'closed' })
  })

  test('follows the state of a single stream', () => {
    const { summary, seen, a } = setup()
    const states = [CONNECTING, OPEN, waiting(1), waiting(2), CONNECTING, OPEN, CLOSED]
    for (const state of states) summary.report(a, state)
    expect(seen).toEqual(states)
  })

  test('puts waiting before connecting before open', () => {
    const { summary, a, b } = setup()
    summary.report(a, OPEN)
    summary.report(b, CONNECTING)
    expect(summary.state.status).toBe('connecting')
    summary.report(a, waiting(1))
    expect(summary.state).toEqual(waiting(1))
    summary.report(b, OPEN)
    expect(summary.state).toEqual(waiting(1))
    summary.report(a, OPEN)
    expect(summary.state.status).toBe('open')
  })

  test('stays open while one stream is, whichever closes', () => {
    const { summary, a, b } = setup()
    summary.report(a, OPEN)
    summary.report(b, OPEN)
    summary.report(a, CLOSED)
    expect(summary.state.status).toBe('open')
    summary.report(b, CLOSED)
    expect(summary.state).toEqual({ status: 'closed' })
  })

  test('says why the last stream has closed', () => {
    const { summary, a, b } = setup()
    const error = new Error('refused')
    summary.report(a, OPEN)
    summary.report(b, OPEN)
    summary.report(a, { status: 'closed', error: new Error('not the last') })
    summary.report(b, { status: 'closed', error })
    expect(summary.state).toEqual({ status: 'closed', error })
  })

  test('keeps its object and stays silent while nothing changes', () => {
    const { summary, seen, a, b } = setup()
    const state = waiting(1)
    summary.report(a, state)
    summary.report(b, waiting(7))
    summary.report(b, OPEN)
    summary.report(a, state)
    expect(summary.state).toBe(state)
    expect(seen).toEqual([state])
  })
})

describe('a listener', () => {
  test('is called no more when it has been taken off', () => {
    const { summary, a } = setup()
    const listener = vi.fn()
    const off = summary.subscribe(listener)
    summary.report(a, CONNECTING)
    off()
    off()
    summary.report(a, OPEN)
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('may subscribe twice, and be taken off once', () => {
    const { summary, a } = setup()
    const listener = vi.fn()
    const off = summary.subscribe(listener)
    summary.subscribe(listener)
    off()
    summary.report(a, OPEN)
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('may take itself off while it is called', () => {
    const { summary, a } = setup()
    const listener = vi.fn()
    const off = summary.subscribe(() => off())
    summary.subscribe(listener)
    summary.report(a, OPEN)
    summary.report(a, CLOSED)
    expect(listener).toHaveBeenCalledTimes(2)
  })

  test('can be handed over without the object it belongs to', () => {
    const { summary, a } = setup()
    const listener = vi.fn()
    const { subscribe } = summary
    subscribe(listener)
    summary.report(a, OPEN)
    expect(listener).toHaveBeenCalledTimes(1)
  })
})
