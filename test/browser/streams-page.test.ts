import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { App } from '../../src/app/app.ts'
import { MemoryLog } from '../../src/publisher/memory-log.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import { findChromium } from '../tools/chromium.ts'

const executablePath = findChromium()

describe.skipIf(executablePath === undefined)("an app's page for streams", { timeout: 30_000 }, () => {
  const publisher = new Publisher<{ posts: string }>(new MemoryLog())
  const app = new App({ streamsPage: true })
    .procedure('post.create', (base) => base.handler(({ input }) => publisher.publish('posts', String(input))))
    .procedure('post.live', (base) =>
      base.handler(({ signal, lastEventId }) => publisher.subscribe('posts', { signal, lastEventId })),
    )
    .build()
  let browser: Browser

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executablePath as string,
      args: ['--no-sandbox', '--disable-gpu'],
    })
  }, 30_000)

  afterAll(async () => {
    await browser?.close()
    await publisher.close()
  })

  test('opens a stream, which goes on when the server restarts, and calls procedures', async () => {
    let server = await app.listen()
    const page = await browser.newPage()
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(String(error)))
    await page.goto(`${server.url}/streams`)
    await page.click('[data-name="post.live"]')
    await page.click('#form button')
    await page.getByText('open', { exact: true }).waitFor()
    await publisher.publish('posts', 'one')
    await page.getByText('"one"').waitFor()
    await server.close()
    await page.getByText('waiting').waitFor()
    await publisher.publish('posts', 'two')
    server = await app.listen(server.port)
    await page.getByText('"two"').waitFor()
    expect((await page.textContent('#events'))?.match(/json/g)).toHaveLength(2)

    await page.click('[data-name="post.create"]')
    await page.fill('#input', '"three"')
    await page.click('#form button')
    await page.getByText('200').waitFor()
    expect(await page.textContent('#events')).toContain('duplicate')
    expect(problems).toEqual([])
    await page.close()
    await server.close()
  })
})
