import { svg } from './dom.ts'

const PATHS = {
  procedures: 'M7 5 2.5 10 7 15M13 5l4.5 5-4.5 5',
  streams: 'M2 7c2.7-3 5.3 3 8 0s5.3 3 8 0M2 13c2.7-3 5.3 3 8 0s5.3 3 8 0',
  channels: 'M3 16V9M8 16V4M13 16v-5M18 16V7',
  connections: 'M7.5 10h5M5 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM15 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z',
  search: 'M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12ZM13.5 13.5 17 17',
  back: 'M12 4 6 10l6 6',
  light:
    'M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6 16 16M4 16l1.4-1.4M14.6 5.4 16 4',
  dark: 'M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5Z',
  system: 'M3 4h14v9H3ZM7 17h6M10 13v4',
  play: 'M6 4l10 6-10 6Z',
  pause: 'M7 4v12M13 4v12',
  cut: 'M5.5 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM5.5 17a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM7.5 7 17 15M7.5 13 17 5',
  close: 'M5 5l10 10M15 5 5 15',
  copy: 'M7 7h9v9H7ZM13 7V4H4v9h3',
  clear: 'M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6',
  link: 'M8 12l4-4M9 6l2-2a3.5 3.5 0 0 1 5 5l-2 2M11 14l-2 2a3.5 3.5 0 0 1-5-5l2-2',
} as const

export type IconName = keyof typeof PATHS

/** A small picture beside a word. */
export function icon(name: IconName): SVGSVGElement {
  return svg('svg', { class: 'icon', viewBox: '0 0 20 20', 'aria-hidden': 'true' }, svg('path', { d: PATHS[name] }))
}

/** The logo of Headwater: a spring that becomes a stream. */
export function logo(): SVGSVGElement {
  return svg(
    'svg',
    { class: 'logo', viewBox: '0 0 24 24', 'aria-hidden': 'true' },
    svg('path', { d: 'M2 8c3.3-4 6.7 4 10 0s6.7 4 10 0' }),
    svg('path', { d: 'M2 13c3.3-4 6.7 4 10 0s6.7 4 10 0', opacity: 0.65 }),
    svg('path', { d: 'M2 18c3.3-4 6.7 4 10 0s6.7 4 10 0', opacity: 0.35 }),
  )
}
