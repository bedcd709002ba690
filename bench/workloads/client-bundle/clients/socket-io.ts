import { io } from 'socket.io-client'

Object.assign(globalThis, { client: io() })
