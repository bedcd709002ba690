import { os } from 'headwater/server'

interface Context {
  readonly request?: object
  readonly user?: string
}

export const router = { whoami: os.$context<Context>().handler(({ context }) => context.user) }
