export { DurableObjectLog, type DurableObjectLogOptions } from './durable-object-log.ts'
export type { ObjectStorage } from './object-storage.ts'
