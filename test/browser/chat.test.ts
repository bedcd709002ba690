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

describe.skipIf(executablePath === undefined)('the chat in a browser', { timeout: 60_000 }, () => {
  let browser: Browser
  let chat: AppProcess
  let port: number
  let url: string
  const data = mkdtempSync(join(tmpdir(), 'headwater-chat-'))

  beforeAll(async () => {
    port = await freePort()
    url = `http://localhost:${port}`
    chat = await startChat(port, data)
    browser = await chromium.launch({
      executablePath: executablePath as string,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    })
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await chat?.kill()
    rmSync(data, { recursive: true })
  })

  async function openPage(room: string): Promise<{ readonly page: Page; readonly problems: string[] }> {
    const page = await browser.newPage()
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(String(error)))
    await page.goto(`${url}/#${room}`)
    await statusOf(page, 'open')
    return { page, problems }
  }

  const statusOf = (page: Page, status: string) =>
    page.waitForSelector(`[data-testid=connection][data-status=${status}]`, { state: 'attached' })

  const messagesOf = (page: Page) => page.getByTestId('message').allTextContents()

  const post = (procedure: string, input: unknown): Promise<Response> =>
    fetch(`${url}/rpc/${procedure}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ json: input }),
    })

  async function call(procedure: string, input: unknown): Promise<void> {
    expect((await post(procedure, input)).status).toBe(200)
  }

  async function send(page: Page, text: string): Promise<void> {
    await page.getByTestId('composer').fill(text)
    await page.getByTestId('composer').press('Enter')
    await page.getByTestId('message').getByText(text, { exact: true }).waitFor()
  }

  async function expectMessages(page: Page, expected: readonly string[]): Promise<void> {
    await expect.poll(() => messagesOf(page), { timeout: 20_000 }).toEqual(expected)
  }

  test('two pages talk, and both see every message once and in order though the server is killed between', async () => {
    const [ada, bob] = [await openPage('restart'), await openPage('restart')]
    const before = ['one', 'two', 'three', 'four']
    for (const [index, text] of before.entries()) await send(index % 2 === 0 ? ada.page : bob.page, text)
    await expectMessages(ada.page, before)
    await expectMessages(bob.page, before)

    await chat.kill()
    await Promise.all([ada, bob].map(({ page }) => statusOf(page, 'waiting')))
    chat = await startChat(port, data)

    const after = ['five', 'six', 'seven', 'eight']
    for (const [index, text] of after.entries()) await send(index % 2 === 0 ? bob.page : ada.page, text)
    for (const { page, problems } of [ada, bob]) {
      await expectMessages(page, [...before, ...after])
      await statusOf(page, 'open')
      expect(problems).toEqual([])
      expect(await page.getByTestId('divider').allTextContents()).toEqual([])
      await page.close()
    }
    const late = await openPage('restart')
    await expectMessages(late.page, [...before, ...after])
    await late.page.close()
  })

  test('what the server has acknowledged is there when it is killed amidst messages and started again', async () => {
    const { page } = await openPage('amidst')
    const acknowledged: string[] = []
    const sender = async (name: string): Promise<void> => {
      for (let number = 1; ; number++) {
        const message = `${name}${number}`
        const response = await post('chat/sendMessage', { roomId: 'amidst', message }).catch(() => undefined)
        if (response?.status !== 200) return
        acknowledged.push(message)
      }
    }
    const senders = ['a', 'b', 'c'].map(sender)
    await expect.poll(() => acknowledged.length, { timeout: 10_000 }).toBeGreaterThan(30)
    await chat.kill()
    await Promise.all(senders)
    chat = await startChat(port, data)

    const late = await openPage('amidst')
    await expect.poll(() => messagesOf(late.page), { timeout: 10_000 }).toEqual(expect.arrayContaining(acknowledged))
    const seen = () => Promise.all([page, late.page].map(messagesOf))
    await expect.poll(async () => new Set((await seen()).map(String)).size, { timeout: 10_000 }).toBe(1)
    for (const messages of await seen()) expect(new Set(messages).size).toBe(messages.length)
    await Promise.all([page.close(), late.page.close()])
  })

  test('who comes later sees what was said before', async () => {
    const first = await openPage('history')
    await send(first.page, 'anybody here?')
    const second = await openPage('history')
    await expectMessages(second.page, ['anybody here?'])
    await Promise.all([first.page.close(), second.page.close()])
  })

  test('a notification pops up in every page', async () => {
    const [one, two] = [await openPage('toast-a'), await openPage('toast-b')]
    await call('notifications/publish', { type: 'success', message: 'Deployed' })
    for (const { page } of [one, two]) await page.getByTestId('toast').getByText('Deployed').waitFor()
    await Promise.all([one.page.close(), two.page.close()])
  })

  test('what could not be sent stays in the composer', async () => {
    const { page } = await openPage('unsent')
    await page.route('**/rpc/chat/sendMessage', (route) => route.abort())
    await page.getByTestId('composer').fill('precious')
    await page.getByTestId('composer').press('Enter')
    await page.getByTestId('not-sent').waitFor()
    expect(await page.getByTestId('composer').inputValue()).toBe('precious')
    expect(await messagesOf(page)).toEqual([])
    await page.unroute('**/rpc/chat/sendMessage')
    await page.getByTestId('composer').press('Enter')
    await expectMessages(page, ['precious'])
    await page.close()
  })

  test('any HTTP client gets the stream: a comment within 100 ms, then events with their ids', async () => {
    const data = encodeURIComponent(JSON.stringify({ json: { roomId: 'plain' } }))
    // The best of several: what else the machine does is not the server's.
    const waits: number[] = []
    let reader: ReadableStreamDefaultReader<string> | undefined
    let text = ''
    for (let attempt = 0; attempt < 5; attempt++) {
      await reader?.cancel()
      const startedAt = performance.now()
      const response = await fetch(`${url}/rpc/chat/stream?data=${data}`)
      reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
      text = (await reader?.read())?.value ?? ''
      waits.push(performance.now() - startedAt)
    }
    expect(Math.min(...waits)).toBeLessThan(100)
    expect(text).toMatch(/^: \n\n/)

    await call('chat/sendMessage', { roomId: 'plain', message: 'hi' })
    while (!text.includes('data:')) text += (await reader?.read())?.value ?? ''
    expect(text).toMatch(/event: message\nid: [0-9a-z]+:1:[0-9a-z]+\ndata: \{"json":\{.*"username":"guest"/)
    await reader?.cancel()
  })
})
