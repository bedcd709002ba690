import { eventSchemas } from '../contract/event-iterator.ts'
import type { NamedProcedures } from './router-of.ts'
import type { Served } from './served.ts'

/** A page that calls the app's procedures and shows their streams, each event with its id; cut, they go on after the last. */
export function serveStreamsPage(named: NamedProcedures, path: string, rpcPrefix: string): Served {
  const html = formatPage(named, path, rpcPrefix)
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }
  const isAsked = (method = 'GET', url = '/'): boolean => method === 'GET' && url.split('?', 1)[0] === path
  return {
    async node({ method, url }, response) {
      const matched = isAsked(method, url)
      if (matched) response.writeHead(200, headers).end(html)
      return { matched }
    },
    async fetch({ method, url }) {
      const matched = isAsked(method, new URL(url).pathname)
      return { response: matched ? new Response(html, { headers }) : undefined }
    },
    drain: async () => {},
  }
}

function formatPage(named: NamedProcedures, path: string, rpcPrefix: string): string {
  const items = Object.entries(named).map(
    ([
      name,
      {
        '~headwater': { output },
      },
    ]) => {
      const kind = eventSchemas(output) === undefined ? '' : ' <small>stream</small>'
      return `<li><button data-name="${name}">${name}</button>${kind}</li>`
    },
  )
  // Relative, so that it does not matter below which path of a proxy the app stands.
  const up = '../'.repeat(path.split('/').length - 2) || './'
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Streams</title>
<style>
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
  body { display: grid; grid-template-columns: minmax(12rem, 18rem) 1fr; gap: 2rem; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
  @media (max-width: 40rem) { body { grid-template-columns: 1fr } }
  ul { list-style: none; padding: 0; margin: 0 }
  li button { border: 0; background: none; font: inherit; padding: .2rem 0; cursor: pointer; text-decoration: underline }
  textarea { box-sizing: border-box; width: 100%; font: 14px ui-monospace, monospace }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 1rem 0 }
</style>
<nav><ul>${items.join('')}</ul></nav>
<main>
  <h1 id="name">Choose a procedure</h1>
  <form id="form" hidden>
    <label>Input as JSON <textarea id="input" rows="4" placeholder="none"></textarea></label>
    <button>Call</button> <button id="stop" type="button">Stop</button> <output id="status"></output>
  </form>
  <pre id="events"></pre>
</main>
<script>
${SCRIPT.replace('RPC_URL', `new URL(${JSON.stringify(up + rpcPrefix.slice(1))}, location.href)`)}
</script>
</html>
`
}

/** Reads the event streams itself, as \`EventSource\` cannot post. Plain JavaScript, for it runs as it stands here. */
const SCRIPT = `
const rpc = RPC_URL
const [title, form, input, status, events] = ['name', 'form', 'input', 'status', 'events'].map((id) => document.getElementById(id))
let run = new AbortController()

document.querySelector('nav').addEventListener('click', ({ target }) => {
  if (!target.dataset.name) return
  run.abort()
  title.textContent = target.dataset.name
  form.hidden = false
  events.textContent = status.textContent = ''
})
document.getElementById('stop').addEventListener('click', () => run.abort())
form.addEventListener('submit', async (submitted) => {
  submitted.preventDefault()
  run.abort()
  const { signal } = (run = new AbortController())
  events.textContent = ''
  let place
  for (let retry = 0; !signal.aborted; retry++) {
    try {
      status.textContent = 'connecting'
      const json = input.value.trim() === '' ? undefined : JSON.parse(input.value)
      const headers = { 'content-type': 'application/json', ...(place === undefined ? {} : { 'last-event-id': place }) }
      const url = rpc + '/' + title.textContent.split('.').map(encodeURIComponent).join('/')
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ json }), signal })
      if (!(response.headers.get('content-type') ?? '').startsWith('text/event-stream')) {
        status.textContent = String(response.status)
        return show(await response.text())
      }
      status.textContent = 'open'
      for await (const { event, id, data } of blocksOf(response)) {
        if (id !== undefined) place = id || undefined
        if (data !== undefined) show((id ?? '') + ' ' + data)
        if (event === 'done' || event === 'error') return void (status.textContent = event)
        retry = 0
      }
    } catch (error) {
      if (error instanceof SyntaxError) return void (status.textContent = error.message)
    }
    if (signal.aborted) break
    status.textContent = 'waiting'
    await new Promise((resolve) => setTimeout(resolve, Math.min(500 * 2 ** retry, 10_000)))
  }
  if (run.signal === signal) status.textContent = 'stopped'
})

function show(line) {
  events.textContent = (line + '\\n' + events.textContent).slice(0, 100_000)
}

async function* blocksOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const blocks = (rest + value).split('\\n\\n')
    rest = blocks.pop()
    for (const block of blocks) {
      const fields = block.split('\\n').map((line) => /^(event|id|data): ?(.*)$/.exec(line)).filter(Boolean)
      yield Object.fromEntries(fields.map(([, name, value]) => [name, value]))
    }
  }
}
`
