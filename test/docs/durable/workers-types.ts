type Method<T> = T extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never

/** What the page uses of `@cloudflare/workers-types`. */
export interface DurableObjectNamespace<T> {
  idFromName(name: string): { readonly name?: string }
  get(id: { readonly name?: string }): { fetch(request: Request): Promise<Response> } & {
    [Name in keyof T as T[Name] extends (...args: never) => unknown ? Name : never]: Method<T[Name]>
  }
}

export interface ExportedHandler<Env> {
  fetch(request: Request, env: Env): Response | Promise<Response>
}
