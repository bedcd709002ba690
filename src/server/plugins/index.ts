export { CompressionPlugin, type CompressionPluginOptions } from '../../plugins/compression-plugin.ts'
export { CORSPlugin, type CORSPluginOptions } from '../../plugins/cors-plugin.ts'
export { CSRFPlugin, type CSRFPluginOptions } from '../../plugins/csrf-plugin.ts'
export {
  RequestHeadersPlugin,
  type RequestHeadersPluginContext,
  ResponseHeadersPlugin,
  type ResponseHeadersPluginContext,
} from '../../plugins/header-plugins.ts'
export { TimeoutPlugin, type TimeoutPluginOptions } from '../../plugins/timeout-plugin.ts'
export type { HandlerPlugin, IncomingCall, IncomingInterceptor } from '../../session/serve-request.ts'
