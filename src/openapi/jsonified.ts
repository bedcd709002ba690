import type { Call } from '../contract/procedure-client.ts'
import type { RPCError } from '../core/error.ts'
import type { EventIterator } from '../event/event-iterator.ts'

/** What plain JSON leaves of a value: dates, bigints, URLs and regular expressions become text, Sets and Maps arrays. */
export type Jsonified<Value> = Value extends string | number | boolean | null | undefined | Blob
  ? Value
  : Value extends Date | bigint | URL | RegExp
    ? string
    : Value extends EventIterator<infer Event, infer Return>
      ? EventIterator<Jsonified<Event>, Jsonified<Return>>
      : Value extends RPCError<infer Code, infer Data>
        ? RPCError<Code, Jsonified<Data>>
        : Value extends ReadonlyMap<infer Key, infer Item>
          ? [Jsonified<Key>, Jsonified<Item>][]
          : Value extends ReadonlySet<infer Item>
            ? Jsonified<Item>[]
            : Value extends (...args: never) => unknown
              ? undefined
              : unknown extends Value
                ? Value
                : { [Key in keyof Value]: Jsonified<Value[Key]> }

/** A client as an `OpenAPILink` gives it: what comes back is plain JSON. */
export type JsonifiedClient<Client> = Client extends (...args: infer Arguments) => Call<infer Output, infer Failure>
  ? (...args: Arguments) => Call<Jsonified<Output>, Jsonified<Failure>>
  : { readonly [Name in keyof Client]: JsonifiedClient<Client[Name]> }
