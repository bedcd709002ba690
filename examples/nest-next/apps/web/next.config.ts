import { join } from 'node:path'
import type { NextConfig } from 'next'

const config: NextConfig = {
  // The packages of this repository are TypeScript, and lie above this folder. Yours from npm need none of this.
  transpilePackages: ['headwater', '@repo/api-contracts'],
  turbopack: { root: join(import.meta.dirname, '../../../..') },
  // `npm run types` at the root of the repository checks this application, too.
  typescript: { ignoreBuildErrors: true },
}

export default config
