import type { InspectedConnection, InspectedStream, InspectorSample } from '../inspector-contract.ts'
import { h, setAttribute, setText } from './dom.ts'
import { formatAge, formatBytes, formatClient, formatCount, formatPlace, formatRate } from './format.ts'
import { formatRoute } from './route.ts'
import { type Row, RowList } from './row-list.ts'
import { latest, type Point, rates, type Span, series, spanOf } from './series.ts'
import { Sparkline } from './sparkline.ts'
import { Tile } from './tile.ts'

const STREAM_COLUMNS = ['Stream', 'Over', 'Client', 'Open for', 'Events', 'Events/s', 'Last id', 'Buffered'] as const
const CONNECTION_COLUMNS = ['Connection', 'Protocol', 'Open for', 'Calls', 'Buffered'] as const

/** Who is connected, and how many bytes wait for them. */
export class ConnectionsView {
  readonly #tiles = {
    streams: new Tile('Streams'),
    connections: new Tile('Connections', 'WebSockets and ports, each with many calls'),
    calls: new Tile('Calls/s'),
    failed: new Tile('Failed/s'),
    buffered: new Tile('Buffered', 'Bytes that wait for clients that are behind'),
  }
  readonly #streams: RowList<InspectedStream>
  readonly #connections: RowList<InspectedConnection>
  readonly #streamNote = h('p', { class: 'note' })
  readonly #connectionNote = h('p', { class: 'note' })
  readonly element: HTMLElement
  #samples: readonly InspectorSample[] = []
  #span: Span = spanOf(0, 0)

  constructor() {
    const [streams, connections] = [h('div', { role: 'rowgroup' }), h('div', { role: 'rowgroup' })]
    this.#streams = new RowList<InspectedStream>(
      streams,
      ({ id }) => String(id),
      ({ id }) => this.#streamRow(id),
    )
    this.#connections = new RowList<InspectedConnection>(
      connections,
      ({ id }) => String(id),
      ({ id }) => this.#connectionRow(id),
    )
    this.element = h(
      'section',
      { class: 'view page', 'aria-label': 'Connections' },
      h('header', { class: 'page-head' }, h('h1', {}, 'Connections')),
      h(
        'div',
        { class: 'tiles' },
        Object.values(this.#tiles).map(({ element }) => element),
      ),
      h('h2', {}, 'Streams'),
      h('div', { class: 'table open-streams', role: 'table', 'aria-label': 'Streams' }, head(STREAM_COLUMNS), streams),
      this.#streamNote,
      h('h2', {}, 'WebSockets and ports'),
      h(
        'div',
        { class: 'table peers', role: 'table', 'aria-label': 'Connections' },
        head(CONNECTION_COLUMNS),
        connections,
      ),
      this.#connectionNote,
    )
  }

  update(samples: readonly InspectorSample[], span: Span): void {
    this.#samples = samples
    this.#span = span
    const sample = samples.at(-1)
    if (sample === undefined) return
    const { streams, connections, left } = sample
    const sum = (of: 'calls' | 'errors') => (sample: InspectorSample) =>
      sample.calls.reduce((sum, counts) => sum + counts[of], 0)
    const calls = rates(series(samples, sum('calls')))
    const failed = rates(series(samples, sum('errors')))
    const buffered = series(samples, ({ buffered }) => buffered)
    const openStreams = series(samples, ({ streams, left }) => streams.length + left.streams)
    const openConnections = series(samples, ({ connections, left }) => connections.length + left.connections)
    this.#tiles.streams.update(formatCount(latest(openStreams)), openStreams, span)
    this.#tiles.connections.update(formatCount(latest(openConnections)), openConnections, span)
    this.#tiles.calls.update(formatRate(latest(calls)), calls, span)
    this.#tiles.failed.update(formatRate(latest(failed)), failed, span)
    this.#tiles.buffered.update(formatBytes(latest(buffered)), buffered, span)
    this.#streams.update(streams)
    this.#connections.update(connections)
    setText(this.#streamNote, noteOf(streams.length, left.streams, 'No client has a stream open.'))
    const none = 'None is open. The handlers of connections need the inspector among their plugins, too.'
    setText(this.#connectionNote, noteOf(connections.length, left.connections, none))
  }

  #streamRow(id: number): Row<InspectedStream> {
    const find = (sample: InspectorSample) => sample.streams.find((stream) => stream.id === id)
    const cells = new Cells(STREAM_COLUMNS, ['Events/s', 'Buffered'])
    return {
      element: cells.element,
      update: ({ path, connection, client, openedAt, events, position, resumedAfter, buffered }) => {
        const rate = rates(this.#series(find, ({ events }) => events))
        cells.link(path.join('.'), formatRoute('procedures', path))
        cells.set('Over', connection === undefined ? 'HTTP' : `connection ${connection}`)
        cells.set('Client', formatClient(client), client)
        cells.set('Open for', formatAge(this.#span.to - openedAt), resumedAfter && `Resumed after ${resumedAfter}`)
        cells.set('Events', formatCount(events))
        cells.set('Events/s', formatRate(latest(rate)))
        cells.set('Last id', formatPlace(position), position)
        cells.set('Buffered', formatBytes(buffered))
        cells.chart('Events/s', rate, this.#span)
        cells.chart(
          'Buffered',
          this.#series(find, ({ buffered }) => buffered),
          this.#span,
        )
      },
    }
  }

  #connectionRow(id: number): Row<InspectedConnection> {
    const find = (sample: InspectorSample) => sample.connections.find((connection) => connection.id === id)
    const cells = new Cells(CONNECTION_COLUMNS, ['Calls', 'Buffered'])
    return {
      element: cells.element,
      update: ({ protocol, openedAt, calls, buffered }) => {
        cells.set('Connection', `Connection ${id}`)
        cells.set('Protocol', protocol)
        cells.set('Open for', formatAge(this.#span.to - openedAt))
        cells.set('Calls', formatCount(calls))
        cells.set('Buffered', formatBytes(buffered))
        cells.chart(
          'Calls',
          this.#series(find, ({ calls }) => calls),
          this.#span,
        )
        cells.chart(
          'Buffered',
          this.#series(find, ({ buffered }) => buffered),
          this.#span,
        )
      },
    }
  }

  #series<Found>(find: (sample: InspectorSample) => Found | undefined, pick: (found: Found) => number): Point[] {
    return series(this.#samples, (sample) => {
      const found = find(sample)
      return found && pick(found)
    })
  }
}

/** A row of a table: figures by the names of their columns, some with charts. */
class Cells {
  readonly #figures: ReadonlyMap<string, HTMLElement>
  readonly #charts: ReadonlyMap<string, Sparkline>
  readonly #first: string
  readonly element: HTMLElement

  constructor(columns: readonly [string, ...string[]], charted: readonly string[]) {
    this.#first = columns[0]
    this.#figures = new Map(columns.map((name) => [name, h('span', { class: 'figure' })]))
    this.#charts = new Map(charted.map((name) => [name, new Sparkline()]))
    const cells = columns.map((name) => {
      const chart = this.#charts.get(name)?.element
      const kind = name === this.#first ? 'name' : chart === undefined ? '' : 'charted'
      const role = name === this.#first ? 'rowheader' : 'cell'
      return h('span', { class: `cell ${kind}`, role, 'data-name': name }, chart, this.#figures.get(name))
    })
    this.element = h('div', { class: 'cells row', role: 'row' }, cells)
  }

  set(name: string, text: string, hint?: string | undefined): void {
    const figure = this.#figures.get(name)
    if (figure === undefined) return
    setText(figure, text)
    setAttribute(figure, 'title', hint)
  }

  /** The first one, as a link. */
  link(text: string, href: string): void {
    const figure = this.#figures.get(this.#first)
    if (figure?.textContent !== text) figure?.replaceChildren(h('a', { href }, text))
  }

  chart(name: string, points: readonly Point[], span: Span): void {
    this.#charts.get(name)?.update(points, span)
  }
}

function head(columns: readonly string[]): HTMLElement {
  const cells = columns.map((name, index) =>
    h('span', { class: index === 0 ? 'cell name' : 'cell', role: 'columnheader' }, name),
  )
  return h('div', { class: 'cells head', role: 'row' }, cells)
}

function noteOf(shown: number, left: number, none: string): string {
  if (shown === 0) return none
  return left > 0 ? `${formatCount(left)} more with fewer bytes are not shown.` : ''
}
