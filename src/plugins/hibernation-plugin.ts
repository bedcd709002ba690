import type { HandlerPlugin } from '../session/serve-request.ts'

/** Does nothing, for handlers that are given one: streams that hibernate are served without, through interceptors and hooks. */
export class HibernationPlugin implements HandlerPlugin {}
