import type { JSONSchema } from '../json-schema.ts'

/** What a document says about the service. */
export interface OpenAPIInfo {
  readonly title: string
  readonly version: string
  readonly [field: string]: unknown
}

export interface OpenAPIParameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header' | 'cookie'
  readonly required?: boolean
  readonly schema?: JSONSchema
  readonly [field: string]: unknown
}

export type OpenAPIContent = Readonly<Record<string, { readonly schema: JSONSchema }>>

export interface OpenAPIRequestBody {
  readonly required?: boolean
  readonly content: OpenAPIContent
}

export interface OpenAPIResponse {
  readonly description: string
  readonly headers?: Readonly<Record<string, { readonly schema: JSONSchema; readonly required?: boolean }>>
  readonly content?: OpenAPIContent
}

/** What a document says about one procedure. */
export interface OpenAPIOperation {
  readonly operationId?: string
  readonly summary?: string
  readonly description?: string
  readonly deprecated?: boolean
  readonly tags?: readonly string[]
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters?: readonly OpenAPIParameter[]
  readonly requestBody?: OpenAPIRequestBody
  readonly responses: Readonly<Record<string, OpenAPIResponse>>
  readonly [field: string]: unknown
}

/** A document of OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1.html). */
export interface OpenAPIDocument {
  readonly openapi: string
  readonly info: OpenAPIInfo
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenAPIOperation>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, JSONSchema>>; readonly [kind: string]: unknown }
  readonly [field: string]: unknown
}
