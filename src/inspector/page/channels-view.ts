import type { InspectedChannel, InspectedNote, InspectedPublisher, InspectorSample } from '../inspector-contract.ts'
import { ChannelRow } from './channel-row.ts'
import { h, setText } from './dom.ts'
import { formatBytes, formatCount, formatDuration, formatRate, formatTime } from './format.ts'
import { icon } from './icons.ts'
import { RowList } from './row-list.ts'
import { latest, type Point, rates, type Span, series, spanOf } from './series.ts'
import { Tile } from './tile.ts'

const MAX_NOTES = 100

/** The publishers and their channels, as they stand and as they went. */
export class ChannelsView {
  readonly #filter = h('input', { type: 'search', placeholder: 'Filter channels', 'aria-label': 'Filter channels' })
  readonly #publishers = h('div', { class: 'publishers' })
  readonly #sections: RowList<InspectedPublisher>
  readonly #notes = h('ol', { class: 'notes' })
  readonly #noteRows: RowList<InspectedNote & { readonly key: string }>
  readonly #empty = h(
    'div',
    { class: 'empty' },
    h('h2', {}, 'No publisher is shown'),
    h('p', {}, 'Give the inspector those whose channels you want to see:'),
    h('pre', {}, 'new InspectorPlugin(router, { publishers: { chat: publisher } })'),
  )
  readonly #quiet = h('p', { class: 'note' }, 'Nothing yet: gaps, resumes, slow subscribers and failures show here.')
  readonly #activity: HTMLElement
  readonly element: HTMLElement
  #kept: (InspectedNote & { readonly key: string })[] = []
  #samples: readonly InspectorSample[] = []
  #seen = 0
  #span: Span = spanOf(0, 0)

  constructor() {
    this.#sections = new RowList<InspectedPublisher>(
      this.#publishers,
      ({ name }) => name,
      ({ name }) => this.#section(name),
    )
    this.#noteRows = new RowList<InspectedNote & { readonly key: string }>(this.#notes, ({ key }) => key, noteRow)
    this.#filter.addEventListener('input', () => this.#draw())
    this.#activity = h(
      'section',
      { class: 'activity', 'aria-labelledby': 'activity' },
      h('h2', { id: 'activity' }, 'Activity'),
      this.#quiet,
      this.#notes,
    )
    this.element = h(
      'section',
      { class: 'view page', 'aria-label': 'Channels' },
      h(
        'header',
        { class: 'page-head' },
        h('h1', {}, 'Channels'),
        h('div', { class: 'search' }, icon('search'), this.#filter),
      ),
      this.#empty,
      this.#publishers,
      this.#activity,
    )
  }

  /** Keeps the notes of samples, seen or not. */
  take({ notes }: InspectorSample): void {
    for (const note of notes) this.#kept.unshift({ ...note, key: String(++this.#seen) })
    if (notes.length > 0) this.#kept = this.#kept.slice(0, MAX_NOTES)
  }

  update(samples: readonly InspectorSample[], span: Span): void {
    this.#samples = samples
    this.#span = span
    this.#draw()
  }

  #draw(): void {
    const publishers = this.#samples.at(-1)?.publishers ?? []
    this.#empty.hidden = publishers.length > 0 || this.#samples.length === 0
    this.#activity.hidden = publishers.length === 0
    this.#sections.update(publishers)
    this.#quiet.hidden = this.#kept.length > 0
    this.#noteRows.update(this.#kept)
  }

  #section(name: string): { readonly element: HTMLElement; update(publisher: InspectedPublisher): void } {
    const tiles = {
      published: new Tile('Published/s', 'Events that this process has appended'),
      delivered: new Tile('Delivered/s', 'Events handed out, each once for each subscriber'),
      subscribers: new Tile('Subscribers'),
      lag: new Tile('Lag', 'How far the hindmost subscriber is behind, in events'),
      resumes: new Tile('Resumes', 'Subscriptions that began after a last event id'),
      gaps: new Tile('Gaps', 'Gaps that subscribers came upon'),
      append: new Tile('Append', 'How long the log takes, on average'),
      memory: new Tile('Kept', 'Live events and pages of history in memory'),
    }
    const body = h('div', { class: 'rows', role: 'rowgroup' })
    const rows: RowList<InspectedChannel> = new RowList<InspectedChannel>(
      body,
      ({ channel }) => channel,
      ({ channel }) =>
        new ChannelRow(
          channel,
          (pick) => this.#channelSeries(name, channel, pick),
          () => this.#span,
        ),
    )
    const note = h('p', { class: 'note' })
    const element = h(
      'section',
      { class: 'publisher' },
      h('h2', {}, name),
      h(
        'div',
        { class: 'tiles' },
        Object.values(tiles).map(({ element }) => element),
      ),
      h(
        'div',
        { class: 'table channels', role: 'table', 'aria-label': `Channels of ${name}` },
        ChannelRow.head(),
        body,
      ),
      note,
    )
    const pick = (of: (publisher: InspectedPublisher) => number): Point[] =>
      series(this.#samples, ({ publishers }) => {
        const found = publishers.find((publisher) => publisher.name === name)
        return found && of(found)
      })
    return {
      element,
      update: ({ stats, channels }) => {
        const span = this.#span
        const gapsOf = ({ stats: { gaps } }: InspectedPublisher) => gaps.trimmed + gaps.epoch + gaps.overflow
        const published = rates(pick(({ stats }) => stats.published))
        const delivered = rates(pick(({ stats }) => stats.delivered))
        const gaps = pick(gapsOf)
        const { appends } = stats
        tiles.published.update(formatRate(latest(published)), published, span)
        tiles.delivered.update(formatRate(latest(delivered)), delivered, span)
        tiles.subscribers.update(
          formatCount(stats.subscribers),
          pick(({ stats }) => stats.subscribers),
          span,
        )
        tiles.lag.update(
          formatCount(stats.lag),
          pick(({ stats }) => stats.lag),
          span,
        )
        tiles.resumes.update(formatCount(stats.resumes), rates(pick(({ stats }) => stats.resumes)), span)
        tiles.gaps.update(formatCount(latest(gaps)), rates(gaps), span, latest(gaps) > 0 ? 'bad' : undefined)
        const meanOf = ({ count, total }: typeof appends): number => (count === 0 ? 0 : total / count)
        tiles.append.update(
          formatDuration(meanOf(appends)),
          pick(({ stats }) => meanOf(stats.appends)),
          span,
        )
        const memory = pick(({ stats }) => stats.cacheBytes + stats.tailBytes)
        tiles.memory.update(formatBytes(latest(memory)), memory, span)
        const words = this.#filter.value.toLowerCase().split(/\s+/)
        const shown = channels.filter(({ channel }) => words.every((word) => channel.toLowerCase().includes(word)))
        rows.update(shown.toSorted((one, other) => one.channel.localeCompare(other.channel)))
        const left = stats.channels - channels.length
        setText(
          note,
          channels.length === 0
            ? 'No channel is read now: they show while they have subscribers.'
            : shown.length === 0
              ? 'No channel has such a name.'
              : left > 0
                ? `${formatCount(left)} more with fewer subscribers are not shown.`
                : '',
        )
      },
    }
  }

  #channelSeries(name: string, channel: string, pick: (channel: InspectedChannel) => number): Point[] {
    return series(this.#samples, ({ publishers }) => {
      const publisher = publishers.find((publisher) => publisher.name === name)
      const found = publisher?.channels.find((known) => known.channel === channel)
      return found && pick(found)
    })
  }
}

function noteRow({ at, type, channel, publisher, text }: InspectedNote): { element: HTMLElement; update(): void } {
  const element = h(
    'li',
    { 'data-type': type },
    h('time', {}, formatTime(at)),
    h('code', { class: 'channel' }, channel ?? publisher),
    h('span', { class: 'grow' }, text),
  )
  return { element, update: () => {} }
}
