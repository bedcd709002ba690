import { joinPaths } from '../contract/contract-procedure.ts'

/** A part of a router that is loaded when it is first called. */
export interface Lazy<R> {
  readonly '~lazy': LazyPart<R>
}

interface LazyPart<R> {
  readonly load: () => Promise<R>
  /** What has been loaded: from then on nobody waits. */
  loaded?: R
  /** What the paths of its procedures begin with: other requests need not load it. */
  readonly prefix?: `/${string}` | undefined
}

/**
 * A router or procedure that is imported when one of its procedures is first called.
 *
 * A failed import is tried again by the next call.
 *
 * @param load gives a module whose default export is the router.
 * @example
 * const router = { planet: lazy(() => import('./planet.ts')) }
 */
export function lazy<R>(load: () => Promise<{ readonly default: R }>): Lazy<R> {
  return lazyPart(async () => (await load()).default)
}

export function isLazy(value: unknown): value is Lazy<unknown> {
  return typeof value === 'object' && value !== null && '~lazy' in value
}

/**
 * What stands behind a lazy part, made into something else, when it is loaded.
 *
 * @param prefix is put in front of the paths behind it by that.
 */
export function mapLazy<R, Mapped>(
  part: Lazy<R>,
  map: (router: R) => Mapped,
  prefix?: `/${string}` | undefined,
): Lazy<Mapped> {
  const inner = part['~lazy'].prefix
  return lazyPart(async () => map(await unlazy(part)), inner === undefined ? prefix : joinPaths(prefix, inner))
}

/** The loaded part at once, or a promise of it. */
export function unlazy<R>({ '~lazy': part }: Lazy<R>): R | Promise<R> {
  return part.loaded ?? part.load()
}

function lazyPart<R>(load: () => Promise<R>, prefix?: `/${string}` | undefined): Lazy<R> {
  let loading: Promise<R> | undefined
  const part: LazyPart<R> = {
    load: () => {
      loading ??= load().then(
        (loaded) => {
          part.loaded = loaded
          return loaded
        },
        (error: unknown) => {
          loading = undefined
          throw error
        },
      )
      return loading
    },
    prefix,
  }
  return { '~lazy': part }
}
