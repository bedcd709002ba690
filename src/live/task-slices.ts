/** How long, in ms, events may be handled without a pause: short enough for a page to draw its next frame. */
const SLICE = 8

/** Lets others have their turn while a burst of events is handled: a page stays responsive. */
export class TaskSlices {
  #since = performance.now()

  /** What the stream has next, after a pause when it is time for one. */
  next<Result>(stream: { next(): Promise<Result> }): Promise<Result> {
    const pending = stream.next()
    if (performance.now() - this.#since < SLICE) return pending
    // It may fail before anybody looks.
    pending.catch(() => {})
    return this.#pause().then(() => pending)
  }

  async #pause(): Promise<void> {
    await nextTask()
    this.#since = performance.now()
  }
}

/** A message is not held up as timers are, neither by nesting nor in a hidden tab. React Native has timers only. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof MessageChannel === 'undefined') {
      setTimeout(resolve)
      return
    }
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}
