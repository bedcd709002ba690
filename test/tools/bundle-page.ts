import { build } from 'vite'

/** A script with all that it imports, as a page can load it. */
export async function bundlePage(entry: string): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, minify: false, lib: { entry, formats: ['es'], fileName: 'page' } },
  })
  const [first] = [result].flat() as { readonly output: readonly { readonly code: string }[] }[]
  return first?.output[0]?.code ?? ''
}
