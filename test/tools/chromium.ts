import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const HINT = 'Install it (Debian: apt-get install chromium) or name one with CHROMIUM_PATH.'

/**
 * The path of a Chromium to drive. Installs Debian's when run as root without one.
 *
 * `undefined`, with a warning, where there is none and the browser tests have to be skipped.
 *
 * @throws {Error} in CI, where skipping would hide that nothing was tested.
 */
export function findChromium(): string | undefined {
  const found = lookUp() ?? (installChromium() ? lookUp() : undefined)
  if (found !== undefined) return found
  if (process.env['CI']) throw new Error(`The browser tests need Chromium. ${HINT}`)
  console.warn(`\n*** SKIPPED: the browser tests need Chromium. ${HINT} ***\n`)
  return undefined
}

/** Run once before the tests: two of their workers that install at the same time would lock each other out. */
export function setup(): void {
  findChromium()
}

function lookUp(): string | undefined {
  const named = process.env['CHROMIUM_PATH']
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const candidates = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))
  return [...(named === undefined ? [] : [named]), ...candidates].find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function installChromium(): boolean {
  if (process.getuid?.() !== 0) return false
  const options = { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const
  try {
    execFileSync('apt-get', ['update', '-qq'], options)
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options)
    return true
  } catch (error) {
    console.warn(`Chromium could not be installed: ${error}`)
    return false
  }
}
