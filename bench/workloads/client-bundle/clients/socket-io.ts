import { io } from 'socket.io-client'

export const client: unknown = io()
