import { h, setText } from './dom.ts'
import { formatCount, formatRate, formatTime } from './format.ts'
import { type IconName, icon } from './icons.ts'
import { jsonTree, previewOf } from './json-tree.ts'
import type { OpenedStream, StreamEntry } from './opened-stream.ts'
import { RowList } from './row-list.ts'
import { latest, spanOf } from './series.ts'
import { Sparkline } from './sparkline.ts'

export interface StreamPaneOptions {
  /** Opens the stream once more, after an event of it. */
  readonly onOpenAfter: (lastEventId: string) => void
  readonly onForget: () => void
}

const MAX_PREVIEW = 400

/** One stream: what can be done with it, how it stands, what has come. */
export class StreamPane {
  readonly #stream: OpenedStream
  readonly #state = h('span', {})
  readonly #light = h('span', { class: 'light' })
  readonly #pause: HTMLButtonElement
  readonly #cut: HTMLButtonElement
  readonly #close: HTMLButtonElement
  readonly #facts = { events: fact('Events'), rate: fact('Events/s'), resumes: fact('Resumes'), gaps: fact('Gaps') }
  readonly #lastId = h('code', { class: 'id', 'data-testid': 'last-id' })
  readonly #spark: Sparkline = new Sparkline()
  readonly #entries = h('div', { class: 'entries', role: 'log', 'aria-label': 'Events', 'aria-live': 'off' })
  readonly #rows: RowList<StreamEntry>
  readonly element: HTMLElement

  constructor(stream: OpenedStream, { onOpenAfter, onForget }: StreamPaneOptions) {
    this.#stream = stream
    this.#rows = new RowList(
      this.#entries,
      ({ number }) => String(number),
      (entry) => ({ element: entryRow(entry, onOpenAfter), update: () => {} }),
    )
    this.#pause = tool('pause', 'Pause', () => (stream.isPaused ? stream.goOn() : stream.pause()))
    this.#cut = tool('cut', 'Cut', () => (stream.isCut ? stream.resume() : stream.cut()))
    this.#close = tool('close', 'Close', () => (stream.end === undefined ? stream.close() : onForget()))
    this.element = h(
      'div',
      { class: 'stream-pane' },
      h(
        'header',
        { class: 'pane-head' },
        h('h2', {}, stream.path.join('.')),
        h('p', { class: 'stream-state', role: 'status' }, this.#light, this.#state),
        h('div', { class: 'tools' }, this.#pause, this.#cut, this.#close),
      ),
      stream.input !== undefined &&
        h(
          'p',
          { class: 'stream-input' },
          h('span', { class: 'note' }, 'Input '),
          h('code', {}, previewOf(stream.input)),
        ),
      h(
        'dl',
        { class: 'facts' },
        Object.values(this.#facts).map(({ element }) => element),
        h('div', { class: 'fact wide' }, h('dt', {}, 'Last id'), h('dd', {}, this.#lastId)),
        h('div', { class: 'fact chart' }, this.#spark.element),
      ),
      this.#entries,
    )
  }

  update(): void {
    const { state, end, isCut, isPaused, events, resumes, gaps, lastId, rate, entries } = this.#stream
    const isOver = end !== undefined
    const status = isOver ? 'closed' : isCut ? 'cut' : isPaused ? 'paused' : state.status
    this.#light.dataset['status'] = status
    const waiting = state.status === 'waiting' && !isOver ? `, retry ${state.retry}` : ''
    setText(this.#state, isOver ? end : `${status[0]?.toUpperCase()}${status.slice(1)}${waiting}`)
    label(this.#pause, isPaused ? 'play' : 'pause', isPaused ? 'Continue' : 'Pause', isOver)
    label(this.#cut, isCut ? 'link' : 'cut', isCut ? 'Resume' : 'Cut', isOver)
    label(this.#close, isOver ? 'clear' : 'close', isOver ? 'Forget' : 'Close', false)
    this.#facts.events.set(formatCount(events))
    this.#facts.rate.set(formatRate(latest(rate)))
    this.#facts.resumes.set(formatCount(resumes))
    this.#facts.gaps.set(formatCount(gaps))
    setText(this.#lastId, lastId ?? '–')
    this.#spark.update(rate, spanOf(rate[0]?.at ?? 0, Date.now()))
    this.#rows.update(entries.toReversed())
  }
}

function fact(name: string): { readonly element: HTMLElement; set(text: string): void } {
  const value = h('dd', {})
  return { element: h('div', { class: 'fact' }, h('dt', {}, name), value), set: (text) => setText(value, text) }
}

function tool(name: IconName, text: string, act: () => void): HTMLButtonElement {
  return h('button', { class: 'button', type: 'button', onclick: act }, icon(name), h('span', {}, text))
}

function label(button: HTMLButtonElement, name: IconName, text: string, disabled: boolean): void {
  button.disabled = disabled
  if (button.textContent === text) return
  button.replaceChildren(icon(name), h('span', {}, text))
}

function entryRow(entry: StreamEntry, onOpenAfter: (lastEventId: string) => void): HTMLElement {
  const time = h('time', {}, formatTime(entry.at))
  if ('mark' in entry)
    return h('div', { class: 'entry mark', 'data-tone': entry.tone }, time, h('span', {}, entry.mark))
  const { event, id } = entry
  const row = h(
    'details',
    { class: 'entry' },
    h(
      'summary',
      {},
      time,
      h('code', { class: 'id', title: id }, id ?? 'no id'),
      h('span', { class: 'preview' }, previewOf(event).slice(0, MAX_PREVIEW)),
    ),
  )
  row.addEventListener('toggle', () => {
    if (!row.open || row.children.length > 1) return
    const again =
      id && h('button', { class: 'link', type: 'button', onclick: () => onOpenAfter(id) }, 'Open after this id')
    row.append(h('div', { class: 'entry-body' }, jsonTree(event), again))
  })
  return row
}
