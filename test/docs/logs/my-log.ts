import type { EventLog } from 'headwater/publisher'

type Log = new (options: { readonly url: string }) => EventLog

export declare const MyLog: Log
