import { RPCError } from '../../core/error.ts'
import type { InspectedProcedure, InspectorSample } from '../inspector-contract.ts'
import { setOwnHeaders } from './clients.ts'
import { h, setText } from './dom.ts'
import { formatCount, formatDuration, formatRate } from './format.ts'
import { icon } from './icons.ts'
import { InputEditor } from './input-editor.ts'
import { jsonTree, textOf } from './json-tree.ts'
import { OpenedStream } from './opened-stream.ts'
import { formatRoute } from './route.ts'
import { latest, rates, type Span, series } from './series.ts'
import { Sparkline } from './sparkline.ts'
import type { StreamsView } from './streams-view.ts'

/** One procedure: what it is, and a place to call it. */
export class ProcedurePane {
  readonly #procedure: InspectedProcedure
  readonly #streams: StreamsView
  readonly #input: InputEditor
  readonly #after = h('input', {
    type: 'text',
    placeholder: 'from the beginning, or after this id',
    spellcheck: 'false',
  })
  readonly #form: HTMLFormElement
  readonly #send: HTMLButtonElement
  readonly #result = h('div', { class: 'result', 'aria-live': 'polite' })
  readonly #figures = h('p', { class: 'call-figures' })
  readonly #spark: Sparkline = new Sparkline()
  readonly element: HTMLElement

  constructor(procedure: InspectedProcedure, streams: StreamsView) {
    const { path, isStream } = procedure
    this.#procedure = procedure
    this.#streams = streams
    this.#input = new InputEditor(procedure.input, `input-${path.join('.')}`)
    this.#send = h(
      'button',
      { class: 'button primary', type: 'submit' },
      icon('play'),
      h('span', {}, isStream ? 'Open stream' : 'Call'),
    )
    this.#form = h(
      'form',
      { class: 'card', novalidate: true },
      this.#input.element,
      isStream && h('label', { class: 'after' }, h('span', {}, 'Last event id'), this.#after),
      headersEditor(),
      h('div', { class: 'send' }, this.#send, h('kbd', {}, '⌘ or Ctrl + Enter')),
    )
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#call()
    })
    this.element = h(
      'div',
      { class: 'procedure-pane' },
      head(procedure, this.#figures, this.#spark),
      this.#form,
      this.#result,
      about(procedure),
    )
  }

  /** Calls it, as its button does. */
  submit(): void {
    if (!this.#send.disabled) this.#form.requestSubmit()
  }

  update(samples: readonly InspectorSample[], span: Span): void {
    const name = this.#procedure.path.join('.')
    const callsOf = (sample: InspectorSample) => sample.calls.find(({ path }) => path.join('.') === name)
    const rate = rates(series(samples, (sample) => callsOf(sample)?.calls ?? 0))
    const newest = samples.at(-1)
    const calls = newest && callsOf(newest)
    this.#spark.update(calls === undefined ? [] : rate, span)
    if (calls === undefined) {
      setText(this.#figures, 'Not called yet')
      return
    }
    const { calls: count, errors, active, total, longest } = calls
    const mean = count === 0 ? 0 : total / count
    const parts = [
      `${formatCount(count)} ${count === 1 ? 'call' : 'calls'}`,
      `${formatRate(latest(rate))}/s`,
      `${formatCount(errors)} failed`,
      `mean ${formatDuration(mean)}`,
      `longest ${formatDuration(longest)}`,
      ...(active > 0 ? [`${formatCount(active)} under way`] : []),
    ]
    setText(this.#figures, parts.join(' · '))
  }

  async #call(): Promise<void> {
    let input: unknown
    try {
      input = this.#input.read()
    } catch {
      // It says itself what is wrong.
      return
    }
    const { path, isStream } = this.#procedure
    if (isStream) return this.#streams.open(path, input, this.#after.value.trim() || undefined)
    this.#send.disabled = true
    const since = performance.now()
    try {
      const call = new OpenedStream(path, input)
      const plain = await call.start()
      if (plain === undefined) this.#streams.add(call)
      else this.#show('200', true, plain.output, performance.now() - since)
    } catch (error) {
      const took = performance.now() - since
      if (error instanceof RPCError) this.#show(`${error.status} ${error.code}`, false, error.toJSON(), took)
      else this.#show('Failed', false, String(error), took)
    } finally {
      this.#send.disabled = false
    }
  }

  #show(status: string, isGood: boolean, value: unknown, took: number): void {
    const copy = h('button', { class: 'icon-button', type: 'button', 'aria-label': 'Copy the result' }, icon('copy'))
    copy.addEventListener('click', () => void navigator.clipboard?.writeText(textOf(value)))
    this.#result.replaceChildren(
      h(
        'div',
        { class: 'card', 'data-testid': 'result' },
        h(
          'div',
          { class: 'card-head' },
          h('h3', {}, isGood ? 'Output' : 'Error'),
          h('span', { class: 'badge', 'data-tone': isGood ? 'good' : 'bad' }, status),
          h('span', { class: 'took' }, formatDuration(took)),
          copy,
        ),
        jsonTree(value, 3),
      ),
    )
  }
}

function head(procedure: InspectedProcedure, figures: HTMLElement, spark: Sparkline): HTMLElement {
  const { path, summary, description, isStream, deprecated, route, tags } = procedure
  return h(
    'header',
    { class: 'procedure-head' },
    h('a', { class: 'back', href: formatRoute('procedures') }, icon('back'), 'Procedures'),
    h(
      'h2',
      {},
      path.slice(0, -1).map((name) => [h('span', { class: 'muted' }, `${name}.`)]),
      path.at(-1),
    ),
    h(
      'div',
      { class: 'badges' },
      h('span', { class: 'badge', 'data-tone': isStream ? 'stream' : undefined }, isStream ? 'stream' : 'call'),
      h('span', { class: 'badge mono' }, route),
      deprecated && h('span', { class: 'badge', 'data-tone': 'warn' }, 'deprecated'),
      tags.map((tag) => h('span', { class: 'badge' }, tag)),
    ),
    summary !== undefined && h('p', {}, summary),
    description !== undefined && h('p', { class: 'muted' }, description),
    h('div', { class: 'call-line' }, figures, spark.element),
  )
}

function headersEditor(): HTMLElement {
  const problem = h('p', { class: 'problem', role: 'alert' })
  const area = h('textarea', {
    class: 'code',
    rows: 2,
    spellcheck: 'false',
    placeholder: 'authorization: Bearer …',
    'aria-label': 'Headers of requests',
    oninput: () => setText(problem, setOwnHeaders(area.value) ?? ''),
  })
  return h(
    'details',
    { class: 'headers' },
    h('summary', {}, 'Headers'),
    area,
    problem,
    h('p', { class: 'note' }, 'For all calls of this page, until it is closed.'),
  )
}

function about({ input, output, isStream, errors }: InspectedProcedure): HTMLElement | undefined {
  const schema = (name: string, value: unknown): HTMLElement | undefined =>
    value === undefined ? undefined : h('details', {}, h('summary', {}, name), jsonTree(value, 4))
  const codes = errors.map(({ code, status, message }) =>
    h('li', {}, h('code', {}, code), ' ', h('span', { class: 'muted' }, [status, message].filter(Boolean).join(' · '))),
  )
  const parts = [
    schema('Input schema', input),
    schema(isStream ? 'Event schema' : 'Output schema', output),
    codes.length > 0 &&
      h('details', {}, h('summary', {}, `Errors (${codes.length})`), h('ul', { class: 'codes' }, codes)),
  ].filter(Boolean)
  return parts.length === 0 ? undefined : h('div', { class: 'card about' }, parts)
}
