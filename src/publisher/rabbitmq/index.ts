export type { RabbitChannel, RabbitConnection, RabbitMessage } from './rabbit-connection.ts'
export { RabbitLog, type RabbitLogOptions } from './rabbit-log.ts'
