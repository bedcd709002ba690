export type { KafkaAdmin, KafkaClient, KafkaConsumer, KafkaProducer } from './kafka-client.ts'
export { KafkaLog, type KafkaLogOptions } from './kafka-log.ts'
