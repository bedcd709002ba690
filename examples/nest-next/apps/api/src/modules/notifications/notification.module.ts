import { Module } from '@nestjs/common'
import { NotificationController } from './controllers/notification.controller.ts'
import { NotificationService } from './services/notification.service.ts'

@Module({ controllers: [NotificationController], providers: [NotificationService] })
export class NotificationModule {}
