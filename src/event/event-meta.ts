import { Unseen } from '../core/unseen.ts'

/** What may travel beside an event's value (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export interface EventMeta {
  /** What a client sends back as `lastEventId` when it resumes. No control characters, no space around it, at most 256 bytes. */
  readonly id?: string | undefined
  /** The least time, in ms, that a client waits before it reconnects. */
  readonly retry?: number | undefined
  /** Notes for people who read the stream; no line breaks. */
  readonly comments?: readonly string[] | undefined
}

export const MAX_EVENT_ID_BYTES = 256

/** Meta belongs to one yield, so it hangs on the copy made for that yield, never on the caller's own object. */
class Metas extends Unseen {
  static readonly #beside = new WeakMap<object, EventMeta>()
  #meta: EventMeta

  private constructor(event: object, meta: EventMeta) {
    super(event)
    this.#meta = meta
  }

  static get(event: object): EventMeta | undefined {
    return #meta in event ? event.#meta : Metas.#beside.get(event)
  }

  static set(event: object, meta: EventMeta): void {
    if (#meta in event) event.#meta = meta
    else if (Object.isExtensible(event)) new Metas(event, meta)
    else Metas.#beside.set(event, meta)
  }
}

/**
 * The value as an event with an id, a retry hint or comments, to be yielded by a handler.
 *
 * You get a shallow copy: your own object stays untouched and may be live in other streams under other ids. Plain
 * objects, arrays, `Map`, `Set`, `Date`, `URL`, `RegExp`, `Blob` and `File` are copied as what they are; an instance
 * of another class becomes an object of the same prototype with the same own properties, so private fields are lost.
 *
 * @throws {TypeError} when the value is not an object, an id or comment has characters that the wire cannot carry, or
 *   `retry` is not a whole number of milliseconds.
 * @example
 * yield withEventMeta(message, { id: message.id, retry: 5000 })
 */
export function withEventMeta<Value extends object>(value: Value, meta: EventMeta): Value {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(
      `withEventMeta() takes an object: meta cannot be carried by ${value === null ? 'null' : `a ${typeof value}`}`,
    )
  }
  assertEventMeta(meta)
  const { comments } = meta
  return attachEventMeta(shallowCopy(value), {
    ...meta,
    ...(comments === undefined ? {} : { comments: [...comments] }),
  })
}

/**
 * The meta of an event received from a stream or made by `withEventMeta`; `undefined` if it has none.
 *
 * @example
 * for await (const message of stream) console.log(getEventMeta(message)?.id)
 */
export function getEventMeta(value: unknown): EventMeta | undefined {
  return typeof value === 'object' && value !== null ? Metas.get(value) : undefined
}

/** Gives meta to an object that nobody else holds yet. Other values cannot carry any and come back as they are. */
export function attachEventMeta<Value>(value: Value, meta: EventMeta): Value {
  if (typeof value === 'object' && value !== null) Metas.set(value, meta)
  return value
}

/** The meta of `from` for `to`, a value made out of it. */
export function copyEventMeta<Value>(from: unknown, to: Value): Value {
  const meta = getEventMeta(from)
  if (meta === undefined || typeof to !== 'object' || to === null || getEventMeta(to) === meta) return to
  return attachEventMeta(shallowCopy(to), meta)
}

/** The value as an event that has no id of its own. */
export function withoutEventId<Value>(value: Value): Value {
  const { id, ...meta } = getEventMeta(value) ?? {}
  if (id === undefined || typeof value !== 'object' || value === null) return value
  return attachEventMeta(shallowCopy(value), meta)
}

function assertEventMeta({ id, retry, comments }: EventMeta): void {
  if (id !== undefined) assertEventId(id)
  if (retry !== undefined && !(Number.isSafeInteger(retry) && retry >= 0)) {
    throw new TypeError(`An event's retry must be a whole number of milliseconds, got ${retry}`)
  }
  for (const comment of comments ?? []) {
    if (/[\r\n]/.test(comment)) throw new TypeError('An event comment cannot contain a line break')
  }
}

function assertEventId(id: string): void {
  if (typeof id !== 'string' || id === '') throw new TypeError('An event id must be a string that is not empty')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no header carries these, nor space around a value.
  if (/[\x00-\x1f\x7f]|^\s|\s$/.test(id)) {
    throw new TypeError('An event id cannot contain control characters or begin or end with a space')
  }
  if (id.length > MAX_EVENT_ID_BYTES || new TextEncoder().encode(id).length > MAX_EVENT_ID_BYTES) {
    throw new TypeError(`An event id cannot be longer than ${MAX_EVENT_ID_BYTES} bytes`)
  }
}

function shallowCopy<Value extends object>(value: Value): Value
function shallowCopy(value: object): object {
  if (Array.isArray(value)) return value.slice()
  if (value instanceof Date) return new Date(value)
  if (value instanceof Map) return new Map(value)
  if (value instanceof Set) return new Set(value)
  if (value instanceof URL) return new URL(value)
  if (value instanceof RegExp) return new RegExp(value)
  if (value instanceof File)
    return new File([value], value.name, { type: value.type, lastModified: value.lastModified })
  if (value instanceof Blob) return value.slice(0, value.size, value.type)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return { ...value }
  return Object.create(prototype as object, Object.getOwnPropertyDescriptors(value))
}
