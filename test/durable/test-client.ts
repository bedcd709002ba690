import type { CallOptions } from 'headwater/client'
import type { ClientDurableEventIterator } from 'headwater/durable/client'
import type { BriefRoom, Room } from './rooms.ts'
import type { ChatRoom, InteractiveChatRoom } from './seed-rooms.ts'

type Procedure<Input, Output> = (input: Input, options?: CallOptions) => Promise<Output>

export type RoomStream = ClientDurableEventIterator<Room, 'publishMessage' | 'router'>

interface RoomInput {
  readonly room: string
  readonly userId?: string
  readonly tags?: string[]
  readonly ttl?: number
  readonly methods?: ('publishMessage' | 'router' | 'secret')[]
}

type Observe = (
  input?: undefined,
  options?: CallOptions,
) => Promise<{ constructed: number; called: number; tokens: number }>

/** What `worker.ts` serves. */
export interface TestClient {
  onMessage(): Promise<ClientDurableEventIterator<ChatRoom>>
  sendMessage(input: { message: string }): Promise<void>
  onInteractiveMessage(): Promise<ClientDurableEventIterator<InteractiveChatRoom, 'publishMessage' | 'router'>>
  readonly open: Procedure<RoomInput, RoomStream>
  readonly openBrief: Procedure<RoomInput, ClientDurableEventIterator<BriefRoom>>
  tell(input: { room: string; brief?: boolean; method: string; args: unknown[] }): Promise<unknown>
  configure(input: { key?: string; refused?: boolean; kept?: boolean }): Promise<void>
  readonly observe: Observe
}
