import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { textFrame, upgradeRequest } from '../../tools/client-bytes.ts'
import { serveFanOut } from '../../tools/fan-out-server.ts'

const server = createServer()
// The load generator answers no heartbeats.
const io = new Server(server, { transports: ['websocket'], pingInterval: 600_000 })
io.on('connection', (socket) => {
  socket.on('join', (channel: string, joined: () => void) => {
    socket.join(channel)
    joined()
  })
})

serveFanOut({
  server,
  // Of Engine.IO the opening, of Socket.IO the namespace, then an event that is answered.
  opening: (channel) => [
    [upgradeRequest('/socket.io/?EIO=4&transport=websocket'), 'pingTimeout'],
    [textFrame('40'), '40{'],
    [textFrame(`420${JSON.stringify(['join', channel])}`), '430'],
  ],
  publish: (channel, event) => io.to(channel).emit('message', event),
})
