import { RPCError } from '../core/error.ts'
import type { Encoded, EncodedFile, Path, Serializer } from './serializer.ts'

/** A message without files as text: `{"json":…,"meta":…}`, each part only where there is something to say. */
export function formatMessage({ json, meta }: Pick<Encoded, 'json' | 'meta'>): string {
  return JSON.stringify(meta.length === 0 ? { json } : { json, meta })
}

/** @throws {RPCError} `BAD_REQUEST` when the text is not a message. */
export function parseMessage(serializer: Serializer, text: string, files?: readonly EncodedFile[]): unknown {
  const message = parseJSON(text)
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw new RPCError('BAD_REQUEST', { message: 'Malformed message: expected an object with `json` and `meta`' })
  }
  const { json, meta } = message as { json?: unknown; meta?: unknown }
  return serializer.decode({ json, meta, ...(files === undefined ? {} : { files }) })
}

/** A message with files as a form: `data` holds the message, `maps` the files' paths, `0`, `1`, … the files. */
export function toFormData(encoded: Encoded): FormData {
  const form = new FormData()
  form.set('data', formatMessage(encoded))
  form.set('maps', JSON.stringify(encoded.files.map(({ path }) => path)))
  for (const [index, { file }] of encoded.files.entries()) form.set(String(index), file)
  return form
}

/** @throws {RPCError} `BAD_REQUEST` when the form is not a message. */
export function parseFormData(serializer: Serializer, form: FormData): unknown {
  const data = form.get('data')
  const maps = form.get('maps')
  if (typeof data !== 'string' || typeof maps !== 'string') {
    throw new RPCError('BAD_REQUEST', { message: 'Malformed message: a form needs the fields `data` and `maps`' })
  }
  const paths = parseJSON(maps)
  if (!Array.isArray(paths) || !paths.every(Array.isArray)) {
    throw new RPCError('BAD_REQUEST', { message: 'Malformed message: `maps` must be a list of paths' })
  }
  const files = paths.map((path: Path, index) => ({ path, file: fileAt(form, index) }))
  return parseMessage(serializer, data, files)
}

function fileAt(form: FormData, index: number): File {
  const file = form.get(String(index))
  if (file instanceof File) return file
  throw new RPCError('BAD_REQUEST', { message: `Malformed message: file ${index} is missing` })
}

function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new RPCError('BAD_REQUEST', { message: 'Malformed message: not JSON', cause })
  }
}
