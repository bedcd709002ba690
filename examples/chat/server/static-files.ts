import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, sep } from 'node:path'

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
}

/** Serves the files of a built page. Paths without an extension are the page's own and get its `index.html`. */
export class StaticFiles {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end('Method not allowed')
      return
    }
    const path = this.#locate(request.url ?? '/')
    const content = path === undefined ? undefined : await readFile(path).catch(() => undefined)
    if (path === undefined || content === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found')
      return
    }
    // The names in this directory carry a hash of the content.
    const isHashed = path.startsWith(join(this.#root, 'assets') + sep)
    response.writeHead(200, {
      'content-type': CONTENT_TYPES[extname(path)] ?? 'application/octet-stream',
      'content-length': content.byteLength,
      'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
      'x-content-type-options': 'nosniff',
    })
    response.end(request.method === 'HEAD' ? undefined : content)
  }

  /** The file that a URL asks for; `undefined` when it would lie outside of the root. */
  #locate(url: string): string | undefined {
    try {
      const pathname = decodeURIComponent(url.replace(/[?#].*$/, ''))
      const path = join(this.#root, extname(pathname) === '' ? 'index.html' : pathname)
      return path.startsWith(this.#root + sep) ? path : undefined
    } catch {
      return undefined
    }
  }
}
