import { WebSocket } from 'ws'
import { createClient } from '../../src/client/create-client.ts'
import { RPCLink } from '../../src/transport/websocket/rpc-link.ts'

const link = new RPCLink({ connect: () => new WebSocket(process.argv[2] as string, ['headwater.1']) as never })
process.stdout.write(`${await createClient<any>(link).ping()}\n`)
