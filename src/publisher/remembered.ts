/** What is remembered at once. */
const MOST = 10_000

/** The function with its results kept, for names that come again and again. It must always give the same for the same name. */
export function remembered<Result>(make: (name: string) => Result): (name: string) => Result {
  const results = new Map<string, Result>()
  return (name) => {
    const known = results.get(name)
    if (known !== undefined) return known
    if (results.size === MOST) results.clear()
    const result = make(name)
    results.set(name, result)
    return result
  }
}
