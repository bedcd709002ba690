import { type EventGapData, type GapPolicy, isEventGap } from '../../event/event-gap.ts'
import { eventGap } from '../../event/event-gap-error.ts'
import type { EventSource } from '../../event/event-iterator.ts'
import { HibernationEventIterator } from '../../event/hibernation-event-iterator.ts'
import type { PublishResult } from '../../publisher/append-queue.ts'
import { type AlarmClock, alarmClockOf } from '../../publisher/durable-object/alarm-clock.ts'
import { DurableObjectLog } from '../../publisher/durable-object/durable-object-log.ts'
import type { ObjectStorage } from '../../publisher/durable-object/object-storage.ts'
import { formatId, isSamePlace, NO_TAG, type Position, parseId } from '../../publisher/position.ts'
import { AUTO_RESPONSE } from '../../session/peer/hibernation.ts'
import { formatEvent } from '../../wire/message.ts'
import { formatAbort, formatEventFrame } from '../../wire/peer.ts'
import type { Serializer } from '../../wire/serializer.ts'
import { SUBPROTOCOL } from '../offer.ts'
import { isRecipient, type Recipients } from '../recipients.ts'
import { type Attachment, type Begin, type Entry, type Room, SEAT, STREAMS, TOKEN_PAYLOAD } from '../room.ts'
import { closeExpired } from '../room-router.ts'
import { isExpired } from '../token-payload.ts'

/** A socket that the runtime keeps over the object's sleep. */
export interface HibernatingSocket {
  send(data: string): void
  close(code?: number, reason?: string): void
  serializeAttachment(value: unknown): void
  deserializeAttachment(): any
}

/** What is needed of the runtime's `ctx`. */
export interface HibernatingContext {
  readonly storage: ObjectStorage
  acceptWebSocket(socket: HibernatingSocket, tags?: string[]): void
  getWebSockets(tag?: string): HibernatingSocket[]
  setWebSocketAutoResponse?(pair: unknown): void
}

export interface HibernatingRoomOptions {
  readonly retentionSeconds: number
  readonly serializer: Serializer
  /** Serves a socket that has just been accepted. */
  readonly serve: (socket: HibernatingSocket) => void
  readonly onSubscribed: (socket: HibernatingSocket, lastEventId: string | undefined) => void
  readonly onGap: GapPolicy | ((gap: EventGapData) => GapPolicy)
}

interface WorkersGlobals {
  readonly WebSocketPair: new () => { readonly 0: unknown; readonly 1: HibernatingSocket }
  readonly WebSocketRequestResponsePair?: new (request: string, response: string) => unknown
}

interface StoredEvent {
  readonly to: Recipients
  /** A message, as it goes over the wire. */
  readonly event: unknown
}

/** An event that is stored, and not yet sent. */
interface Published {
  readonly message: string
  readonly to: Recipients
  readonly place: Position
  readonly before: Position
}

const CHANNEL = 'events'
const PAGE = { records: 256, bytes: 256 * 1024 }
const NOTHING = { records: 0, bytes: 0 }
const NOWHERE: Position = { epoch: '-', offset: 0, tag: NO_TAG }

/** What a Durable Object needs of the runtime that lets it sleep: events are sent by whoever is awake when there are some. */
export class HibernatingRoom implements Room {
  readonly #context: HibernatingContext
  readonly #options: HibernatingRoomOptions
  readonly #log: DurableObjectLog
  readonly #alarms: AlarmClock
  readonly #getSockets: () => HibernatingSocket[]
  readonly #attachments = new WeakMap<HibernatingSocket, Attachment>()
  #published: Published[] = []
  #sending: Promise<void> | undefined
  /** How far streams have come that were opened while published events wait to be sent. */
  readonly #replayed = new Map<HibernatingSocket, Map<string, number>>()

  constructor(context: HibernatingContext, options: HibernatingRoomOptions) {
    this.#context = context
    this.#options = options
    this.#log = new DurableObjectLog(context.storage)
    this.#alarms = alarmClockOf(context.storage)
    this.#getSockets = context.getWebSockets.bind(context)
    const { WebSocketRequestResponsePair: Pair } = globalThis as unknown as WorkersGlobals
    if (Pair !== undefined) context.setWebSocketAutoResponse?.(new Pair(...AUTO_RESPONSE))
  }

  sockets(tag?: string): HibernatingSocket[] {
    return this.#getSockets().filter((socket) => {
      const attachment = this.load(socket)
      return attachment !== undefined && (tag === undefined || attachment[TOKEN_PAYLOAD].tags.includes(tag))
    })
  }

  load(socket: HibernatingSocket): Attachment | undefined {
    let attachment = this.#attachments.get(socket)
    if (attachment === undefined) {
      attachment = (socket.deserializeAttachment() ?? undefined) as Attachment | undefined
      if (attachment?.[SEAT] === undefined) return undefined
      this.#attachments.set(socket, attachment)
    }
    return attachment
  }

  save(socket: HibernatingSocket, attachment: Attachment): void {
    socket.serializeAttachment(attachment)
    this.#attachments.set(socket, attachment)
  }

  upgrade({ payload, seat }: Entry): Response {
    const { WebSocketPair } = globalThis as unknown as WorkersGlobals
    const { 0: client, 1: server } = new WebSocketPair()
    this.#context.acceptWebSocket(server, runtimeTags(payload.tags))
    try {
      server.serializeAttachment({ [TOKEN_PAYLOAD]: payload, [SEAT]: seat } satisfies Attachment)
      this.#options.serve(server)
      this.expectExpiry(server)
    } catch (error) {
      server.close(4413, `The token's attachment is too large: ${error}`.slice(0, 120))
    }
    const headers = { 'sec-websocket-protocol': SUBPROTOCOL }
    return new Response(null, { status: 101, webSocket: client, headers } as ResponseInit)
  }

  expectExpiry(socket: HibernatingSocket): void {
    const payload = this.load(socket)?.[TOKEN_PAYLOAD]
    if (payload !== undefined) void this.#alarms.wakeBy(payload.exp * 1000)
  }

  subscribe(socket: HibernatingSocket, begin: Begin): EventSource {
    return new HibernationEventIterator((stream) => {
      this.#replay(socket, stream, begin)
      const attachment = this.load(socket) as Attachment
      this.save(socket, { ...attachment, [STREAMS]: [...(attachment[STREAMS] ?? []), stream] })
      this.#options.onSubscribed(socket, begin.lastEventId)
    })
  }

  /** Whether the message of a client was that it has left a stream, and it is forgotten. */
  takesLeave(socket: HibernatingSocket, message: unknown): boolean {
    const attachment = this.load(socket)
    const streams = attachment?.[STREAMS] ?? []
    const left = streams.find((stream) => message === formatAbort(stream))
    if (attachment === undefined || left === undefined) return false
    this.save(socket, { ...attachment, [STREAMS]: streams.filter((stream) => stream !== left) })
    return true
  }

  async publish(event: unknown, to: Recipients): Promise<PublishResult> {
    const { serializer, retentionSeconds } = this.#options
    const message = formatEvent(serializer, event)
    this.#tellBeforeTrimming()
    const data = `{"to":${JSON.stringify(to)},"event":${message}}`
    const retention = { seconds: retentionSeconds }
    const { before, last } = this.#log.appendNow(CHANNEL, [{ data }], { retention })
    const published = { message, to, place: last, before: before as Position }
    this.#published.push(published)
    this.#sending ??= this.#sendPublished()
    await this.#sending
    return { id: formatId(last), duplicate: false }
  }

  /** Cleans up: the tokens that have expired, the events that are over their time. */
  async wake(): Promise<void> {
    this.#tellBeforeTrimming()
    const sockets = this.sockets()
    const payloads = sockets.map((socket) => (this.load(socket) as Attachment)[TOKEN_PAYLOAD])
    for (const [index, socket] of sockets.entries()) if (isExpired(payloads[index] as never)) close(socket)
    const next = Math.min(...payloads.filter((payload) => !isExpired(payload)).map(({ exp }) => exp * 1000))
    if (next !== Infinity) await this.#alarms.wakeBy(next)
    await this.#log.sweep()
  }

  /**
   * Waits until all is written, then sends it. The runtime would let nothing out before anyway, at the cost of a wait for each
   * single message.
   */
  async #sendPublished(): Promise<void> {
    try {
      await this.#context.storage.sync?.()
      for (const event of this.#published) this.#broadcast(event)
    } finally {
      this.#published = []
      this.#replayed.clear()
      this.#sending = undefined
    }
  }

  #broadcast({ message, to, place }: Published): void {
    const id = formatId(place)
    const frames = new Map<string, string>()
    const frameOf = (stream: string): string => {
      let frame = frames.get(stream)
      if (frame === undefined) {
        frame = formatEventFrame(stream, 'message', message, { id })
        frames.set(stream, frame)
      }
      return frame
    }
    for (const socket of this.#getSockets()) {
      const attachment = this.load(socket)
      const streams = attachment?.[STREAMS]
      if (attachment === undefined || streams === undefined) continue
      if (isExpired(attachment[TOKEN_PAYLOAD])) close(socket)
      else if (isAmong(to, attachment)) {
        for (const stream of streams) if (!this.#hasGot(socket, stream, place)) send(socket, frameOf(stream))
      }
    }
  }

  #hasGot(socket: HibernatingSocket, stream: string, { offset }: Position): boolean {
    return offset <= (this.#replayed.get(socket)?.get(stream) ?? 0)
  }

  /** What a client has missed, and the place from which it has missed nothing more. */
  #replay(socket: HibernatingSocket, stream: string, { lastEventId, since }: Begin): void {
    const attachment = this.load(socket) as Attachment
    const tellGap = (gap: EventGapData, id: string | undefined): void => {
      const message = formatEvent(this.#options.serializer, gap)
      send(socket, formatEventFrame(stream, 'gap', message, id === undefined ? undefined : { id }))
    }
    let after = lastEventId === undefined ? this.#log.placeAt(CHANNEL, since) : this.#placeAfter(lastEventId, tellGap)
    for (;;) {
      const page = this.#log.readNow(CHANNEL, after, PAGE)
      for (const { offset, tag, data } of page.records) {
        const { to, event } = JSON.parse(data) as StoredEvent
        if (!isAmong(to, attachment)) continue
        const id = formatId({ epoch: page.position.epoch, offset, tag })
        send(socket, formatEventFrame(stream, 'message', JSON.stringify(event), { id }))
      }
      after = page.through
      if (isSamePlace(page.through, page.position)) break
    }
    this.#tell(socket, stream, formatId(after))
    if (this.#published.length === 0) return
    const streams = this.#replayed.get(socket) ?? new Map<string, number>()
    this.#replayed.set(socket, streams.set(stream, after.offset))
  }

  /**
   * The place of an id, or one behind the gap that is there, of which the client is told.
   *
   * @throws {RPCError} `EVENT_GAP` where the object does not want to go on over it.
   */
  #placeAfter(lastEventId: string, tell: (gap: EventGapData, after: string | undefined) => void): Position | 'start' {
    const place = parseId(lastEventId) ?? NOWHERE
    const found = this.#gapAfter(place)
    if (found === undefined) return place
    // What was sent is what the client knows, not what it was read as.
    const gap = { ...found, lastEventId }
    const { onGap } = this.#options
    const policy = typeof onGap === 'function' ? onGap(gap) : onGap
    if (policy === 'fail') throw eventGap(gap)
    const after = policy === 'oldest' ? gap.oldest : gap.head
    tell(gap, after)
    return (after === undefined ? undefined : parseId(after)) ?? 'start'
  }

  #gapAfter(place: Position): EventGapData | undefined {
    try {
      const { position, trimmed } = this.#log.readNow(CHANNEL, place, NOTHING)
      if (place.offset >= trimmed) return undefined
      const oldest = formatId({ ...position, offset: trimmed, tag: NO_TAG })
      return { reason: 'trimmed', oldest, head: formatId(position) }
    } catch (error) {
      if (isEventGap(error)) return error.data
      throw error
    }
  }

  /**
   * Tells everybody where the log ends before what is older is removed: who has got nothing, because all was for others, must
   * not take that for a gap.
   */
  #tellBeforeTrimming(): void {
    const expires = this.#log.expiresAt(CHANNEL)
    if (expires === undefined || expires > Date.now()) return
    const { position: head } = this.#log.readNow(CHANNEL, 'start', NOTHING)
    const position = this.#published[0]?.before ?? head
    for (const socket of this.sockets()) {
      for (const stream of this.load(socket)?.[STREAMS] ?? []) this.#tell(socket, stream, formatId(position))
    }
  }

  #tell(socket: HibernatingSocket, stream: string, id: string): void {
    send(socket, formatEventFrame(stream, 'position', undefined, { id }))
  }
}

/** What the runtime takes of them: for `getTags()` alone, since events go by the token. */
function runtimeTags(tags: readonly string[]): string[] {
  return [...new Set(tags)].filter((tag) => tag !== '' && tag.length <= 256).slice(0, 10)
}

function isAmong(to: Recipients, { [SEAT]: seat, [TOKEN_PAYLOAD]: { tags } }: Attachment): boolean {
  return isRecipient(to, { seat, tags })
}

function send(socket: HibernatingSocket, frame: string): void {
  try {
    socket.send(frame)
  } catch {
    // It was closed a moment ago: its client resumes.
  }
}

function close(socket: HibernatingSocket): void {
  try {
    closeExpired(socket)
  } catch {
    // It is closed already.
  }
}
