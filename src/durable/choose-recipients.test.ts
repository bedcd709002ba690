import { describe, expect, test } from 'vitest'
import { chooseRecipients } from './choose-recipients.ts'
import { isRecipient, type Recipients } from './recipients.ts'
import { type Attachment, type Room, type RoomSocket, SEAT, TOKEN_PAYLOAD } from './room.ts'
import { listSockets } from './socket-list.ts'
import { WebSocketManager } from './websocket-manager.ts'

const socket = (): RoomSocket => ({ send: () => {}, close: () => {} })
const [ada, bob, carol, foreign] = [socket(), socket(), socket(), socket()]

const attachments = new Map<RoomSocket, Attachment>(
  Object.entries({ ada, bob, carol }).map(([name, socket]) => {
    const payload = { chn: 'room', att: { name }, tags: name === 'ada' ? ['vip'] : [], rpc: [], iat: 0, exp: 9e9 }
    return [socket, { [TOKEN_PAYLOAD]: payload, [SEAT]: name }]
  }),
)

let published: Recipients | undefined
const room = {
  sockets: (tag) =>
    [...attachments]
      .filter(
        ([
          ,
          {
            [TOKEN_PAYLOAD]: { tags },
          },
        ]) => tag === undefined || tags.includes(tag),
      )
      .map(([socket]) => socket),
  load: (socket) => attachments.get(socket),
  save: (socket, attachment) => void attachments.set(socket, attachment),
  publish: async (_, to) => {
    published = to
    return { id: '1', duplicate: false }
  },
} as Room
const manager = new WebSocketManager<unknown, { name: string }, { mood?: string; other?: number }>(room)
const nameOf = (socket: RoomSocket): string => manager.deserializeAttachment(socket)['dei:token:payload'].att.name

async function toSockets(sockets: readonly RoomSocket[]): Promise<Recipients | undefined> {
  await manager.publishEvent(sockets, {})
  return published
}

const all = (tag?: string): RoomSocket[] => listSockets(room.sockets(tag), tag)

describe('an event is published', () => {
  test('to all sockets: to everybody', async () => {
    expect(await toSockets(all())).toEqual({})
    expect(await toSockets(all('vip'))).toEqual({ tags: ['vip'] })
  })

  test('to all but some, whoever they are: to everybody but those', async () => {
    expect(await toSockets(all().filter((ws) => ws !== ada))).toEqual({ except: ['ada'] })
    const others = all().filter((ws) => ws !== ada)
    expect(await toSockets(others.filter((ws) => ws !== bob))).toEqual({ except: ['ada', 'bob'] })
  })

  test('to those whom a test knows by their attachment: to them alone', async () => {
    expect(await toSockets(all().filter((ws) => nameOf(ws) === 'bob'))).toEqual({ only: ['bob'] })
    expect(await toSockets(all().filter((ws) => nameOf(ws) !== 'bob'))).toEqual({ only: ['ada', 'carol'] })
    expect(await toSockets(all().filter((ws) => nameOf(ws) === 'nobody'))).toEqual({ only: [] })
  })

  test('to a list of the own: to those alone, also when they happen to be all', async () => {
    expect(await toSockets([bob])).toEqual({ only: ['bob'] })
    expect(await toSockets([ada, bob, carol])).toEqual({ only: ['ada', 'bob', 'carol'] })
    expect(await toSockets([...all()])).toEqual({ only: ['ada', 'bob', 'carol'] })
    expect(await toSockets([])).toEqual({ only: [] })
  })

  test('to a list that was changed since: to those on it', async () => {
    const list = all()
    list.pop()
    expect(await toSockets(list)).toEqual({ only: ['ada', 'bob'] })
  })

  test('to nobody where one of the sockets is none of the object', async () => {
    await expect(manager.publishEvent([foreign], {})).rejects.toThrow(/none of this object/)
  })
})

test.each<[object, Recipients]>([
  [{}, {}],
  [{ tags: ['vip'] }, { tags: ['vip'] }],
  [{ tags: [] }, { tags: [] }],
  [
    { targets: [ada, bob], exclude: [bob] },
    { only: ['ada', 'bob'], except: ['bob'] },
  ],
  [{ targets: (ws: RoomSocket) => nameOf(ws) === 'ada' }, { only: ['ada'] }],
  [{ targets: () => true }, {}],
  [{ exclude: (ws: RoomSocket) => ws === ada }, { except: ['ada'] }],
  [{ exclude: (ws: RoomSocket) => nameOf(ws) === 'ada' }, { only: ['bob', 'carol'] }],
  [{ targets: [ada, bob], exclude: (ws: RoomSocket) => nameOf(ws) === 'ada' }, { only: ['bob'] }],
  [
    { tags: ['vip'], exclude: [ada] },
    { tags: ['vip'], except: ['ada'] },
  ],
])('the options %j choose %j', (options, recipients) => {
  expect(chooseRecipients(room, options)).toEqual(recipients)
})

test.each<[Recipients, boolean]>([
  [{}, true],
  [{ tags: ['vip'] }, true],
  [{ tags: ['other'] }, false],
  [{ tags: [] }, false],
  [{ only: ['ada'] }, true],
  [{ only: ['bob'] }, false],
  [{ except: ['ada'] }, false],
  [{ tags: ['vip'], except: ['bob'] }, true],
])('whether %j means Ada: %s', (recipients, expected) => {
  expect(isRecipient(recipients, { seat: 'ada', tags: ['vip'] })).toBe(expected)
})

describe('an attachment', () => {
  test('is what was kept last, beside the token, which cannot be replaced by it', () => {
    manager.serializeAttachment(bob, { mood: 'good', 'dei:token:payload': 'forged', 'dei:seat': 'ada' } as never)
    expect(manager.deserializeAttachment(bob)).toMatchObject({
      mood: 'good',
      'dei:token:payload': { att: { name: 'bob' } },
    })
    expect(attachments.get(bob)?.[SEAT]).toBe('bob')
    manager.serializeAttachment(bob, { other: 1 })
    expect(manager.deserializeAttachment(bob)).not.toHaveProperty('mood')
  })

  test('is not to be had of a socket of somebody else', () => {
    expect(() => manager.deserializeAttachment(foreign)).toThrow(/none of this object/)
  })
})
