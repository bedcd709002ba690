export { OpenAPILink, type OpenAPILinkOptions } from '../transport/fetch/openapi-link.ts'
export type {
  OpenAPIContent,
  OpenAPIDocument,
  OpenAPIInfo,
  OpenAPIOperation,
  OpenAPIParameter,
  OpenAPIRequestBody,
  OpenAPIResponse,
} from './document/openapi-document.ts'
export { type GenerateOptions, OpenAPIGenerator, type OpenAPIGeneratorOptions } from './document/openapi-generator.ts'
export type { JSONSchema, SchemaConverter, SchemaDirection } from './json-schema.ts'
export type { Jsonified, JsonifiedClient } from './jsonified.ts'
export { OpenAPIReferencePlugin, type OpenAPIReferencePluginOptions } from './reference/openapi-reference-plugin.ts'
export { type ReferenceUI, scalarUI, swaggerUI } from './reference/reference-ui.ts'
export { SmartCoercionPlugin, type SmartCoercionPluginOptions } from './smart-coercion-plugin.ts'
