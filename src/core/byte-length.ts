interface ByteCounter {
  byteLength(text: string): number
}

/** How many bytes a text has in UTF-8. */
export function byteLength(text: string): number {
  // Where there is one, it counts without making the bytes.
  const { Buffer } = globalThis as { Buffer?: ByteCounter }
  return Buffer === undefined ? new TextEncoder().encode(text).length : Buffer.byteLength(text)
}
