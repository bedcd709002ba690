/** The names of what a channel has in Redis. The braces keep all of it in one slot of a cluster. */
export interface ChannelKeys {
  readonly meta: string
  readonly events: string
  /** Where its appends are published. */
  readonly topic: string
  idempotency(key: string): string
}

export function channelKeys(prefix: string, channel: string): ChannelKeys {
  const base = `${prefix}{${escapeName(channel)}}`
  return { meta: base, events: `${base}:events`, topic: base, idempotency: (key) => `${base}:key:${escapeName(key)}` }
}

/** A pattern of Redis for the metadata of all channels: only they end with a brace. */
export function allChannels(prefix: string): string {
  return `${prefix.replace(/[\\*?[\]]/g, '\\$&')}{*}`
}

/**
 * A name without braces of its own, which never is empty: Redis would take the slot from something else. Half a surrogate
 * pair would not survive UTF-8.
 */
function escapeName(name: string): string {
  if (name === '') return '%'
  return name.replace(/[%{}]|\p{Surrogate}/gu, (character) => `%${character.codePointAt(0)?.toString(16)}`)
}
