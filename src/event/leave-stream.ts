/** Leaves a stream whose end nobody waits for: what it says to that is nobody's concern. */
export function leaveStream(stream: Pick<AsyncIterator<unknown, unknown, never>, 'return'>): void {
  Promise.resolve(stream.return?.()).catch(() => {})
}
