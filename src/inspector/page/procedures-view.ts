import type { InspectedProcedure, Inspection, InspectorSample } from '../inspector-contract.ts'
import { h, setAttribute } from './dom.ts'
import { icon } from './icons.ts'
import { ProcedurePane } from './procedure-pane.ts'
import { formatRoute, type Route } from './route.ts'
import type { Span } from './series.ts'
import type { StreamsView } from './streams-view.ts'

interface Leaf {
  readonly text: string
  readonly link: HTMLAnchorElement
}

interface Branch {
  readonly branches: Map<string, Branch>
  readonly leaves: InspectedProcedure[]
}

/** The router as a tree to search, and one procedure to look at. */
export class ProceduresView {
  readonly #streams: StreamsView
  readonly #search = h('input', { type: 'search', placeholder: 'Search procedures', 'aria-label': 'Search procedures' })
  readonly #tree = h('nav', { class: 'tree', 'aria-label': 'Procedures' })
  readonly #place = h('div', { class: 'procedure-place' })
  readonly #panes = new Map<string, ProcedurePane>()
  #leaves: Leaf[] = []
  #inspection: Inspection | undefined
  #route: Route = { view: 'procedures', names: [] }
  #shown: ProcedurePane | undefined
  readonly element: HTMLElement

  constructor(streams: StreamsView) {
    this.#streams = streams
    this.#search.addEventListener('input', () => this.#filter())
    this.#tree.addEventListener('keydown', (event) => this.#move(event))
    this.#search.addEventListener('keydown', (event) => this.#move(event))
    addEventListener('keydown', (event) => {
      if (this.element.hidden) return
      if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) {
        // On a link of the tree it would open that in another tab.
        event.preventDefault()
        this.#shown?.submit()
      }
      if (event.key !== '/' || (event.target as Element).matches('input, textarea, select')) return
      event.preventDefault()
      this.#search.focus()
    })
    this.element = h(
      'section',
      { class: 'view procedures', 'aria-label': 'Procedures' },
      h(
        'div',
        { class: 'side' },
        h('div', { class: 'search' }, icon('search'), this.#search, h('kbd', {}, '/')),
        this.#tree,
      ),
      this.#place,
    )
  }

  load(inspection: Inspection): void {
    this.#inspection = inspection
    this.#leaves = []
    const root: Branch = { branches: new Map(), leaves: [] }
    for (const procedure of inspection.procedures) insert(root, procedure)
    const failures = inspection.failures.map(({ path, message }) =>
      h('p', { class: 'problem' }, `${path.join('.')} could not be loaded: ${message}`),
    )
    this.#tree.replaceChildren(...this.#list(root, []), ...failures)
    if (inspection.procedures.length === 0)
      this.#tree.append(h('p', { class: 'note' }, 'The router has no procedures.'))
    this.show(this.#route)
  }

  show(route: Route): void {
    this.#route = route
    const name = route.names.join('.')
    const procedures = this.#inspection?.procedures ?? []
    const procedure = procedures.find(({ path }) => path.join('.') === name)
    this.element.dataset['chosen'] = String(procedure !== undefined)
    // Where there is room for both, something is always chosen.
    const chosen = procedure ?? (route.names.length === 0 ? procedures[0] : undefined)
    const key = chosen?.path.join('.')
    for (const { link } of this.#leaves) {
      setAttribute(link, 'aria-current', link.dataset['name'] === key ? 'true' : undefined)
    }
    if (chosen === undefined || key === undefined) {
      const text = name === '' ? '' : `There is no procedure ${name}.`
      this.#place.replaceChildren(h('div', { class: 'empty' }, h('p', {}, text)))
      return
    }
    this.#shown = this.#panes.get(key) ?? new ProcedurePane(chosen, this.#streams)
    this.#panes.set(key, this.#shown)
    this.#place.replaceChildren(this.#shown.element)
  }

  update(samples: readonly InspectorSample[], span: Span): void {
    this.#shown?.update(samples, span)
  }

  #list({ branches, leaves }: Branch, names: readonly string[]): HTMLElement[] {
    const links = leaves.map((procedure) => this.#leaf(procedure))
    const groups = [...branches].map(([name, branch]) => {
      const path = [...names, name]
      return h('details', { class: 'branch', open: true }, h('summary', {}, name), this.#list(branch, path))
    })
    return [...groups, ...links]
  }

  #leaf({ path, summary = '', tags, isStream, deprecated }: InspectedProcedure): HTMLElement {
    const link = h(
      'a',
      { class: 'leaf', href: formatRoute('procedures', path), 'data-name': path.join('.') },
      h('span', { class: deprecated ? 'grow old' : 'grow' }, path.at(-1) ?? '(root)'),
      isStream && h('span', { class: 'stream-sign', title: 'a stream' }, icon('streams')),
    )
    this.#leaves.push({ text: [path.join('.'), summary, ...tags].join(' ').toLowerCase(), link })
    return link
  }

  #filter(): void {
    const words = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean)
    for (const { text, link } of this.#leaves) link.hidden = !words.every((word) => text.includes(word))
    for (const branch of this.#tree.querySelectorAll<HTMLDetailsElement>('.branch')) {
      branch.hidden = branch.querySelector('.leaf:not([hidden])') === null
      if (words.length > 0) branch.open = true
    }
  }

  /** Arrows go through what is shown; Enter in the search takes the first. */
  #move(event: KeyboardEvent): void {
    const shown = [...this.#tree.querySelectorAll<HTMLElement>('.leaf, summary')].filter((link) =>
      link.checkVisibility(),
    )
    const index = shown.indexOf(document.activeElement as HTMLElement)
    if (event.key === 'ArrowDown') shown[index + 1]?.focus()
    else if (event.key === 'ArrowUp') (shown[index - 1] ?? this.#search).focus()
    else if (event.key === 'Enter' && event.target === this.#search)
      shown.find((link) => link.matches('.leaf'))?.click()
    else return
    event.preventDefault()
  }
}

function insert(root: Branch, procedure: InspectedProcedure): void {
  let branch = root
  for (const name of procedure.path.slice(0, -1)) {
    const next = branch.branches.get(name) ?? { branches: new Map(), leaves: [] }
    branch.branches.set(name, next)
    branch = next
  }
  branch.leaves.push(procedure)
}
