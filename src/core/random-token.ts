/** Drawn many at a time: each call for random bytes costs as much as a hundred of them. */
const pool = new Uint8Array(1024)
let used = pool.length

/** A random token of `length` characters out of `0-9a-z`. */
export function randomToken(length: number): string {
  let token = ''
  while (token.length < length) token += (randomByte() % 36).toString(36)
  return token
}

function randomByte(): number {
  if (used === pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  return pool[used++] as number
}
