import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { os } from '../../src/server/builder.ts'
import { findChromium } from '../tools/chromium.ts'
import { type Gate, gate } from '../tools/gate.ts'
import { serveNode, type TestServer } from '../tools/serve.ts'

const executablePath = findChromium()

describe.skipIf(executablePath === undefined)('a tab', { timeout: 30_000, retry: 2 }, () => {
  let browser: Browser
  let server: TestServer
  let cleanedUp: Gate<number>

  beforeAll(async () => {
    const wait = os.handler(async function* ({ signal }) {
      try {
        yield 'first'
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      } finally {
        cleanedUp.open(performance.now())
      }
    })
    server = await serveNode({ wait })
    browser = await chromium.launch({
      executablePath: executablePath as string,
      args: ['--no-sandbox', '--disable-gpu'],
    })
  }, 30_000)

  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  test('that is closed has its handlers clean up within 100 ms', async () => {
    cleanedUp = gate<number>()
    const page = await browser.newPage()
    await page.goto(server.url)
    await page.evaluate(async (url) => {
      const response = await fetch(`${url}/wait`, { method: 'POST' })
      const reader = response.body?.getReader()
      for (let text = ''; !text.includes('first'); ) text += new TextDecoder().decode((await reader?.read())?.value)
    }, server.url)
    const closed = page.close().then(() => performance.now())
    const [cleanedAt, closedAt] = await Promise.all([cleanedUp.opened, closed])
    expect(cleanedAt - closedAt).toBeLessThan(100)
  })
})
