import { chromium } from 'playwright-core'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { OpenAPIReferencePlugin } from '../../src/openapi/reference/openapi-reference-plugin.ts'
import { readReferenceUI } from '../../src/openapi/reference/read-reference-ui.ts'
import { os } from '../../src/server/builder.ts'
import { findChromium } from '../tools/chromium.ts'
import { serveOpenAPINode } from '../tools/serve-openapi.ts'

const executablePath = findChromium()

test.skipIf(executablePath === undefined)(
  'Swagger UI shows the procedures and calls them',
  async () => {
    const greet = os
      .route({ method: 'GET', path: '/greetings/{name}', summary: 'Greet somebody' })
      .input(z.object({ name: z.string() }))
      .handler(({ input }) => `Hello ${input.name}`)
    const plugin = new OpenAPIReferencePlugin(
      { greet },
      { generate: { info: { title: 'Greetings', version: '1.0.0' } }, ui: () => readReferenceUI('swagger') },
    )
    const server = await serveOpenAPINode({ greet }, { plugins: [plugin] })
    const browser = await chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox'] })
    try {
      const page = await browser.newPage()
      const elsewhere: string[] = []
      page.on('request', (request) => {
        if (!request.url().startsWith(new URL(server.url).origin) && !request.url().startsWith('data:'))
          elsewhere.push(request.url())
      })
      await page.goto(server.url)
      await page.getByText('Greet somebody').click()
      await page.getByRole('button', { name: 'Try it out' }).click()
      await page.getByPlaceholder('name').fill('Ada')
      await page.getByRole('button', { name: 'Execute' }).click()
      await page.getByText('"Hello Ada"').first().waitFor()
      expect(elsewhere).toEqual([])
    } finally {
      await browser.close()
      await server.close()
    }
  },
  60_000,
)
