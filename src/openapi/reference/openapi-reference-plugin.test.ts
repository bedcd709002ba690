import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { serveOpenAPINode } from '../../../test/tools/serve-openapi.ts'
import { os } from '../../server/builder.ts'
import { OpenAPIReferencePlugin } from './openapi-reference-plugin.ts'
import { readReferenceUI } from './read-reference-ui.ts'
import { swaggerUI } from './reference-ui.ts'

const router = {
  find: os.route({ method: 'GET', path: '/planets/{id}' }).handler(() => 1),
  create: os.route({ path: '/docs' }).handler(() => 1),
}
const generate = { info: { title: 'Planets </title>', version: '1.0.0' } }

test('the document and its page are served beside the procedures, with nothing from elsewhere', async () => {
  const ui = () => swaggerUI({ script: 'const script = 1', style: 'body {}' }, { deepLinking: true })
  const plugin = new OpenAPIReferencePlugin(router, { generate, ui, docsPath: '/docs' })
  const server = await serveOpenAPINode(router, { plugins: [plugin] })
  const document = await (await fetch(`${server.url}/spec.json`)).json()
  expect([document.servers, Object.keys(document.paths)]).toEqual([[{ url: '/api' }], ['/planets/{id}', '/docs']])
  const page = await fetch(`${server.url}/docs`)
  const html = await page.text()
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(html).toContain('<title>Planets &lt;/title&gt;</title>')
  expect(html).not.toContain('http')
  expect(await (await fetch(`${server.url}/spec.js`)).text()).toBe('const script = 1')
  expect(await (await fetch(`${server.url}/spec.css`)).text()).toBe('body {}')
  expect((await fetch(`${server.url}/docs`, { method: 'POST' })).status).toBe(200)
  expect((await fetch(`${server.url}/planets/1`)).status).toBe(200)
  expect((await fetch(`${server.url}/nope`)).status).toBe(404)
  await server.close()
})

test('the page is read from an installed package, or it is said which one is missing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reference-'))
  const from = join(folder, 'package.json')
  await expect(readReferenceUI('scalar', {}, from)).rejects.toThrow('npm install @scalar/api-reference')
  const file = join(folder, 'node_modules/@scalar/api-reference/dist/browser/standalone.js')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, 'scalar')
  expect(await readReferenceUI('scalar', {}, from)).toMatchObject({ script: 'scalar' })
  rmSync(folder, { recursive: true })
})
