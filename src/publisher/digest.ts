/** 96 bits of the SHA-256 of some strings, in characters that every engine takes in a name. */
export async function digest(...strings: readonly string[]): Promise<string> {
  // As JSON: what stands between two strings is not in them, and half a surrogate pair stays what it is.
  const bytes = new TextEncoder().encode(JSON.stringify(strings))
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(hash.subarray(0, 12), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
