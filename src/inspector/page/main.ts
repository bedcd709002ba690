import type { ConnectionState } from '../../event/connection-state.ts'
import { ChannelsView } from './channels-view.ts'
import { inspector } from './clients.ts'
import { ConnectionsView } from './connections-view.ts'
import { h, setAttribute, setText } from './dom.ts'
import { icon, logo } from './icons.ts'
import { LiveFeed } from './live-feed.ts'
import { ProceduresView } from './procedures-view.ts'
import { formatRoute, onRoute, parseRoute, VIEWS, type ViewName } from './route.ts'
import { spanOf } from './series.ts'
import { StreamsView } from './streams-view.ts'
import { themeButton } from './theme.ts'

const streams = new StreamsView()
const procedures = new ProceduresView(streams)
const channels = new ChannelsView()
const connections = new ConnectionsView()
const views = { procedures, streams, channels, connections }

const title = h('span', { class: 'brand-of' })
const light = h('span', { class: 'light' })
const stateText = h('span', { 'data-testid': 'feed' })
const links = new Map(
  VIEWS.map((name) => {
    const label = `${name[0]?.toUpperCase()}${name.slice(1)}`
    return [name, h('a', { href: formatRoute(name) }, icon(name), h('span', {}, label), h('span', { class: 'count' }))]
  }),
)
const main = h(
  'main',
  { id: 'main', tabindex: -1 },
  Object.values(views).map(({ element }) => element),
)
document.body.append(
  h(
    'header',
    { class: 'rail' },
    h('div', { class: 'brand' }, logo(), h('span', {}, h('strong', {}, 'Inspector'), title)),
    h('nav', { class: 'nav', 'aria-label': 'Views' }, [...links.values()]),
    h('div', { class: 'rail-foot' }, h('span', { class: 'feed', role: 'status' }, light, stateText), themeButton()),
  ),
  main,
)

let shown: ViewName = 'procedures'
let loaded: string | undefined
let isLoaded = false

const feed: LiveFeed = new LiveFeed(() => {
  const newest = feed.samples.at(-1)
  if (newest !== undefined) channels.take(newest)
  draw()
}, onState)

onRoute((route) => {
  if (route.view !== shown) scrollTo(0, 0)
  shown = route.view
  for (const name of VIEWS) {
    views[name].element.hidden = name !== shown
    const link = links.get(name)
    if (link !== undefined) setAttribute(link, 'aria-current', name === shown ? 'page' : undefined)
  }
  if (route.view === 'procedures') procedures.show(route)
  if (route.view === 'streams') streams.show(route)
  draw()
})

void feed.run()
void load()

/** Only what is to be seen is drawn. */
function draw(): void {
  const newest = feed.samples.at(-1)
  if (newest === undefined) return
  const counts = {
    procedures: undefined,
    streams: streams.count,
    channels: newest.publishers.reduce((sum, { stats }) => sum + stats.channels, 0),
    connections: newest.connections.length + newest.streams.filter(({ connection }) => connection === undefined).length,
  }
  for (const [name, link] of links) setText(link.lastElementChild as Element, counts[name] ? String(counts[name]) : '')
  if (shown !== 'streams') views[shown].update(feed.samples, spanOf(feed.samples[0]?.at ?? 0, newest.at))
}

function onState(state: ConnectionState): void {
  light.dataset['status'] = state.status
  const refused = state.status === 'closed' && state.error instanceof Error ? state.error.message : undefined
  const texts = { connecting: 'Connecting', open: 'Live', waiting: 'Reconnecting', closed: refused ?? 'Not connected' }
  setText(stateText, texts[state.status])
  setAttribute(stateText, 'title', refused)
  // What was there before a restart may have become something else.
  if (state.status === 'open' && isLoaded) void load()
}

async function load(): Promise<void> {
  try {
    const inspection = await inspector.inspect()
    setText(title, inspection.title)
    document.title = `${inspection.title} · Inspector`
    // The tree is made anew only where it has changed: what one has typed stays.
    const text = JSON.stringify(inspection)
    if (text !== loaded) procedures.load(inspection)
    loaded = text
    isLoaded = true
    procedures.show(
      parseRoute(location.hash).view === 'procedures' ? parseRoute(location.hash) : { view: 'procedures', names: [] },
    )
  } catch (error) {
    console.error(error)
    setTimeout(() => void load(), 2000)
  }
}
