/**
 * Work that calls of one moment share, each for its key. Who calls while it is under way wants to know more than its
 * answer can tell: it is done once more.
 */
export function shareCalls<Result, Key = void>(work: (key: Key) => Promise<Result>): (key: Key) => Promise<Result> {
  const next = new Map<Key, Promise<Result>>()
  return (key) => {
    const shared =
      next.get(key) ??
      Promise.resolve().then(() => {
        next.delete(key)
        return work(key)
      })
    next.set(key, shared)
    return shared
  }
}
