import { EventEmitter } from 'node:events'
import { z } from 'zod'

export const message = z.object({ roomId: z.string(), text: z.string() })
export const events = new EventEmitter()

interface Saved extends z.infer<typeof message> {
  readonly id: string
}

export declare const db: {
  insert(input: z.infer<typeof message>): Promise<Saved>
  after(roomId: string, id: string | null | undefined): Promise<readonly Saved[]>
}
