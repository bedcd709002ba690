import { type Encoded, malformed, type Path, type Serializer } from './serializer.ts'

/** A message as text: `{"json":…,"meta":…,"maps":…}`, each part only where there is something to say. */
export function formatMessage({ json, meta }: Pick<Encoded, 'json' | 'meta'>, maps?: readonly Path[]): string {
  return JSON.stringify({ json, meta: meta.length === 0 ? undefined : meta, maps })
}

/** A message that an event carries. @throws {TypeError} when there is a file in it, or it cannot be encoded. */
export function formatEvent(serializer: Serializer, value: unknown): string {
  const encoded = serializer.encode(value)
  if (encoded.files.length > 0) throw new TypeError('An event cannot carry a file: send its address instead')
  return formatMessage(encoded)
}

/** @throws {RPCError} `BAD_REQUEST` when the text is not a message. */
export function parseMessage(serializer: Serializer, text: string): unknown {
  return decodeMessage(serializer, parseJSON(text))
}

/** @throws {RPCError} `BAD_REQUEST` when what was parsed is not a message. */
export function decodeMessage(serializer: Serializer, message: unknown): unknown {
  const { json, meta } = toEnvelope(message)
  return serializer.decode({ json, meta })
}

/** A message that has been read but not decoded. */
export interface Envelope {
  readonly json?: unknown
  readonly meta?: unknown
  readonly maps?: unknown
}

/** @throws {RPCError} `BAD_REQUEST` when the text is not a message. */
export function parseEnvelope(text: string): Envelope {
  return toEnvelope(parseJSON(text))
}

function toEnvelope(message: unknown): Envelope {
  if (typeof message === 'object' && message !== null && !Array.isArray(message)) {
    if ('json' in message || 'meta' in message || 'maps' in message || Object.keys(message).length === 0) return message
  }
  throw malformed('expected `{"json": …}` around the value, with `meta` where types need it')
}

function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw malformed('not JSON', cause)
  }
}
