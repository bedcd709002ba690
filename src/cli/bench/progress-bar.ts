import type { Terminal } from '../terminal.ts'

const WIDTH = 30

/** Shows how far a run has come while it lasts; nothing where there is no terminal. Returns what ends it. */
export function showProgress(terminal: Terminal, done: () => number, label: () => string): () => void {
  const { progress } = terminal
  if (progress === undefined) return () => {}
  const show = (): void => {
    const filled = Math.round(Math.min(1, done()) * WIDTH)
    progress(`${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${label()}`)
  }
  const timer = setInterval(show, 100)
  return () => {
    clearInterval(timer)
    progress('')
  }
}
