import { os } from 'headwater/server'

export const router = { ping: os.$context<{ room: object; ws: WebSocket }>().handler(() => 1) }
