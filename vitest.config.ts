import { defineConfig, type ViteUserConfig } from 'vitest/config'

// The `*.test-d.ts` beside the sources are checked by `npm run types`, with everything else that compiles.
const config: ViteUserConfig = defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/tools/setup.ts'],
  },
})

export default config
