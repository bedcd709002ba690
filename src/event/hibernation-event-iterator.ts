import { PullIterator } from '../core/pull-iterator.ts'

/**
 * A stream that goes on while its process sleeps: returned from a handler, it opens the stream and holds nothing.
 * Whoever wakes up later sends the events, made by `encodeHibernationRPCEvent`, to the WebSocket itself.
 *
 * @example
 * return new HibernationEventIterator<Message>((id) => ws.serializeAttachment({ id }))
 */
export class HibernationEventIterator<Value> extends PullIterator<Value, unknown> {
  /** Is called with the id of the call once the stream is open. */
  readonly onHibernate: (id: string) => void

  constructor(onHibernate: (id: string) => void) {
    super()
    this.onHibernate = onHibernate
  }

  protected pull(): Promise<IteratorResult<Value, unknown>> {
    return Promise.reject(new TypeError('A HibernationEventIterator is served over a WebSocket only'))
  }

  protected release(): void {}
}
