export { createQueryUtils, type ProcedureUtils, type QueryUtils, type QueryUtilsOptions } from './create-query-utils.ts'
export type { KeyOptions, QueryType } from './query-key.ts'
export type { StreamQueryOptions } from './stream-query.ts'
