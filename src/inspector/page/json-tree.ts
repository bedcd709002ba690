import { h } from './dom.ts'
import { formatBytes } from './format.ts'

/** The most entries of an array or object that are shown before one asks for more. */
const PAGE = 100

/** Longer ones begin closed, but for the root. */
const MAX_OPEN = 20

/** A value as a tree whose branches open and close. */
export function jsonTree(value: unknown, openDepth = 2): HTMLElement {
  return h('div', { class: 'json' }, node(value, undefined, openDepth))
}

function node(value: unknown, key: string | undefined, openDepth: number): HTMLElement {
  const name = key === undefined ? undefined : [h('span', { class: 'json-key' }, key), ': ']
  const branches = branchesOf(value)
  if (branches === undefined || branches.entries.length === 0) {
    return h('div', { class: 'json-line' }, name, branches === undefined ? leaf(value) : branches.label)
  }
  const { label, entries } = branches
  const details = h('details', { class: 'json-branch' })
  const summary = h('summary', {}, name, h('span', { class: 'json-hint' }, label))
  details.append(summary)
  const children = h('div', { class: 'json-children' })
  const showMore = (from: number): void => {
    for (const [key, item] of entries.slice(from, from + PAGE)) children.append(node(item, key, openDepth - 1))
    const left = entries.length - from - PAGE
    if (left <= 0) return
    const more = h('button', { class: 'link', type: 'button' }, `${Math.min(PAGE, left)} more of ${left}`)
    more.addEventListener('click', () => {
      more.remove()
      showMore(from + PAGE)
    })
    children.append(more)
  }
  const open = (): void => {
    if (!details.open || children.isConnected || details.contains(children)) return
    showMore(0)
    details.append(children)
  }
  details.addEventListener('toggle', open)
  if (openDepth > 0 && (key === undefined || entries.length <= MAX_OPEN)) {
    details.open = true
    open()
  }
  return details
}

interface Branches {
  readonly label: string
  readonly entries: readonly (readonly [key: string, value: unknown])[]
}

/** What is inside of a value; `undefined` for what has no inside. */
function branchesOf(value: unknown): Branches | undefined {
  if (Array.isArray(value))
    return { label: `[${value.length}]`, entries: value.map((item, index) => [`${index}`, item]) }
  if (value instanceof Set) return { label: `Set(${value.size})`, entries: [...value].map((item, i) => [`${i}`, item]) }
  if (value instanceof Map) {
    return { label: `Map(${value.size})`, entries: [...value].map(([key, item]) => [previewOf(key), item]) }
  }
  if (typeof value !== 'object' || value === null || isLeaf(value)) return undefined
  const entries = Object.entries(value)
  return { label: `{${entries.length}}`, entries }
}

function isLeaf(value: object): boolean {
  return value instanceof Date || value instanceof URL || value instanceof RegExp || value instanceof Blob
}

function leaf(value: unknown): HTMLElement {
  if (value instanceof Blob) {
    const name = value instanceof File ? value.name : 'file'
    const link = h('a', { class: 'json-file', download: name, href: '#' }, `${name}, ${formatBytes(value.size)}`)
    link.addEventListener('click', () => {
      link.href = URL.createObjectURL(value)
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
    })
    return link
  }
  const kind = value === null ? 'null' : value instanceof Object ? 'native' : typeof value
  return h('span', { class: `json-${kind}` }, previewOf(value))
}

/** A value in one line. */
export function previewOf(value: unknown): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Date(invalid)' : `Date(${value.toISOString()})`
  if (value instanceof URL) return `URL(${value.href})`
  if (value instanceof RegExp) return String(value)
  if (value instanceof Blob) return `File(${formatBytes(value.size)})`
  if (value instanceof Set) return `Set(${value.size})`
  if (value instanceof Map) return `Map(${value.size})`
  if (typeof value === 'bigint') return `${value}n`
  if (value === undefined) return 'undefined'
  return JSON.stringify(value, replaceNatives) ?? String(value)
}

/** A value as text to be copied: as JSON, with what that lacks as it looks. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, replaceNatives, 2) ?? String(value))
}

function replaceNatives(this: unknown, key: string, value: unknown): unknown {
  // JSON.stringify hands on what toJSON() has made of a date.
  const own = (this as Record<string, unknown>)[key]
  if (own instanceof Date || own instanceof URL || typeof own === 'bigint' || own instanceof Blob) return previewOf(own)
  if (own instanceof Set) return [...own]
  if (own instanceof Map) return [...own]
  return own instanceof RegExp ? String(own) : value
}
