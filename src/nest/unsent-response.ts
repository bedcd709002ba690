import { EventEmitter } from 'node:events'

/** What a filter or a guard has answered on a response that is never sent. */
export interface UnsentAnswer {
  readonly status: number
  readonly body: unknown
}

/** A response that is sent, if there is one: headers and cookies are for that. */
export interface HeaderTarget {
  readonly raw?: unknown
  readonly locals?: Record<string, unknown>
  setHeader?(name: string, value: any): unknown
  header?(name: string, value: any): unknown
  cookie?(...cookie: readonly unknown[]): unknown
  clearCookie?(...cookie: readonly unknown[]): unknown
}

/**
 * A response for calls over the RPC protocol, which answers in its own way: what Nest users call on Express's and on Fastify's is
 * there. What is answered on it becomes the answer of the call.
 */
export class UnsentResponse extends EventEmitter {
  readonly #headers = new Map<string, unknown>()
  readonly #target: HeaderTarget | undefined
  readonly locals: Record<string, unknown>
  statusCode = 200
  statusMessage = ''
  answer: UnsentAnswer | undefined

  constructor(target?: HeaderTarget) {
    super()
    this.#target = target
    this.locals = target?.locals ?? {}
  }

  get raw(): this {
    return this
  }

  get headersSent(): boolean {
    return this.answer !== undefined
  }

  get sent(): boolean {
    return this.headersSent
  }

  get writableEnded(): boolean {
    return this.headersSent
  }

  status(code: number): this {
    this.statusCode = code
    return this
  }

  code(code: number): this {
    return this.status(code)
  }

  sendStatus(code: number): this {
    return this.status(code).send()
  }

  writeHead(code: number): this {
    return this.status(code)
  }

  setHeader(name: string, value: unknown): this {
    this.#headers.set(name.toLowerCase(), value)
    if (this.#target?.raw === undefined) this.#target?.setHeader?.(name, value)
    else this.#target.header?.(name, value)
    return this
  }

  header(name: string, value: unknown): this {
    return this.setHeader(name, value)
  }

  set(name: string | Readonly<Record<string, unknown>>, value?: unknown): this {
    const entries = typeof name === 'string' ? [[name, value] as const] : Object.entries(name)
    for (const [key, item] of entries) this.setHeader(key, item)
    return this
  }

  headers(headers: Readonly<Record<string, unknown>>): this {
    return this.set(headers)
  }

  append(name: string, value: unknown): this {
    const before = this.getHeader(name)
    return this.setHeader(name, before === undefined ? value : [before, value].flat())
  }

  type(type: string): this {
    return this.setHeader('content-type', type)
  }

  /** Without a response that is sent nobody is there to keep it. */
  cookie(...cookie: readonly unknown[]): this {
    this.#target?.cookie?.(...cookie)
    return this
  }

  setCookie(...cookie: readonly unknown[]): this {
    return this.cookie(...cookie)
  }

  clearCookie(...cookie: readonly unknown[]): this {
    this.#target?.clearCookie?.(...cookie)
    return this
  }

  getHeader(name: string): unknown {
    return this.#headers.get(name.toLowerCase())
  }

  get(name: string): unknown {
    return this.getHeader(name)
  }

  getHeaders(): Record<string, unknown> {
    return Object.fromEntries(this.#headers)
  }

  hasHeader(name: string): boolean {
    return this.#headers.has(name.toLowerCase())
  }

  removeHeader(name: string): this {
    this.#headers.delete(name.toLowerCase())
    return this
  }

  json(body: unknown): this {
    return this.send(body)
  }

  end(body?: unknown): this {
    return this.send(body)
  }

  send(body?: unknown): this {
    if (this.answer !== undefined) return this
    this.answer = { status: this.statusCode, body }
    return this
  }

  /** The call is over: who waits for the end of the response hears of it. */
  finish(): void {
    this.emit('finish')
    this.emit('close')
  }
}
