import { RPCError } from '../core/error.ts'
import type { Context } from '../server/middleware.ts'
import { isSameHost } from '../session/allowed-origin.ts'
import type { ServerRequest } from '../session/server-request.ts'

/** Who asks for something of the inspector. */
export interface InspectorVisitor {
  readonly request: ServerRequest
  readonly context: Context
}

/**
 * Whether somebody may see the inspector, and so call everything. What it throws is the answer: `UNAUTHORIZED` has a browser
 * ask for a name and a password.
 */
export type InspectorGuard = (visitor: InspectorVisitor) => boolean | Promise<boolean>

/** @throws {RPCError} why this visitor gets nothing. */
export async function assertAllowed(guard: InspectorGuard | undefined, visitor: InspectorVisitor): Promise<void> {
  const { request } = visitor
  // Credentials are the browser's, so they would speak for a page of another site, too.
  const origin = request.header('origin')
  if (origin !== undefined && !isSameHost(origin, request.header('host'))) {
    throw new RPCError('FORBIDDEN', { message: 'The inspector answers none but its own page' })
  }
  if (guard === undefined) assertDevelopment(request)
  else if (!(await guard(visitor))) {
    throw new RPCError('FORBIDDEN', { message: 'The inspector is not for you: its `allow` has refused this request' })
  }
}

const DEVELOPMENT: readonly unknown[] = ['development', 'test']

function assertDevelopment(request: ServerRequest): void {
  const mode = 'process' in globalThis ? globalThis.process.env['NODE_ENV'] : undefined
  if (!DEVELOPMENT.includes(mode)) {
    throw new RPCError('FORBIDDEN', {
      message:
        'The inspector is closed, unless NODE_ENV is development or test. ' +
        'Say who may see it: new InspectorPlugin(router, { allow: ({ request, context }) => … })',
    })
  }
  // A foreign name that leads here would make a foreign page one of this host.
  if (!isLocalName(request.header('host'))) {
    throw new RPCError('FORBIDDEN', {
      message:
        'Without `allow`, the inspector is only for localhost and for addresses: ' +
        'new InspectorPlugin(router, { allow: ({ request, context }) => … })',
    })
  }
}

function isLocalName(host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(`http://${host}`)) return false
  const { hostname } = new URL(`http://${host}`)
  return /(^|\.)localhost$|^[\d.]+$|^\[.*\]$/.test(hostname)
}
