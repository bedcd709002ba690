import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AppProcess } from '../tools/app-process.ts'
import { startChat } from '../tools/chat-process.ts'
import { findChromium } from '../tools/chromium.ts'
import { freePort } from '../tools/free-port.ts'

const executablePath = findChromium()

describe.skipIf(executablePath === undefined)('the chat on a Durable Object, in a browser', { timeout: 90_000 }, () => {
  const data = mkdtempSync(join(tmpdir(), 'headwater-cloudflare-'))
  let browser: Browser
  let chat: AppProcess
  let url: string

  beforeAll(async () => {
    const port = await freePort()
    url = `http://localhost:${port}`
    chat = await startChat(port, data, 'start:cloudflare')
    browser = await chromium.launch({
      executablePath: executablePath as string,
      args: ['--no-sandbox', '--disable-gpu'],
    })
  }, 90_000)

  afterAll(async () => {
    await browser?.close()
    await chat?.kill()
    rmSync(data, { recursive: true })
  })

  async function openPage(name: string): Promise<Page> {
    const page = await browser.newPage()
    await page.addInitScript((name) => localStorage.setItem('name', name), name)
    await page.goto(`${url}/#room`)
    await page.waitForFunction(() => document.getElementById('status')?.textContent === 'open')
    return page
  }

  async function say(page: Page, text: string): Promise<void> {
    await page.fill('#message', text)
    await page.click('button')
  }

  const waitFor = (page: Page, text: string): Promise<unknown> => page.waitForSelector(`li:has-text("${text}")`)

  test('shows everybody what is said, and what was missed to who comes back', async () => {
    const [ada, bob] = [await openPage('Ada'), await openPage('Bob')]
    await say(ada, 'Hello Bob')
    await waitFor(bob, 'Hello Bob')
    await say(bob, 'Hello Ada')
    await waitFor(ada, 'Hello Ada')
    expect(await bob.locator('li').allTextContents()).toEqual(['Ada Hello Bob', 'Bob Hello Ada'])

    await fetch(`${url}/rpc/sendMessage`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ json: { room: 'room', message: 'From outside' } }),
    })
    for (const page of [ada, bob]) await waitFor(page, 'From outside')
    expect(await ada.locator('li').allTextContents()).toEqual(['Ada Hello Bob', 'Bob Hello Ada', 'room From outside'])
  })
})
