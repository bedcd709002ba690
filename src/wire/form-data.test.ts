import { expect, test } from 'vitest'
import { expectMalformed } from '../../test/tools/expect-malformed.ts'
import { parseFormData, toFormData } from './form-data.ts'
import { Serializer } from './serializer.ts'

const serializer = new Serializer()
const text = new File(['hello'], 'hello.txt', { type: 'text/plain' })
const image = new File([new Uint8Array([0, 255, 13, 10])], 'i.png', { type: 'image/png' })

/** Through a real multipart body. */
async function roundTrip(value: unknown): Promise<unknown> {
  const form = toFormData(serializer.encode(value))
  return parseFormData(serializer, await new Response(form).formData())
}

/** The value with its files as what can be compared. */
async function describeFile(value: unknown): Promise<unknown> {
  const file = value as File
  return { name: file.name, type: file.type, bytes: [...new Uint8Array(await file.arrayBuffer())] }
}

async function expectFile(actual: unknown, expected: File): Promise<void> {
  expect(actual).toBeInstanceOf(File)
  expect(await describeFile(actual)).toEqual(await describeFile(expected))
}

function formOf(fields: Readonly<Record<string, string | File>>): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  return form
}

test('a form carries a file alone', async () => {
  await expectFile(await roundTrip(text), text)
})

test('a form carries files in objects and arrays beside other types', async () => {
  const value = (await roundTrip({ at: new Date(0), list: [text, { image }], n: 1n })) as Record<string, any>
  expect(value).toMatchObject({ at: new Date(0), n: 1n })
  await expectFile(value['list'][0], text)
  await expectFile(value['list'][1].image, image)
})

test('a form carries files in sets and maps', async () => {
  const value = (await roundTrip({ set: new Set([1, image]), map: new Map([[text, { image }]]) })) as {
    set: Set<unknown>
    map: Map<unknown, { image: unknown }>
  }
  const [one, first] = value.set
  expect(one).toBe(1)
  await expectFile(first, image)
  const [[key, content] = []] = value.map
  await expectFile(key, text)
  await expectFile(content?.image, image)
})

test('a form carries the same file twice', async () => {
  const value = (await roundTrip([text, text])) as unknown[]
  await expectFile(value[0], text)
  await expectFile(value[1], text)
})

test('a form carries a blob, which arrives as a file', async () => {
  const value = await roundTrip({ blob: new Blob(['abc'], { type: 'text/css' }) })
  await expectFile((value as { blob: unknown }).blob, new File(['abc'], 'blob', { type: 'text/css' }))
})

test('a form lists the paths of its files in the order of its parts', () => {
  const form = toFormData(serializer.encode({ a: [text, 1n], b: image }))
  expect(JSON.parse(form.get('data') as string)).toEqual({
    json: { a: [{}, '1'], b: {} },
    meta: [[0, 'a', 1]],
    maps: [['a', 0], ['b']],
  })
  expect([...form.keys()]).toEqual(['data', '0', '1'])
  expect((form.get('1') as File).name).toBe('i.png')
})

test('a form needs no files', () => {
  expect(parseFormData(serializer, formOf({ data: '{"json":"1","meta":[[0]]}' }))).toBe(1n)
})

test.each<[string, Record<string, string | File>]>([
  ['nothing', {}],
  ['a file for the message', { data: text }],
  ['a message that is no JSON', { data: '{' }],
  ['a message that is no object', { data: '[]' }],
  ['maps that are no list', { data: '{"json":{},"maps":{"0":["a"]}}', 0: text }],
  ['maps of something else than paths', { data: '{"json":{"a":{}},"maps":["a"]}', 0: text }],
  ['fewer files than paths', { data: '{"json":{"a":{}},"maps":[["a"]]}' }],
  ['text in the place of a file', { data: '{"json":{"a":{}},"maps":[["a"]]}', 0: 'text' }],
  ['a path that leads nowhere', { data: '{"json":{"a":{}},"maps":[["b"]]}', 0: text }],
  ['a path to a prototype', { data: '{"json":{"a":{}},"maps":[["__proto__","polluted"]]}', 0: text }],
  ['a path of objects', { data: '{"json":{"a":{}},"maps":[[{}]]}', 0: text }],
  ['a file where a bigint should be', { data: '{"json":{"a":{}},"meta":[[0,"a"]],"maps":[["a"]]}', 0: text }],
])('a form is malformed with %s', (_, fields) => {
  expectMalformed(() => parseFormData(serializer, formOf(fields)))
  expect({}).not.toHaveProperty('polluted')
})
