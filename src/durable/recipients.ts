/** Whom an event is for, as it is stored with it. Everybody, where nothing is said. */
export interface Recipients {
  /** Those with one of these tags. */
  readonly tags?: readonly string[] | undefined
  /** Only these seats. */
  readonly only?: readonly string[] | undefined
  /** All but these seats. */
  readonly except?: readonly string[] | undefined
}

interface Seat {
  readonly seat: string
  readonly tags: readonly string[]
}

export function isRecipient({ tags, only, except }: Recipients, { seat, tags: own }: Seat): boolean {
  if (tags !== undefined && !tags.some((tag) => own.includes(tag))) return false
  if (only !== undefined && !only.includes(seat)) return false
  return !except?.includes(seat)
}

/** Those whom both mean. */
export function both(one: Recipients, other: Recipients): Recipients {
  const only = one.only && other.only ? one.only.filter((seat) => other.only?.includes(seat)) : (one.only ?? other.only)
  const except = [...(one.except ?? []), ...(other.except ?? [])]
  const tags = one.tags && other.tags ? one.tags.filter((tag) => other.tags?.includes(tag)) : (one.tags ?? other.tags)
  return { ...(tags && { tags }), ...(only && { only }), ...(except.length > 0 && { except }) }
}
