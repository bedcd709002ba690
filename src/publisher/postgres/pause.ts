import { onAbort } from '../../core/abort.ts'

/** Waits for so many ms, or until the signal aborts. Does not keep the process alive. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      release()
      resolve()
    }, milliseconds)
    ;(timer as { unref?: () => void }).unref?.()
    const release = onAbort(signal, () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
