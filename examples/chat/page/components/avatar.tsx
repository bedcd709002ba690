import type { CSSProperties } from 'react'

/** The first letter of a name, in a colour of its own. */
export function Avatar({ name }: { name: string }) {
  const [initial = '?'] = name
  return (
    <span className="avatar" style={{ '--hue': toHue(name) } as CSSProperties} aria-hidden="true">
      {initial.toUpperCase()}
    </span>
  )
}

function toHue(name: string): number {
  let hash = 0
  for (const letter of name) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x9e3779b1)
  return (hash >>> 8) % 360
}
