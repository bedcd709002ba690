import { pathOfCall } from '../contract/client-proxy.ts'
import { onAbort } from '../core/abort.ts'
import { leaveStream } from '../event/leave-stream.ts'
import { hashContent } from './hash-value.ts'
import { type LiveCallOptions, openerOf, type StreamProcedure } from './live-call.ts'
import type { OpenStream } from './live-stream.ts'
import type { LiveOptions } from './live-view.ts'
import { TabStream, type TabStreamOptions } from './tab-stream.ts'

/** The stream of a call, shared by all tabs where its options say so. */
export function openerInTabs<Event>(
  call: StreamProcedure<any, Event> | OpenStream<Event>,
  options: LiveOptions<Event, any> & LiveCallOptions,
): OpenStream<Event> {
  const { tabs, reduce, maxEvents = 1000 } = options
  const open = openerOf<Event>(call, options)
  const name = tabNameOf(call, tabs, options)
  return name === undefined ? open : acrossTabs(open, { name, whole: reduce !== undefined, limit: maxEvents })
}

/** What a call is called in all tabs; `undefined` where it cannot be told whether two of them are equal. */
export function tabNameOf(
  call: unknown,
  tabs: boolean | string | undefined,
  { key, input, context }: LiveCallOptions,
): string | undefined {
  if (tabs === undefined || tabs === false) return undefined
  const own = key ?? pathOfCall(call)
  const content = own === undefined ? undefined : hashContent([tabs, own, input, context])
  return content === undefined ? undefined : `headwater:${content}`
}

/** The stream shared by all tabs of this browser, where the browser can do that; else a stream of this tab's own. */
export function acrossTabs<Event>(
  open: OpenStream<Event>,
  options: Pick<TabStreamOptions<Event>, 'name' | 'whole' | 'limit'>,
): OpenStream<Event> {
  return async (stream) => {
    const { navigator, BroadcastChannel } = globalThis as Partial<typeof globalThis>
    if (navigator?.locks === undefined || BroadcastChannel === undefined) return open(stream)
    const shared = new TabStream({ ...options, open, stream })
    const release = onAbort(stream.signal, () => leaveStream(shared))
    try {
      await shared.ready
      return shared
    } catch (error) {
      leaveStream(shared)
      throw error
    } finally {
      release()
    }
  }
}
