import type {
  DataTag,
  InfiniteData,
  InfiniteQueryObserverOptions,
  MutationObserverOptions,
  QueryFunction,
  QueryKey,
  QueryObserverOptions,
  SkipToken,
} from '@tanstack/query-core'
import type { KeyOptions } from './query-key.ts'
import type { StreamQueryOptions } from './stream-query.ts'

/** The input of a query; `skipToken` says that it is not known yet, and nothing is fetched. */
export type InputOption<Input> = undefined extends Input
  ? { readonly input?: Input | SkipToken | undefined }
  : { readonly input: Input | SkipToken }

export type ContextOption<Context> =
  Record<never, never> extends Context ? { readonly context?: Context | undefined } : { readonly context: Context }

/** The options may be left out where nothing in them is needed. */
export type OptionalUnless<Input, Context, Options> = undefined extends Input
  ? Record<never, never> extends Context
    ? [options?: Options]
    : [options: Options]
  : [options: Options]

interface OwnKey {
  readonly queryKey?: QueryKey | undefined
}

/** What a query may be told: its input, and everything that TanStack Query knows. */
export type QueryOptionsIn<Input, Context, Data, Failure, Selected> = InputOption<Input> &
  ContextOption<Context> &
  OwnKey &
  Omit<QueryObserverOptions<Data, Failure, Selected, Data, QueryKey>, 'queryKey' | 'queryFn' | 'queryHash'>

export type StreamOptionsIn<Input, Context, Data, Failure, Selected> = QueryOptionsIn<
  Input,
  Context,
  Data,
  Failure,
  Selected
> & { readonly queryFnOptions?: StreamQueryOptions | undefined }

/** What `useQuery` and its like are given. */
export interface QueryOptionsOut<Data, Failure> {
  queryKey: DataTag<QueryKey, Data, Failure>
  queryFn: QueryFunction<Data, QueryKey>
  /** Tells of which type errors are. */
  retryDelay?: (failureCount: number, error: Failure) => number
}

export type InfiniteOptionsIn<Input, Context, Output, Failure, Selected, PageParam> = ContextOption<Context> &
  OwnKey & {
    /** The input of a page. */
    readonly input: ((pageParam: PageParam) => Input) | SkipToken
  } & Omit<
    InfiniteQueryObserverOptions<Output, Failure, Selected, QueryKey, PageParam>,
    'queryKey' | 'queryFn' | 'queryHash'
  >

export interface InfiniteOptionsOut<Output, Failure, PageParam> {
  queryKey: DataTag<QueryKey, InfiniteData<Output, PageParam>, Failure>
  queryFn: QueryFunction<Output, QueryKey, PageParam>
  retryDelay?: (failureCount: number, error: Failure) => number
}

export type MutationOptionsIn<Input, Context, Output, Failure, Result> = ContextOption<Context> &
  Omit<MutationObserverOptions<Output, Failure, Input, Result>, 'mutationFn'>

export type MutationOptionsOut<Input, Output, Failure, Result> = Omit<
  MutationObserverOptions<Output, Failure, Input, Result>,
  'mutationFn' | 'mutationKey'
> & {
  mutationKey: QueryKey
  mutationFn: (input: Input) => Promise<Output>
}

/** The events of a stream as its procedure's output has them. */
export type EventOf<Output> = Output extends AsyncIterator<infer Event, any, any> ? Event : never

/** What makes a whole key of a procedure. */
export type KeyInput<Input> = undefined extends Input
  ? [options?: { readonly input?: Input | SkipToken | undefined }]
  : [options: { readonly input: Input | SkipToken }]

export interface KeyFilter {
  /** The key with which all queries below here begin, or those of a type, or with an input. */
  key(options?: KeyOptions): QueryKey
}
