import { readFile } from 'node:fs/promises'
import type { Arguments } from './arguments.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** What a command calls. */
export interface Target {
  readonly url: URL
  readonly path: readonly string[]
  readonly input: unknown
}

const PROTOCOLS: readonly string[] = ['http:', 'https:', 'ws:', 'wss:']

/** @throws {UsageError} when that is no address of a server. */
export function parseURL(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !PROTOCOLS.includes(url.protocol)) {
    throw new UsageError(`The url has to begin with http://, https://, ws:// or wss://, not ${text}`)
  }
  return url
}

/** `chat.send` and `chat/send` are the same. */
export function parsePath(text: string): readonly string[] {
  const path = text.includes('/') ? text.replace(/^\/|\/$/g, '').split('/') : text.split('.')
  if (path.includes('')) throw new UsageError(`The procedure has to be like chat.send, not ${JSON.stringify(text)}`)
  return path
}

/** The input: JSON, `-` for that of the standard input, `@file` for that of a file. */
async function readInput(text: string | undefined, terminal: Terminal): Promise<unknown> {
  if (text === undefined) return undefined
  const json = await readSource(text, terminal)
  if (json.trim() === '') return undefined
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new UsageError(`The input is no JSON: ${error instanceof Error ? error.message : error}`)
  }
}

async function readSource(text: string, terminal: Terminal): Promise<string> {
  if (text === '-') return terminal.read()
  if (!text.startsWith('@')) return text
  try {
    return await readFile(text.slice(1), 'utf8')
  } catch (error) {
    throw new UsageError(`The input cannot be read: ${error instanceof Error ? error.message : error}`)
  }
}

/** The arguments of `<url> <procedure> [json]`. */
export async function readTarget({ positionals }: Arguments, terminal: Terminal): Promise<Target> {
  const [url = '', procedure = '', input] = positionals
  return { url: parseURL(url), path: parsePath(procedure), input: await readInput(input, terminal) }
}
