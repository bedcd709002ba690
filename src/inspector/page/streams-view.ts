import { h, setAttribute, setText } from './dom.ts'
import { formatCount } from './format.ts'
import { OpenedStream } from './opened-stream.ts'
import { formatRoute, type Route } from './route.ts'
import { RowList } from './row-list.ts'
import { StreamPane } from './stream-pane.ts'

interface Opened {
  readonly id: number
  readonly stream: OpenedStream
  readonly pane: StreamPane
}

/** The streams that this page has open, one of them to look at. */
export class StreamsView {
  readonly #opened: Opened[] = []
  readonly #list = h('nav', { class: 'stream-list', 'aria-label': 'Open streams' })
  readonly #rows: RowList<Opened> = new RowList<Opened>(
    this.#list,
    ({ id }) => String(id),
    ({ id }) => {
      const [light, name, count] = [
        h('span', { class: 'light' }),
        h('span', { class: 'grow' }),
        h('span', { class: 'count' }),
      ]
      const element = h('a', { class: 'stream-item', href: formatRoute('streams', [String(id)]) }, light, name, count)
      return {
        element,
        update: ({ id, stream }) => {
          light.dataset['status'] = stream.isCut && stream.end === undefined ? 'cut' : stream.state.status
          setText(name, stream.path.join('.'))
          setText(count, formatCount(stream.events))
          setAttribute(element, 'aria-current', id === this.#shown ? 'true' : undefined)
        },
      }
    },
  )
  readonly #place = h('div', { class: 'stream-place' })
  readonly #empty = h(
    'div',
    { class: 'empty' },
    h('h2', {}, 'No stream is open'),
    h('p', {}, 'Choose a procedure that is a stream and open it: here you watch its events, cut it and see it resume.'),
    h('a', { class: 'button', href: formatRoute('procedures') }, 'To the procedures'),
  )
  readonly element: HTMLElement = h(
    'section',
    { class: 'view streams', 'aria-label': 'Streams' },
    this.#list,
    this.#place,
  )
  #shown: number | undefined
  #ids = 0
  #isDrawing = false

  constructor() {
    let before = new Map<number, number>()
    setInterval(() => {
      const at = Date.now()
      for (const { id, stream } of this.#opened) stream.tick(at, before.get(id) ?? 0)
      before = new Map(this.#opened.map(({ id, stream }) => [id, stream.events]))
      this.#draw()
    }, 1000)
    this.show({ view: 'streams', names: [] })
  }

  /** How many are open. */
  get count(): number {
    return this.#opened.filter(({ stream }) => stream.end === undefined).length
  }

  /** Opens a stream and goes there. */
  open(path: readonly string[], input: unknown, lastEventId?: string | undefined): void {
    const stream = new OpenedStream(path, input)
    void stream.start(lastEventId).then(
      (plain) => plain && stream.fail(new Error('This is no stream: it answered with a value')),
      (error: unknown) => stream.fail(error),
    )
    this.add(stream)
  }

  /** Takes a stream that has been opened elsewhere. */
  add(stream: OpenedStream): void {
    const id = ++this.#ids
    stream.onChange = () => this.#draw()
    const pane = new StreamPane(stream, {
      onOpenAfter: (lastEventId) => this.open(stream.path, stream.input, lastEventId),
      onForget: () => this.#forget(id),
    })
    this.#opened.push({ id, stream, pane })
    location.hash = formatRoute('streams', [String(id)])
  }

  show({ names: [id] }: Route): void {
    const found = this.#opened.find((opened) => String(opened.id) === id) ?? this.#opened.at(-1)
    this.#shown = found?.id
    this.#place.replaceChildren(found?.pane.element ?? this.#empty)
    this.#draw()
  }

  #forget(id: number): void {
    const index = this.#opened.findIndex((opened) => opened.id === id)
    this.#opened[index]?.stream.close()
    this.#opened.splice(index, 1)
    location.hash = formatRoute('streams')
    this.show({ view: 'streams', names: [] })
  }

  /** Once for all that changes before the next frame. */
  #draw(): void {
    if (this.#isDrawing) return
    this.#isDrawing = true
    requestAnimationFrame(() => {
      this.#isDrawing = false
      this.#list.hidden = this.#opened.length === 0
      this.#rows.update(this.#opened)
      this.#opened.find(({ id }) => id === this.#shown)?.pane.update()
    })
  }
}
