export { LoggerPlugin } from 'headwater/server/plugins'

export declare const winston: { log(level: string, message: string, fields: object): void }
