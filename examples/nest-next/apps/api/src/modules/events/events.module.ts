import { Module } from '@nestjs/common'
import { EventStore } from './event-store.ts'

@Module({ providers: [EventStore], exports: [EventStore] })
export class EventsModule {}
