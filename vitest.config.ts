import { defineConfig, type ViteUserConfig } from 'vitest/config'

// The `*.test-d.ts` beside the sources are checked by `npm run types`, with everything else that compiles.
const config: ViteUserConfig = defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.{ts,tsx}'],
    globalSetup: ['test/tools/setup.ts'],
    // What waits for a real server or browser waits longer on a busy machine.
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Most of the time goes into waiting, for servers, browsers and leases.
    maxWorkers: 3,
  },
})

export default config
