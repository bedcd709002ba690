import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { APP_GUARD } from '@nestjs/core'
import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { HeadwaterModule } from 'headwater/nest'
import { OpenAPILink } from 'headwater/openapi'
import { RPCError } from 'headwater/server'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { ChatController } from './seed/chat.controller.ts'
import { ChatService } from './seed/chat.service.ts'
import { chatContract } from './seed/chat-contract.ts'
import { NotificationController } from './seed/notification.controller.ts'
import { NotificationService } from './seed/notification.service.ts'
import { notificationContract } from './seed/notification-contract.ts'
import { SessionGuard } from './seed/session.ts'
import { PLATFORMS, startApp, type TestApp } from './tools/start-app.ts'

// The server blocks of seed 1. Changed: the import specifiers and the format; `chatContract` has its `stream`, and the schema of
// messages a file of its own, as the two files would import each other.

const contract = { notifications: notificationContract, chat: chatContract }

function notification(number: number, type: 'info' | 'warning' = 'info') {
  return { id: `n${number}`, type, message: `Number ${number}`, timestamp: new Date(0).toISOString() }
}

describe.each(PLATFORMS)('seed 1 on %s', (platform) => {
  let server: TestApp

  async function start() {
    server = await startApp(platform, {
      imports: [
        HeadwaterModule.forRoot({ contract, rpc: true, context: ({ request }) => ({ session: request.session }) }),
      ],
      controllers: [NotificationController, ChatController],
      providers: [NotificationService, ChatService, { provide: APP_GUARD, useClass: SessionGuard }],
    })
    return { ...server, notifications: server.app.get(NotificationService) }
  }

  afterEach(async () => {
    vi.restoreAllMocks()
    await server?.close()
  })

  test('curl sees notifications, and resumes after the last one', async () => {
    const log = vi.spyOn(console, 'log').mockReturnValue()
    const { url, notifications } = await start()
    notifications.publishNotification(notification(1))
    notifications.publishNotification(notification(2, 'warning'))
    const curl = spawn('curl', ['-sNi', `${url}/notifications/stream?types[]=info`])
    let text = ''
    curl.stdout.on('data', (chunk) => (text += chunk))
    await vi.waitFor(() => expect(text).toContain('Number 1'), { timeout: 5000 })
    notifications.publishNotification(notification(3))
    await vi.waitFor(() => expect(text).toContain('Number 3'), { timeout: 5000 })
    expect(text).toMatch(/^HTTP\/1\.1 200 OK/)
    expect(text).toMatch(/content-type: text\/event-stream/i)
    expect(text).toContain(`event: message\nretry: 5000\nid: 1\ndata: ${JSON.stringify(notification(1))}`)
    expect(text).not.toContain('Number 2')
    curl.kill()
    await once(curl, 'exit')
    await vi.waitFor(() => expect(notifications.getEventEmitter().listenerCount('notification')).toBe(1))
    // The seed's service waits for a notification that never comes: it notices with the next one that its client has left.
    await vi.waitFor(() => {
      notifications.publishNotification(notification(4))
      expect(log).toHaveBeenCalledWith('Client disconnected, cleaning up notification stream')
    })
    expect(notifications.getEventEmitter().listenerCount('notification')).toBe(0)

    const resumed = spawn('curl', ['-sN', `${url}/notifications/stream`, '-H', 'last-event-id: 3'])
    const [chunk] = await once(resumed.stdout, 'data')
    let rest = String(chunk)
    resumed.stdout.on('data', (chunk) => (rest += chunk))
    await vi.waitFor(() => expect(rest).toContain('Number 4'), { timeout: 5000 })
    expect(rest).not.toContain('Number 3')
    resumed.kill()
  })

  test('input that does not fit is refused', async () => {
    const { url } = await start()
    const response = await fetch(`${url}/notifications/stream?types[]=nonsense`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      defined: false,
      code: 'BAD_REQUEST',
      status: 400,
      data: { issues: [{ path: ['types', 0] }] },
    })
  })

  test('context.session comes from a guard', async () => {
    const { url } = await start()
    const body = JSON.stringify({ roomId: 'r1', message: 'Hello' })
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/chat/send`, { method: 'POST', body, headers: { ...headers, 'x-user': 'ada' } })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ id: '1', roomId: 'r1', userId: 'ada', message: 'Hello' })
    const refused = await fetch(`${url}/chat/send`, { method: 'POST', body, headers })
    expect(refused.status).toBe(500)
    expect(await refused.json()).toEqual({
      defined: false,
      code: 'INTERNAL_SERVER_ERROR',
      status: 500,
      message: 'Internal server error',
    })
  })

  test.each(['OpenAPILink', 'RPCLink'])('the client with %s streams and sends', async (kind) => {
    const { url } = await start()
    const headers = { 'x-user': 'ada' }
    const link =
      kind === 'RPCLink' ? new RPCLink({ url: `${url}/rpc`, headers }) : new OpenAPILink(contract, { url, headers })
    const client: any = createClient(link)
    const stream = await client.chat.stream({ roomId: 'r1' })
    const first = stream.next()
    await client.chat.sendMessage({ roomId: 'r1', message: 'Hello' })
    expect((await first).value).toMatchObject({ id: '1', message: 'Hello' })
    await stream.return()
    // The seed's controller implements neither of these.
    await expect(client.chat.join({ roomId: 'r1', username: 'ada' })).rejects.toBeInstanceOf(RPCError)
  })
})
