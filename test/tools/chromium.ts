import { findProgram } from './debian-package.ts'

/** The path of a Chromium to drive; `undefined` where the browser tests have to be skipped. */
export function findChromium(): string | undefined {
  return findProgram({
    package: 'chromium',
    names: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
    variable: 'CHROMIUM_PATH',
    neededBy: 'The browser tests',
  })
}
