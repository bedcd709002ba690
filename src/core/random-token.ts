const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'

/** Two digits each: half as many to draw and to put together. */
const PAIRS: readonly string[] = [...DIGITS].flatMap((one) => [...DIGITS].map((other) => one + other))

/** Drawn many at a time: each call for random bytes costs as much as a hundred of them. */
const pool = new Uint32Array(1024)
let used = pool.length

/** A random token of `length` characters out of `0-9a-z`. */
export function randomToken(length: number): string {
  let token = ''
  while (token.length < length) token += PAIRS[random() % PAIRS.length]
  return token.length === length ? token : token.slice(0, length)
}

function random(): number {
  if (used === pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  return pool[used++] as number
}
