import type { Schema } from '../../core/schema.ts'
import { type JSONSchema, type SchemaConverter, type SchemaDirection, toJSONSchema } from '../json-schema.ts'

/** The schemas of a document that are named, and the way of all others into it. */
export class Components {
  readonly schemas: Record<string, JSONSchema> = {}
  readonly #converters: readonly SchemaConverter[]
  /** Named schemas by their text: wherever one stands, a reference stands instead. */
  readonly #common = new Map<string, string>()

  /** @param common schemas that get names. */
  constructor(converters: readonly SchemaConverter[], common: Readonly<Record<string, Schema>>) {
    this.#converters = converters
    for (const [name, schema] of Object.entries(common)) {
      const given = this.#convert(schema, 'output')
      const taken = this.#convert(schema, 'input')
      this.#common.set(JSON.stringify(taken), JSON.stringify(taken) === JSON.stringify(given) ? name : `${name}Input`)
      this.#common.set(JSON.stringify(given), name)
    }
    for (const [name, schema] of Object.entries(common)) this.describe(schema, 'output', name)
  }

  /** A schema for the document, with what it defines moved among the components. */
  describe(schema: Schema | undefined, direction: SchemaDirection, name: string): JSONSchema {
    return this.#hoist(this.#convert(schema, direction), name)
  }

  /** The schema itself where a reference stands. */
  resolve(schema: JSONSchema): JSONSchema {
    const name = /^#\/components\/schemas\/(.+)$/.exec(schema['$ref'] ?? '')?.[1]
    return (name === undefined ? undefined : this.schemas[name]) ?? schema
  }

  #convert(schema: Schema | undefined, direction: SchemaDirection): JSONSchema {
    return toJSONSchema(schema, direction, this.#converters)
  }

  #hoist({ $defs = {}, ...root }: JSONSchema, name: string): JSONSchema {
    const definitions: Record<string, JSONSchema> = { ...$defs }
    if (JSON.stringify([root, $defs]).includes('"$ref":"#"')) definitions['#'] = root
    const names = this.#nameAll(definitions, name)
    for (const [key, schema] of Object.entries(definitions)) {
      this.schemas[names.get(key) as string] ??= this.#rewrite(schema, names, true)
    }
    const own = names.get('#')
    return own === undefined ? this.#rewrite(root, names) : toReference(own)
  }

  /** Two schemas may want one name: they share it where they are equal. */
  #nameAll(definitions: Readonly<Record<string, JSONSchema>>, owner: string): ReadonlyMap<string, string> {
    const names = new Map(Object.keys(definitions).map((key) => [key, toName(key, owner)]))
    const conflict = (): string | undefined =>
      [...names.keys()].find((key) => {
        const taken = this.schemas[names.get(key) as string]
        const own = this.#rewrite(definitions[key] as JSONSchema, names, true)
        return taken !== undefined && JSON.stringify(taken) !== JSON.stringify(own)
      })
    for (let key = conflict(); key !== undefined; key = conflict()) names.set(key, nextName(names.get(key) as string))
    return names
  }

  /** References lead to components from here on. @param isNamed where the schema itself becomes one. */
  #rewrite(value: unknown, names: ReadonlyMap<string, string>, isNamed = false): JSONSchema {
    const visit = (value: unknown, isNamed: boolean): unknown => {
      if (Array.isArray(value)) return value.map((item) => visit(item, false))
      if (typeof value !== 'object' || value === null) return value
      const common = isNamed ? undefined : this.#common.get(JSON.stringify(value))
      if (common !== undefined) {
        this.schemas[common] ??= visit(value, true) as JSONSchema
        return toReference(common)
      }
      const entries = Object.entries(value).map(([key, item]) => {
        const name = key === '$ref' ? names.get(String(item).replace('#/$defs/', '')) : undefined
        return [key, name === undefined ? visit(item, false) : `#/components/schemas/${name}`]
      })
      return Object.fromEntries(entries)
    }
    return visit(value, isNamed) as JSONSchema
  }
}

function toReference(name: string): JSONSchema {
  return { $ref: `#/components/schemas/${name}` }
}

/** Libraries number what has no name of its own. */
function toName(key: string, owner: string): string {
  return (/^#$|^__/.test(key) ? owner : key).replace(/[^A-Za-z0-9._-]/g, '_')
}

function nextName(name: string): string {
  const [, base, count = '1'] = /^(.*?)_(\d+)$/.exec(name) ?? [name, name]
  return `${base}_${Number(count) + 1}`
}
