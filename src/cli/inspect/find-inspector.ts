import { createClient } from '../../client/create-client.ts'
import { RPCError } from '../../core/error.ts'
import { RPCLink } from '../../transport/fetch/rpc-link.ts'

/** A procedure as an inspector or a document tells of it. */
export interface FoundProcedure {
  readonly path: readonly string[]
  /** Where it stands over plain HTTP. */
  readonly route?: string | undefined
  readonly summary?: string | undefined
  readonly isStream?: boolean | undefined
  readonly input?: unknown
}

/** What of a sample is shown. */
export interface FoundSample {
  readonly publishers: readonly {
    readonly name: string
    readonly channels: readonly {
      readonly channel: string
      readonly subscribers: number
      readonly lag: number
      readonly head?: string | undefined
    }[]
  }[]
  readonly connections: readonly unknown[]
  readonly streams: readonly unknown[]
}

/** What a server says of itself. */
export interface Findings {
  /** Of the inspector's page. */
  readonly inspector?: string | undefined
  /** Of the inspector's page, where it would not let us in. */
  readonly guarded?: string | undefined
  /** Of an OpenAPI document. */
  readonly document?: string | undefined
  readonly title?: string | undefined
  readonly procedures?: readonly FoundProcedure[] | undefined
  readonly sample?: FoundSample | undefined
}

interface InspectorClient {
  inspect(input: undefined, options: { signal: AbortSignal }): Promise<InspectedRouter>
  samples(input: undefined, options: { signal: AbortSignal }): Promise<AsyncGenerator<FoundSample>>
}

interface InspectedRouter {
  readonly title: string
  readonly procedures: readonly FoundProcedure[]
}

interface Asked {
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** Asks a server behind its prefix and at its root, the inspector first. Rejects when there is no server. */
export async function find(url: URL, asked: Asked): Promise<Findings> {
  const prefix = url.href.replace(/[?#].*$/, '').replace(/\/+$/, '')
  const places = [...new Set([prefix, url.origin])]
  let guarded: string | undefined
  for (const place of places) {
    const page = `${place}/inspector`
    try {
      const found = await askInspector(page, asked)
      if (found !== undefined) return { ...found, inspector: page }
    } catch (error) {
      if (!(error instanceof RPCError) || (error.status !== 401 && error.status !== 403)) throw error
      guarded ??= page
    }
  }
  for (const place of places) {
    const found = await readDocument(`${place}/spec.json`, asked)
    if (found !== undefined) return { ...found, guarded }
  }
  return { guarded }
}

async function askInspector(page: string, { headers, signal }: Asked): Promise<Findings | undefined> {
  const link = new RPCLink({ url: `${page}/data`, headers })
  const client = createClient<InspectorClient>(link)
  let inspected: InspectedRouter
  try {
    inspected = await client.inspect(undefined, { signal })
  } catch (error) {
    // Something else answers there, if anything does.
    const isThere =
      error instanceof RPCError && ![401, 403].includes(error.status) && error.code !== 'CONNECTION_FAILED'
    if (isThere) return undefined
    throw error
  }
  if (!Array.isArray(inspected?.procedures)) return undefined
  const samples = await client.samples(undefined, { signal })
  const { value: sample } = await samples.next()
  await samples.return(undefined)
  return { title: inspected.title, procedures: inspected.procedures, sample }
}

const METHODS: readonly string[] = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options']

interface Operation {
  readonly operationId?: string | undefined
  readonly summary?: string | undefined
}

async function readDocument(address: string, { headers, signal }: Asked): Promise<Findings | undefined> {
  const response = await fetch(address, { headers, signal })
  if (!response.ok) {
    await response.body?.cancel()
    return undefined
  }
  const document = (await response.json().catch(() => undefined)) as
    | { openapi?: unknown; info?: { title?: string }; paths?: Record<string, Record<string, Operation>> }
    | undefined
  if (typeof document?.openapi !== 'string') return undefined
  const procedures = Object.entries(document.paths ?? {}).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, { operationId, summary }]) => {
        const route = `${method.toUpperCase()} ${path}`
        return { path: operationId === undefined ? [] : operationId.split('.'), route, summary }
      }),
  )
  return { document: address, title: document.info?.title, procedures }
}
