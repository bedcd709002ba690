import type { InspectedChannel } from '../inspector-contract.ts'
import { h, setText } from './dom.ts'
import { formatCount, formatPlace, formatRate, offsetOf } from './format.ts'
import type { Row } from './row-list.ts'
import { latest, type Point, rates, type Span } from './series.ts'
import { Sparkline } from './sparkline.ts'

type Series = (pick: (channel: InspectedChannel) => number) => Point[]

const COLUMNS = ['Channel', 'Head', 'Oldest', 'Events/s', 'Subscribers', 'Lag', 'Resumes', 'Gaps'] as const

/** A channel in the table; opened, it shows its ids. */
export class ChannelRow implements Row<InspectedChannel> {
  readonly #series: Series
  readonly #span: () => Span
  readonly #cells = new Map(COLUMNS.map((name) => [name, h('span', { class: 'figure' })] as const))
  readonly #sparks = { rate: new Sparkline(), subscribers: new Sparkline(), lag: new Sparkline() }
  readonly #ids = { oldest: h('code', { class: 'id' }), head: h('code', { class: 'id' }) }
  readonly #kept = h('span', {})
  readonly element: HTMLElement

  constructor(channel: string, series: Series, span: () => Span) {
    this.#series = series
    this.#span = span
    const { rate, subscribers, lag } = this.#sparks
    const charts: { readonly [name: string]: Sparkline } = { 'Events/s': rate, Subscribers: subscribers, Lag: lag }
    const cells = COLUMNS.slice(1).map((name) =>
      h(
        'span',
        { class: `cell ${charts[name] === undefined ? '' : 'charted'}`, role: 'cell', 'data-name': name },
        charts[name]?.element,
        this.#cells.get(name),
      ),
    )
    const name = h('span', { class: 'cell name', role: 'rowheader' }, h('code', {}, channel))
    this.element = h(
      'details',
      { class: 'row', 'data-channel': channel },
      h('summary', { class: 'cells', role: 'row' }, name, cells),
      h(
        'dl',
        { class: 'row-more' },
        h('dt', {}, 'Head'),
        h('dd', {}, this.#ids.head),
        h('dt', {}, 'Oldest'),
        h('dd', {}, this.#ids.oldest),
        h('dt', {}, 'Left in the log'),
        h('dd', {}, this.#kept),
      ),
    )
  }

  static head(): HTMLElement {
    const cells = COLUMNS.map((name) =>
      h('span', { class: name === 'Channel' ? 'cell name' : 'cell', role: 'columnheader' }, name),
    )
    return h('div', { class: 'cells head', role: 'row' }, cells)
  }

  update(channel: InspectedChannel): void {
    const { head, oldest, subscribers, lag, resumes, gaps } = channel
    const span = this.#span()
    const rate = rates(this.#series(({ events }) => events))
    this.#sparks.rate.update(rate, span)
    this.#sparks.subscribers.update(
      this.#series(({ subscribers }) => subscribers),
      span,
    )
    this.#sparks.lag.update(
      this.#series(({ lag }) => lag),
      span,
    )
    this.#set('Head', formatPlace(head))
    this.#set('Oldest', formatPlace(oldest))
    this.#set('Events/s', formatRate(latest(rate)))
    this.#set('Subscribers', formatCount(subscribers))
    this.#set('Lag', formatCount(lag))
    this.#set('Resumes', formatCount(resumes))
    this.#set('Gaps', formatCount(gaps))
    this.element.classList.toggle('has-gaps', gaps > 0)
    setText(this.#ids.head, head ?? '–')
    setText(this.#ids.oldest, oldest ?? '–')
    const [first, last] = [offsetOf(oldest), offsetOf(head)]
    setText(
      this.#kept,
      first === undefined || last === undefined ? '–' : `offsets ${formatCount(first)} to ${formatCount(last)}`,
    )
  }

  #set(name: (typeof COLUMNS)[number], text: string): void {
    const cell = this.#cells.get(name)
    if (cell !== undefined) setText(cell, text)
  }
}
