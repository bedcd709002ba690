import { createRouterClient } from 'headwater/server'
import { router } from './router'

/** For server components and actions: no HTTP, no encoding. */
export const serverClient = createRouterClient(router)
