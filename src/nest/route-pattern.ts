import { type PathPart, parsePath } from '../openapi/route.ts'

/** What every platform takes for the name of a parameter. */
const NAME = /^[A-Za-z_$][\w$]*$/

/**
 * The path of a route as Nest writes it: `/planets/:id` for `/planets/{id}`, `/files/*path` for `/files/{+path}`.
 *
 * @throws {TypeError} when it has something that not all platforms know how to route.
 */
export function toRoutePattern(path: string): string {
  return parsePath(path)
    .parts.map((part) => ('text' in part ? checkText(part.text, path) : toParameter(part, path)))
    .join('')
}

function toParameter({ name, rest }: Extract<PathPart, { readonly name: string }>, path: string): string {
  if (!NAME.test(name)) throw new TypeError(`The path ${path} has a parameter that Nest cannot route: call it a word`)
  return rest ? `*${name}` : `:${name}`
}

function checkText(text: string, path: string): string {
  if (!/[:*?+()[\]!\\]/.test(text)) return text
  throw new TypeError(`The path ${path} has characters that Nest takes for syntax: leave out :*?+()[]!\\`)
}

/** The parameters that a platform has found, each as one text. */
export function readParams(params: unknown, path: string): Record<string, string> {
  const [rest] = parsePath(path).parts.flatMap((part) => ('name' in part && part.rest ? [part.name] : []))
  const entries = Object.entries((params ?? {}) as Record<string, unknown>).flatMap(([name, value]) =>
    // Fastify has no names for the rest of a path, Express takes it apart.
    value === undefined ? [] : [[name === '*' ? (rest ?? name) : name, [value].flat().join('/')] as const],
  )
  return Object.fromEntries(entries)
}
