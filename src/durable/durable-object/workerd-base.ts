// Only objects of the runtime's own class can be called by their stubs.
export { DurableObject } from 'cloudflare:workers'
