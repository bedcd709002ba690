/** A stream of events on its way to a client, as it stands whenever it is looked at. */
export interface OpenStream {
  /** Events that have been written. */
  readonly events: number
  /** The id up to which everything has been written; `undefined` while none has. */
  readonly position: string | undefined
  /** Bytes that wait for the client, as far as the transport knows. */
  readonly buffered: number
}

/** A connection that carries calls and streams, as it stands whenever it is looked at. */
export interface OpenConnection {
  /** Calls that are under way, open streams among them. */
  readonly calls: number
  /** Bytes that wait for the client, as far as the transport knows. */
  readonly buffered: number
  /** Whether the client speaks `headwater.1`. */
  readonly extended: boolean
}
