import { formatMessage, parseEnvelope } from './message.ts'
import { type Encoded, type EncodedFile, isListOfLists, malformed, type Path, type Serializer } from './serializer.ts'

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
