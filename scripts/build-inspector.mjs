// Makes the inspector's page, one HTML file with its script and its styles in it, into the module that serves it.
// The same sources always give the same module. Run it when you have changed the page: `npm run build:inspector`.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const folder = fileURLToPath(new URL('../src/inspector', import.meta.url))
const page = join(folder, 'page')

/** What the page is made of, as a hash: a page that is not made of what stands here is out of date. */
export function hashPage() {
  const hash = createHash('sha256')
  const files = readdirSync(page, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.includes('.test.'),
  )
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort()
  for (const path of paths) hash.update(path.slice(page.length)).update('\0').update(readFileSync(path))
  return hash.digest('hex').slice(0, 16)
}

async function buildPage() {
  const { output } = await build({
    root: page,
    configFile: false,
    logLevel: 'warn',
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      cssMinify: 'lightningcss',
      assetsInlineLimit: 0,
      // One script: the page has nowhere to load others from.
      rolldownOptions: { output: { codeSplitting: false } },
    },
  })
  const script = output.find(({ type }) => type === 'chunk').code.trim()
  const style = output.find(({ fileName }) => fileName.endsWith('.css')).source.trim()
  const { source } = output.find(({ fileName }) => fileName === 'index.html')
  if (/<\/script/i.test(script) || /<\/style/i.test(style))
    throw new Error('The page would end its own script or style')
  const shell = source
    .replace(/\n\s*/g, '')
    .replace(/\s*<script type="module"[^>]*><\/script>/, '')
    .replace(/\s*<link rel="stylesheet"[^>]*>/, () => `<style>${style}</style>`)
    .replace('</body>', () => `<script type="module">${script}</script></body>`)
  const sha = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const policy = [
    "default-src 'none'",
    `script-src ${sha(script)}`,
    `style-src ${sha(style)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  const module = [
    '// Made by scripts/build-inspector.mjs of what stands in `page`.',
    'export const page: { readonly html: string; readonly policy: string; readonly made: string } = {',
    `  html: ${JSON.stringify(shell)},`,
    `  policy: ${JSON.stringify(policy)},`,
    `  made: ${JSON.stringify(hashPage())},`,
    '}',
  ]
  writeFileSync(join(folder, 'page.generated.ts'), `${module.join('\n')}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPage()
