import { DurableEventIteratorObject } from 'headwater/durable/durable-object'
import type { ExportedHandler } from './workers-types.ts'

export class ChatRoom extends DurableEventIteratorObject<{ message: string }> {
  publishMessage(message: string): void {
    this.publishEvent({ message })
  }
}

declare const worker: ExportedHandler<unknown>
// biome-ignore lint/style/noDefaultExport: what Workers asks for
export default worker
