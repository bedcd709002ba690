export {
  type BatchCandidate,
  type BatchGroup,
  BatchLinkPlugin,
  type BatchLinkPluginOptions,
} from '../../plugins/batch/batch-link-plugin.ts'
export {
  ClientRetryPlugin,
  type ClientRetryPluginContext,
  type ClientRetryPluginOptions,
  type RetryAttempt,
} from '../../plugins/client-retry-plugin.ts'
export {
  type DedupeGroup,
  DedupeRequestsPlugin,
  type DedupeRequestsPluginOptions,
} from '../../plugins/dedupe-requests-plugin.ts'
export { RetryAfterPlugin, type RetryAfterPluginOptions } from '../../plugins/retry-after-plugin.ts'
export { RequestValidationPlugin, ResponseValidationPlugin } from '../../plugins/validation-plugins.ts'
