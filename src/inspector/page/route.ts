/** The views of the page. */
export const VIEWS = ['procedures', 'streams', 'channels', 'connections'] as const

export type ViewName = (typeof VIEWS)[number]

/** Where the page is: a view and what is looked at in it. */
export interface Route {
  readonly view: ViewName
  readonly names: readonly string[]
}

/** Reads `#/procedures/chat/sendMessage`. */
export function parseRoute(hash: string): Route {
  const [view, ...names] = hash.replace(/^#\/?/, '').split('/').map(decode)
  const known = VIEWS.find((name) => name === view)
  return { view: known ?? 'procedures', names: known === undefined ? [] : names.filter((name) => name !== '') }
}

export function formatRoute(view: ViewName, names: readonly string[] = []): string {
  return `#/${[view, ...names].map(encodeURIComponent).join('/')}`
}

export function onRoute(listener: (route: Route) => void): void {
  addEventListener('hashchange', () => listener(parseRoute(location.hash)))
  listener(parseRoute(location.hash))
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
