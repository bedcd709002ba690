import { Module } from '@nestjs/common'
import { contract } from '@repo/api-contracts'
import { HeadwaterModule } from 'headwater/nest'
import { WebSocketServer } from 'ws'
import { ChatModule } from './modules/chat/chat.module.ts'
import { EventStore } from './modules/events/event-store.ts'
import { EventsModule } from './modules/events/events.module.ts'
import { NotificationModule } from './modules/notifications/notification.module.ts'

/** The controllers as plain HTTP, over the RPC protocol at `/rpc`, and over WebSockets at `/ws`. */
@Module({
  imports: [
    HeadwaterModule.forRootAsync({
      imports: [EventsModule],
      inject: [EventStore],
      useFactory: ({ publisher }: EventStore) => ({
        contract,
        publisher,
        rpc: true,
        websocket: { server: new WebSocketServer({ noServer: true }) },
        context: ({ request }) => ({ session: request.session }),
      }),
    }),
    NotificationModule,
    ChatModule,
  ],
})
export class AppModule {}
