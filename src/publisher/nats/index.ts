export type { JetStream, NatsConnection, NatsMessage } from './nats-connection.ts'
export { NatsLog, type NatsLogOptions } from './nats-log.ts'
