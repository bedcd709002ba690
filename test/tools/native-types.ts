/** One value with every type that the protocol knows, as it was recorded in `test/wire`. */
export function nativeTypes(): Record<string, unknown> {
  return {
    date: new Date(0),
    bigint: 12n,
    set: new Set([1, new Date(0)]),
    map: new Map([['a', new Date(1)]]),
    nan: Number.NaN,
    url: new URL('http://x.test/p?q=1'),
    re: /a+/gi,
    arr: [undefined, 1n, null],
    nested: { deep: [{ d: new Date(2) }] },
    text: 'line1\nline2 \u2028 é 😀',
    zero: 0,
    inf: Number.POSITIVE_INFINITY,
  }
}
