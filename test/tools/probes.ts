/** The real one, taken before a test installs fake timers. */
const immediate = globalThis.setImmediate

export type Outcome<Value> = 'pending' | { readonly value: Value } | { readonly error: unknown }

/** Resolves when everything has been done that can be done without a timer or I/O. */
export function settle(): Promise<void> {
  return new Promise((resolve) => immediate(resolve))
}

/** What has become of a promise once everything that can happen by itself has happened. */
export async function outcome<Value>(promise: Promise<Value>): Promise<Outcome<Value>> {
  let result: Outcome<Value> = 'pending'
  promise.then(
    (value) => {
      result = { value }
    },
    (error: unknown) => {
      result = { error }
    },
  )
  await settle()
  return result
}

/** The next events of a stream. */
export async function take<Value>(stream: AsyncIterator<Value, void>, count: number): Promise<Value[]> {
  const values: Value[] = []
  while (values.length < count) {
    const { done, value } = await stream.next()
    if (done) throw new Error(`The stream ended after ${values.length} of ${count} events`)
    values.push(value as Value)
  }
  return values
}

/** A promise that a test comes back to later: that it may reject before is no accident. */
export function later<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {})
  return promise
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<any> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('Expected a rejection')
}
