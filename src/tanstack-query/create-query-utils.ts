import type { DataTag, InfiniteData, QueryFunctionContext, QueryKey } from '@tanstack/query-core'
import type { Call, CallOptions } from '../contract/procedure-client.ts'
import type { OpenedStream } from '../live/stream-place.ts'
import { type KeyOptions, type QueryType, toQueryKey } from './query-key.ts'
import type {
  EventOf,
  InfiniteOptionsIn,
  InfiniteOptionsOut,
  KeyFilter,
  KeyInput,
  MutationOptionsIn,
  MutationOptionsOut,
  OptionalUnless,
  QueryOptionsIn,
  QueryOptionsOut,
  StreamOptionsIn,
} from './query-options.ts'
import { fetchStream, isOver, type StreamQuery, type StreamQueryOptions } from './stream-query.ts'

/** TanStack Query's options and keys of one procedure. `Given` is what you gave, `Selected` what `select` makes. */
export interface ProcedureUtils<Input, Output, Failure, Context, Client> extends KeyFilter {
  /** The procedure itself. */
  readonly call: Client
  queryKey(...options: KeyInput<Input>): DataTag<QueryKey, Output, Failure>
  /** A query of what the procedure answers. */
  queryOptions<Given, Selected = Output>(
    ...options: OptionalUnless<Input, Context, Given & QueryOptionsIn<Input, Context, Output, Failure, Selected>>
  ): Given & QueryOptionsOut<Output, Failure>
  infiniteKey<PageParam>(options: {
    readonly input: (pageParam: PageParam) => Input
    readonly initialPageParam: PageParam
  }): DataTag<QueryKey, InfiniteData<Output, PageParam>, Failure>
  /** A query of pages: `input` makes the input of each. */
  infiniteOptions<Given, PageParam, Selected = InfiniteData<Output, PageParam>>(
    options: Given & InfiniteOptionsIn<Input, Context, Output, Failure, Selected, PageParam>,
  ): Given & InfiniteOptionsOut<Output, Failure, PageParam>
  mutationKey(): QueryKey
  mutationOptions<Result = unknown>(
    options?: MutationOptionsIn<Input, Context, Output, Failure, Result>,
  ): MutationOptionsOut<Input, Output, Failure, Result>
  streamedKey(...options: KeyInput<Input>): DataTag<QueryKey, EventOf<Output>[], Failure>
  /** A query of all events of a stream, in an array that grows. */
  streamedOptions<Given, Selected = EventOf<Output>[]>(
    ...options: OptionalUnless<
      Input,
      Context,
      Given & StreamOptionsIn<Input, Context, EventOf<Output>[], Failure, Selected>
    >
  ): Given & QueryOptionsOut<EventOf<Output>[], Failure>
  liveKey(...options: KeyInput<Input>): DataTag<QueryKey, EventOf<Output>, Failure>
  /** A query of a stream's newest event. */
  liveOptions<Given, Selected = EventOf<Output>>(
    ...options: OptionalUnless<
      Input,
      Context,
      Given & StreamOptionsIn<Input, Context, EventOf<Output>, Failure, Selected>
    >
  ): Given & QueryOptionsOut<EventOf<Output>, Failure>
}

/** The utils of a whole client: the same tree. */
export type QueryUtils<Client> = Client extends (...args: infer Args) => Call<infer Output, infer Failure>
  ? ProcedureUtils<
      Args[0],
      Output,
      Failure | Error,
      NonNullable<Args[1]> extends CallOptions<infer Context> ? Context : unknown,
      Client
    >
  : { readonly [Name in keyof Client]: QueryUtils<Client[Name]> } & KeyFilter

export interface QueryUtilsOptions {
  /** What all keys begin with, to tell two clients with the same procedures apart. */
  readonly path?: readonly string[] | undefined
}

/**
 * Options and keys for TanStack Query, for every procedure of a client: React, Vue, Solid, Svelte and Angular alike.
 *
 * @example
 * const orpc = createQueryUtils(client)
 * useQuery(orpc.planet.find.queryOptions({ input: { id: 1 } }))
 * useQuery(orpc.chat.stream.streamedOptions({ input: { roomId }, queryFnOptions: { maxChunks: 100 } }))
 */
export function createQueryUtils<Client>(client: Client, { path = [] }: QueryUtilsOptions = {}): QueryUtils<Client> {
  return createUtils(client as Procedure, path) as QueryUtils<Client>
}

/** A node of a client, which may be a procedure: it cannot be told before it is called. */
type Procedure = ((input: unknown, options: CallOptions) => Promise<unknown>) & { readonly [name: string]: Procedure }

/** What the options are at run time: of any of the methods. */
interface AnyOptions extends StreamQueryOptions {
  readonly input?: unknown
  readonly context?: unknown
  readonly queryKey?: QueryKey
  readonly queryFnOptions?: StreamQueryOptions
  readonly [name: string]: unknown
}

type Methods = Readonly<Record<string, unknown>>

function createUtils(procedure: Procedure, path: readonly string[]): unknown {
  const methods = createMethods(procedure, path)
  const children = new Map<string, unknown>()
  return new Proxy(methods, {
    get(target, name) {
      if (typeof name !== 'string' || name === 'then') return undefined
      const child = children.get(name) ?? createUtils(procedure[name] as Procedure, [...path, name])
      children.set(name, child)
      return Object.hasOwn(target, name) ? besides(target[name] as object, child as Methods) : child
    },
  })
}

/** A procedure may have the name of a method: the method then has that procedure's methods. */
function besides(method: object, child: Methods): unknown {
  return new Proxy(method, {
    get: (target, name) => (typeof name === 'string' ? child[name] : Reflect.get(target, name)),
  })
}

function createMethods(procedure: Procedure, path: readonly string[]): Methods {
  const keyOf =
    (type: QueryType) =>
    ({ input }: KeyOptions = {}): QueryKey =>
      toQueryKey(path, { type, input })
  const infiniteKey = ({ input, initialPageParam }: AnyOptions): QueryKey =>
    keyOf('infinite')({ input: typeof input === 'function' ? input(initialPageParam) : input })

  const streamOptions = (
    type: 'streamed' | 'live',
    { input, context, queryFnOptions = {}, ...rest }: AnyOptions,
    stream: Pick<StreamQuery<unknown, unknown>, 'add' | 'empty'>,
  ): object => {
    const open = (options: CallOptions): Promise<OpenedStream<unknown>> =>
      procedure(input, { ...options, context }) as Promise<OpenedStream<unknown>>
    return {
      staleTime: (query: { readonly state: object }) => (isOver(query) ? Number.POSITIVE_INFINITY : 0),
      ...rest,
      queryKey: rest.queryKey ?? keyOf(type)({ input }),
      ...fetchUnlessSkipped(input, (scope) => fetchStream(scope, { ...stream, open, options: queryFnOptions })),
    }
  }

  return {
    call: procedure,
    key: (options?: KeyOptions) => toQueryKey(path, options),
    queryKey: keyOf('query'),
    queryOptions: ({ input, context, ...rest }: AnyOptions = {}) => ({
      ...rest,
      queryKey: rest.queryKey ?? keyOf('query')({ input }),
      ...fetchUnlessSkipped(input, ({ signal }) => procedure(input, { signal, context })),
    }),
    infiniteKey,
    infiniteOptions: ({ input, context, ...rest }: AnyOptions) => ({
      ...rest,
      queryKey: rest.queryKey ?? infiniteKey({ ...rest, input }),
      ...fetchUnlessSkipped(input, ({ signal, pageParam }) =>
        procedure((input as (pageParam: unknown) => unknown)(pageParam), { signal, context }),
      ),
    }),
    mutationKey: keyOf('mutation'),
    mutationOptions: ({ context, ...rest }: AnyOptions = {}) => ({
      mutationKey: keyOf('mutation')(),
      ...rest,
      mutationFn: (input: unknown) => procedure(input, { context }),
    }),
    streamedKey: keyOf('streamed'),
    streamedOptions: (options: AnyOptions = {}) =>
      // Its events are never changed: to compare them all again each time would be in vain.
      streamOptions('streamed', { structuralSharing: false, ...options }, streamed(options.queryFnOptions)),
    liveKey: keyOf('live'),
    liveOptions: (options: AnyOptions = {}) =>
      streamOptions('live', options, { add: (_, events) => events.at(-1), empty: undefined }),
  }
}

function streamed({
  maxChunks = Number.POSITIVE_INFINITY,
}: StreamQueryOptions = {}): Pick<StreamQuery<unknown, unknown>, 'add' | 'empty'> {
  const newest = (events: readonly unknown[]): unknown[] => (maxChunks > 0 ? events.slice(-maxChunks) : [])
  return { add: (data, events) => newest([...((data as unknown[] | undefined) ?? []), ...events]), empty: [] }
}

/** TanStack Query's `skipToken` is a symbol, and stands in the place of the function that it says is not to be called. */
function fetchUnlessSkipped(
  input: unknown,
  fetch: (scope: QueryFunctionContext & { readonly pageParam?: unknown }) => unknown,
): object {
  return typeof input === 'symbol' ? { queryFn: input, enabled: false } : { queryFn: fetch }
}
