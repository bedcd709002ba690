import { type Encoded, type EncodedFile, isListOfLists, malformed, type Path, type Serializer } from './serializer.ts'

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

/** A message with files as a form: `data` holds the message with the files' paths as `maps`, `0`, `1`, … the files. */
export function toFormData(encoded: Encoded): FormData {
  const form = new FormData()
  form.set(
    'data',
    formatMessage(
      encoded,
      encoded.files.map(({ path }) => path),
    ),
  )
  for (const [index, { file }] of encoded.files.entries()) form.set(`${index}`, file)
  return form
}

/** @throws {RPCError} `BAD_REQUEST` when the form is not a message. */
export function parseFormData(serializer: Serializer, form: FormData): unknown {
  const data = form.get('data')
  if (typeof data !== 'string') throw malformed('a form needs the field `data`')
  const { json, meta, maps = [] } = parseEnvelope(data)
  if (!isListOfLists(maps)) throw malformed('`maps` must be a list of paths')
  const files = maps.map((path: Path, index): EncodedFile => ({ path, file: fileAt(form, index) }))
  return serializer.decode({ json, meta, files })
}

function fileAt(form: FormData, index: number): File {
  const file = form.get(`${index}`)
  if (file instanceof File) return file
  throw malformed(`file ${index} is missing`)
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
  if (typeof message === 'object' && message !== null && !Array.isArray(message)) return message
  throw malformed('expected an object with `json` and `meta`')
}

function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw malformed('not JSON', cause)
  }
}
