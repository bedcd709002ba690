import { readFile } from 'node:fs/promises'

/** The package's own, from the file that stands above both the sources and what is built from them. */
export async function readVersion(): Promise<string> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return String((JSON.parse(manifest) as { version: unknown }).version)
}
