import { RPCError } from '../../../src/core/error.ts'
import { mapEvents } from '../../../src/event/map-events.ts'
import type { EventLog } from '../../../src/publisher/event-log.ts'
import { Publisher } from '../../../src/publisher/publisher.ts'
import type { SubscribeOptions } from '../../../src/publisher/subscription.ts'
import { os } from '../../../src/server/builder.ts'
import type { Router } from '../../../src/server/router.ts'
import type { HandlerInterceptor } from '../../../src/session/serve-request.ts'
import type { Body } from './body.ts'
import { type LogSetting, PACE } from './commands.ts'
import { LOGS, type OpenedLog } from './logs.ts'
import { type WakeFaults, withWakeFaults } from './wakes.ts'

export type Events = Record<string, Body>

interface Watching {
  readonly channel: string
  readonly from: 'start' | 'now'
}

interface Bearer {
  readonly expires: number
}

/** What a process serves: a publisher on a log, and procedures that stream its channels in the ways that users would. */
export class Service {
  readonly faults: WakeFaults = { how: 'normal', reads: 0, watched: new Set() }
  readonly opened: OpenedLog
  readonly publisher: Publisher<Events, any>
  readonly router: Router
  /** Subscriptions that are open. */
  streams = 0

  private constructor(opened: OpenedLog, retention: LogSetting['retention']) {
    this.opened = opened
    this.publisher = new Publisher<Events, any>(withWakeFaults(opened.log as EventLog<any>, this.faults), {
      retention,
      heartbeat: PACE.poll,
      timeout: PACE.logTimeout * 2,
      onError: () => {},
    })
    const { publisher } = this
    const subscribe = ({ channel, from }: Watching, options: SubscribeOptions) => {
      this.streams++
      const subscription = publisher.subscribe(channel, { from, ...options })
      // By the signal, by return(), by an error: this is how a subscription lets go of what it holds.
      const release = (subscription as unknown as { release(): void }).release.bind(subscription)
      let isOpen = true
      Object.assign(subscription, {
        release: () => {
          if (isOpen) this.streams--
          isOpen = false
          release()
        },
      })
      return subscription
    }
    const watch = os.$context<Bearer>()
    this.router = {
      subscription: watch.handler(async ({ input, signal, lastEventId, context }) => {
        const { from } = input as Watching
        const subscription = subscribe(input as Watching, { ...until(context, signal), lastEventId })
        // It is answered when it has begun: what is published from then on is new.
        try {
          if (from === 'now' && lastEventId === undefined) await subscription.ready
        } catch (error) {
          await subscription.return()
          throw error
        }
        return subscription
      }),
      mapped: watch.handler(({ input, signal, lastEventId, context }) =>
        mapEvents(subscribe(input as Watching, { ...until(context, signal), lastEventId }), (body) => ({ ...body })),
      ),
      generator: watch.handler(async function* ({ input, signal, lastEventId, context }) {
        for await (const body of subscribe(input as Watching, { ...until(context, signal), lastEventId })) yield body
      }),
    } as unknown as Router
  }

  static async open(setting: LogSetting): Promise<Service> {
    return new Service(await LOGS[setting.name](setting), setting.retention)
  }
}

/** Until the caller leaves or the token is over. */
function until({ expires }: Bearer, signal: AbortSignal): Pick<SubscribeOptions, 'signal' | 'authorize'> {
  if (!Number.isFinite(expires)) return { signal }
  const over = new AbortController()
  const refuse = (): void => over.abort(new RPCError('UNAUTHORIZED'))
  const timer = setTimeout(refuse, Math.max(0, expires - steadyNow()))
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  const authorize = (): void => {
    if (expires <= steadyNow()) throw new RPCError('UNAUTHORIZED')
  }
  return { signal: AbortSignal.any([signal, over.signal]), authorize }
}

/** Reads the token of each call: the time, in ms, until which it is good. */
export const authenticate: HandlerInterceptor = ({ request, next }) => {
  const token = request.header('authorization')
  return next({ context: { expires: token === undefined ? Number.POSITIVE_INFINITY : Number(token) } })
}

/** Milliseconds since the epoch by a clock that nobody sets. The same in all processes of a machine. */
export function steadyNow(): number {
  return performance.timeOrigin + performance.now()
}
