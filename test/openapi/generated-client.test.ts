import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import openapiTS, { astToString } from 'openapi-typescript'
import ts from 'typescript'
import { afterAll, expect, test } from 'vitest'
import type { OpenAPIDocument } from '../../src/openapi/document/openapi-document.ts'
import { OpenAPIGenerator } from '../../src/openapi/document/openapi-generator.ts'
import { SmartCoercionPlugin } from '../../src/openapi/smart-coercion-plugin.ts'
import { serveOpenAPINode } from '../tools/serve-openapi.ts'
import { fifty } from './fifty-procedures.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(import.meta.dirname, '.generated-'))

afterAll(() => rmSync(folder, { recursive: true }))

async function generate(): Promise<OpenAPIDocument> {
  const document = await new OpenAPIGenerator().generate(fifty, { info: { title: 'Fifty', version: '1.0.0' } })
  return JSON.parse(JSON.stringify(document))
}

test('the document of fifty procedures is valid, and has all of them', async () => {
  const document = await generate()
  expect(await new Validator().validate(document)).toEqual({ valid: true })
  expect(Object.values(document.paths).flatMap((path) => Object.values(path))).toHaveLength(50)
})

test('a client that was generated from it compiles and calls the server', async () => {
  const document = await generate()
  writeFileSync(join(folder, 'schema.d.ts'), astToString(await openapiTS(document as never)))
  const file = join(folder, 'generated-client.ts')
  copyFileSync(join(import.meta.dirname, 'generated-client.ts.txt'), file)
  expect(compile(file)).toEqual([])

  const server = await serveOpenAPINode(fifty, { plugins: [new SmartCoercionPlugin()] })
  const { callAll } = (await import(file)) as { callAll: (url: string) => Promise<unknown[]> }
  expect(await callAll(server.url)).toEqual([
    [{ id: 2, name: 'a,x' }],
    'planets',
    '1970-01-01T00:00:00.000Z',
    'NOT_FOUND',
    [201, '2020-01-01T00:00:00.000Z'],
    'Ada',
    { id: 3, name: 'Sun' },
    204,
    'b',
    5,
    400,
  ])
  await server.close()
}, 60_000)

function compile(file: string): readonly string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const program = ts.createProgram([file], options)
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}
