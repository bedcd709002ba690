import { h } from './dom.ts'
import { type IconName, icon } from './icons.ts'

const THEMES = ['system', 'light', 'dark'] as const

type Theme = (typeof THEMES)[number]

const KEY = 'headwater-inspector-theme'

/** A button that goes through the themes; the choice is kept. */
export function themeButton(): HTMLButtonElement {
  let theme = THEMES.find((name) => name === read()) ?? 'system'
  const button = h('button', {
    class: 'icon-button',
    type: 'button',
    onclick: () => show(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] as Theme),
  })
  const show = (next: Theme): void => {
    theme = next
    document.documentElement.dataset['theme'] = theme
    button.replaceChildren(icon(theme satisfies IconName))
    button.setAttribute('aria-label', `Theme: ${theme}`)
    button.title = `Theme: ${theme}`
    write(theme)
  }
  show(theme)
  return button
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

function write(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // A page without storage forgets.
  }
}
