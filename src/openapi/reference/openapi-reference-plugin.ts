import type { ContractRouter } from '../../contract/contract-procedure.ts'
import type { Router } from '../../server/router.ts'
import type { HandlerPlugin, IncomingInterceptor } from '../../session/serve-request.ts'
import type { ServerResponse } from '../../session/server-request.ts'
import type { OpenAPIDocument } from '../document/openapi-document.ts'
import { type GenerateOptions, OpenAPIGenerator, type OpenAPIGeneratorOptions } from '../document/openapi-generator.ts'
import { formatPage, type ReferencePage, type ReferenceUI } from './reference-ui.ts'

export interface OpenAPIReferencePluginOptions extends OpenAPIGeneratorOptions {
  /** What the document says besides the procedures. Without `servers`, it names the handler's prefix. */
  readonly generate: GenerateOptions
  /** The page, or what makes it when it is first asked for. Without it only the document is served. */
  readonly ui?: ReferenceUI | (() => ReferenceUI | Promise<ReferenceUI>) | undefined
  /** Where the page stands behind the handler's prefix. Default `'/'`. */
  readonly docsPath?: `/${string}` | undefined
  /** Where the document stands. Default `'/spec.json'`. */
  readonly specPath?: `/${string}` | undefined
}

/**
 * Serves the document of a router, and a page that shows it. Procedures at the same paths win.
 *
 * @example
 * new OpenAPIReferencePlugin(router, { generate: { info }, ui: () => readReferenceUI('scalar') })
 */
export class OpenAPIReferencePlugin implements HandlerPlugin {
  readonly #router: Router | ContractRouter
  readonly #options: OpenAPIReferencePluginOptions
  readonly #page: ReferencePage
  #document: Promise<OpenAPIDocument> | undefined
  #ui: Promise<ReferenceUI> | undefined

  constructor(router: Router | ContractRouter, options: OpenAPIReferencePluginOptions) {
    const { docsPath = '/', specPath = '/spec.json', generate } = options
    this.#router = router
    this.#options = options
    const assets = specPath.replace(/\.json$/, '')
    this.#page = {
      title: generate.info.title,
      docsPath,
      specPath,
      scriptPath: `${assets}.js`,
      stylePath: `${assets}.css`,
    }
  }

  readonly requestInterceptor: IncomingInterceptor = async ({ request, prefix, next }) => {
    const response = await next()
    const isAsked = request.method === 'GET' || request.method === 'HEAD'
    const isFree = response === undefined || response.status === 405
    const [pathname = ''] = request.url.split('?', 1)
    if (!isAsked || !isFree || !pathname.startsWith(prefix)) return response
    return (await this.#serve(pathname.slice(prefix.length) || '/', prefix)) ?? response
  }

  async #serve(path: string, prefix: string): Promise<ServerResponse | undefined> {
    const { docsPath, specPath, scriptPath, stylePath } = this.#page
    if (path === specPath) {
      const document = await this.#generate()
      return toAnswer('application/json', JSON.stringify({ servers: [{ url: prefix || '/' }], ...document }))
    }
    if (this.#options.ui === undefined || ![docsPath, `${docsPath}/`, scriptPath, stylePath].includes(path))
      return undefined
    const ui = await this.#load(this.#options.ui)
    if (path === scriptPath) return toAnswer('text/javascript; charset=utf-8', ui.script)
    if (path === stylePath) return toAnswer('text/css; charset=utf-8', ui.style ?? '')
    return toAnswer('text/html; charset=utf-8', formatPage(ui, this.#page))
  }

  #generate(): Promise<OpenAPIDocument> {
    this.#document ??= new OpenAPIGenerator(this.#options).generate(this.#router, this.#options.generate)
    this.#document.catch(() => {
      this.#document = undefined
    })
    return this.#document
  }

  #load(ui: NonNullable<OpenAPIReferencePluginOptions['ui']>): Promise<ReferenceUI> {
    this.#ui ??= Promise.resolve(typeof ui === 'function' ? ui() : ui)
    this.#ui.catch(() => {
      this.#ui = undefined
    })
    return this.#ui
  }
}

function toAnswer(type: string, body: string): ServerResponse {
  return { status: 200, headers: { 'content-type': type }, body }
}
