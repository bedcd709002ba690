/**
 * The context of handlers in controllers. Augment it with what your module's `context` gives.
 *
 * @example
 * declare module 'headwater/nest' {
 *   interface HeadwaterContext { session?: Session }
 * }
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be augmented.
export interface HeadwaterContext {}
