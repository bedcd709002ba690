const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })

/** `1,234`, and `1.2M` where it would be long. */
export function formatCount(count: number): string {
  return count < 100_000 ? WHOLE.format(count) : COMPACT.format(count)
}

/** How many a second: `0`, `0.4`, `12`. */
export function formatRate(rate: number): string {
  return rate > 0 && rate < 9.95 ? rate.toFixed(1) : formatCount(rate)
}

const UNITS = ['B', 'KB', 'MB', 'GB'] as const

export function formatBytes(bytes: number): string {
  let unit = 0
  let amount = bytes
  while (amount >= 1000 && unit < UNITS.length - 1) {
    amount /= 1024
    unit++
  }
  return `${unit === 0 || amount >= 99.95 ? WHOLE.format(amount) : amount.toFixed(1)} ${UNITS[unit]}`
}

/** How long something took: `0.8 ms`, `42 ms`, `1.3 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`
  return milliseconds < 60_000 ? `${(milliseconds / 1000).toFixed(1)} s` : formatAge(milliseconds)
}

/** For how long something has been there: `12 s`, `4 min`, `3 h 5 min`. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** The time of day with milliseconds. */
export function formatTime(at: number): string {
  const time = new Date(at)
  const two = (number: number): string => String(number).padStart(2, '0')
  const milliseconds = String(time.getMilliseconds()).padStart(3, '0')
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${milliseconds}`
}

/** The offset of a publisher's id, `epoch:offset:tag`; of ids of other kinds, themselves. */
export function formatPlace(id: string | undefined): string {
  if (id === undefined) return '–'
  const offset = offsetOf(id)
  return offset === undefined ? id : formatCount(offset)
}

export function offsetOf(id: string | undefined): number | undefined {
  const [, offset] = /^[0-9a-z]+:(\d+):[0-9a-z-]+$/.exec(id ?? '') ?? []
  return offset === undefined ? undefined : Number(offset)
}

/** By what browsers are known, most telling first: most of them also say that they are others. */
const BROWSERS: readonly (readonly [token: RegExp, name: string])[] = [
  [/(?:Edg|EdgA|EdgiOS)\/(\d+)/, 'Edge'],
  [/OPR\/(\d+)/, 'Opera'],
  [/(?:Firefox|FxiOS)\/(\d+)/, 'Firefox'],
  [/(?:Chrome|CriOS)\/(\d+)/, 'Chrome'],
  [/Version\/(\d+).* Safari/, 'Safari'],
]

/** What a browser or tool calls itself, shortened to its name and version. */
export function formatClient(client: string | undefined): string {
  if (client === undefined) return '–'
  for (const [token, name] of BROWSERS) {
    const version = token.exec(client)?.[1]
    if (version !== undefined) return `${name} ${version}`
  }
  return client.split(' ')[0] ?? client
}
