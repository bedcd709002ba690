import { HeadwaterModule } from 'headwater/nest'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { findChromium } from '../tools/chromium.ts'
import { NotificationController } from './seed/notification.controller.ts'
import { NotificationService } from './seed/notification.service.ts'
import { notificationContract } from './seed/notification-contract.ts'
import { PLATFORMS, startApp } from './tools/start-app.ts'

const executablePath = findChromium()

describe.skipIf(executablePath === undefined)('an EventSource of a browser', { timeout: 60_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    const args = ['--no-sandbox', '--disable-gpu']
    browser = await chromium.launch({ executablePath: executablePath as string, args })
  }, 60_000)
  afterAll(() => browser?.close())

  test.each(PLATFORMS)("reads the seed's stream on %s, and resumes it when it is cut", async (platform) => {
    vi.spyOn(console, 'log').mockReturnValue()
    const server = await startApp(
      platform,
      {
        imports: [HeadwaterModule.forRoot({ contract: { notifications: notificationContract } })],
        controllers: [NotificationController],
        providers: [NotificationService],
      },
      (app) => app.enableCors(),
    )
    const service = server.app.get(NotificationService)
    const publish = (id: string): void =>
      service.publishNotification({ id, type: 'info', message: 'Hello', timestamp: new Date(0).toISOString() })
    try {
      const page = await browser.newPage()
      await page.goto(`${server.url}/nowhere`)
      await page.evaluate((url) => {
        const seen: unknown[] = []
        Object.assign(window, { seen })
        const source = new EventSource(url)
        source.onmessage = ({ data, lastEventId }) => seen.push([JSON.parse(data).id, lastEventId])
      }, `${server.url}/notifications/stream?types[]=info`)
      const seen = (): Promise<unknown> => page.evaluate('window.seen')
      publish('first')
      await vi.waitFor(async () => expect(await seen()).toEqual([['first', '1']]), { timeout: 10_000 })
      server.app.getHttpServer().closeAllConnections()
      publish('second')
      // The seed has browsers wait for five seconds.
      await vi.waitFor(async () => expect(await seen()).toContainEqual(['second', '2']), { timeout: 20_000 })
      expect(await seen()).toEqual([
        ['first', '1'],
        ['second', '2'],
      ])
      await page.close()
    } finally {
      await server.close()
    }
  })
})
