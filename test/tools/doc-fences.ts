/** A block of code in a page of Markdown. */
export interface DocFence {
  readonly language: string
  readonly code: string
  /** Where its code begins in the page, from 1 on. */
  readonly line: number
}

/** All blocks of code of a page, whatever their language. */
export function fencesOf(markdown: string): readonly DocFence[] {
  const fences: DocFence[] = []
  const lines = markdown.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const language = /^\s*```(.*)$/.exec(lines[at] ?? '')?.[1]?.trim()
    if (language === undefined) continue
    const end = lines.findIndex((line, index) => index > at && /^\s*```\s*$/.test(line))
    if (end === -1) throw new Error(`The block of line ${at + 1} has no end`)
    const code = lines.slice(at + 1, end).map((line) => `${line}\n`)
    fences.push({ language, code: code.join(''), line: at + 2 })
    at = end
  }
  return fences
}
