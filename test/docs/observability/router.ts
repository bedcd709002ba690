import { os } from 'headwater/server'

export const router = { ping: os.handler(() => 1) }
