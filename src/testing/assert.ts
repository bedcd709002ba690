/** @throws {Error} with `message`, unless the condition holds. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}

/** Compares plain data by value. @throws {Error} that names `what` was compared, and both values. */
export function checkEqual(actual: unknown, expected: unknown, what: string): void {
  check(toText(actual) === toText(expected), `${what}: expected ${show(expected)}, got ${show(actual)}`)
}

/** What a promise rejects with. @throws {Error} when it does not. */
export async function rejectionOf(promise: Promise<unknown>, what: string): Promise<Error> {
  const [outcome] = await Promise.allSettled([promise])
  if (outcome.status === 'fulfilled') throw new Error(`${what}: expected a rejection, got ${show(outcome.value)}`)
  check(outcome.reason instanceof Error, `${what}: rejected with what is no Error: ${show(outcome.reason)}`)
  return outcome.reason
}

export function show(value: unknown): string {
  const text = value instanceof Error ? `${value}` : toText(value)
  return text.length > 1000 ? `${text.slice(0, 1000)}… (${text.length} characters)` : text
}

/** Equal for equal data, whatever the order of their keys; a key without a value is as good as none. */
function toText(value: unknown): string {
  const sorted = (_: string, member: unknown): unknown =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member
  return JSON.stringify(value, sorted) ?? String(value)
}
