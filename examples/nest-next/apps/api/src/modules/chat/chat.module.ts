import { Module } from '@nestjs/common'
import { ChatController } from './controllers/chat.controller.ts'
import { ChatService } from './services/chat.service.ts'

@Module({ controllers: [ChatController], providers: [ChatService] })
export class ChatModule {}
