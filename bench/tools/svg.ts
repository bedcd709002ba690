/** Both readable on a light and on a dark page. */
const SVG_STYLE =
  '<style>text{font:13px system-ui,sans-serif;fill:#888}.title{font-weight:600;font-size:15px}.name{fill:#777}</style>'

const COLORS = ['#0f8b8d', '#8d99ae', '#e07a5f', '#7d5ba6', '#f2a541', '#5b8e7d', '#bc4b51', '#3d5a80']

/** The first contender, whom the page is about, stands out. */
export function colorOf(index: number): string {
  return COLORS[index % COLORS.length] as string
}

export function escapeXML(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

export interface Picture {
  readonly title: string
  readonly unit: string
  readonly width: number
  readonly height: number
}

/** A picture with its title and unit above `parts`. */
export function svg({ title, unit, width, height }: Picture, parts: readonly string[]): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`
  const head = `<title>${escapeXML(title)}</title><text class="title" x="10" y="20">${escapeXML(title)}</text>`
  const below = `<text x="10" y="40">${escapeXML(unit)}</text>`
  return `${[open, SVG_STYLE, head, below, ...parts, '</svg>'].join('\n')}\n`
}
