import { build } from 'vite'

/** A script with all that it imports, as a page can load it. */
export async function bundlePage(entry: string, environment = 'production'): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': JSON.stringify(environment) },
    build: {
      write: false,
      minify: false,
      lib: { entry, formats: ['es'], fileName: 'page' },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  })
  const [first] = [result].flat() as { readonly output: readonly { readonly code: string }[] }[]
  return first?.output[0]?.code ?? ''
}
