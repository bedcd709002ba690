import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const file = join(import.meta.dirname, 'hovered.ts')
const code = `
import { createClient, safe } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { type ContractRouterClient, eventIterator, oc } from 'headwater/contract'
import { implement, os } from 'headwater/server'
import { z } from 'zod'

const planet = z.object({ id: z.number(), name: z.string() })
const contract = {
  find: oc
    .errors({ NOT_FOUND: { data: z.object({ near: z.number() }) }, GONE: {} })
    .input(z.object({ id: z.number() }))
    .output(planet),
  watch: oc.input(z.object({ id: z.number() }).optional()).output(eventIterator(planet)),
}
const client: ContractRouterClient<typeof contract> = createClient(new RPCLink({ url: '/rpc' }))
client.find({ id: 1 })
client.watch()
const { error } = await safe(client.find({ id: 1 }))
for await (const event of await client.watch()) console.log(event)

const api = implement(contract).$context<{ user: string }>()
export const find = api.find
  .use(({ context: before, next }) => next({ context: { db: before.user } }))
  .handler(({ input, context, errors }) => {
    throw errors.NOT_FOUND({ data: { near: input.id } })
  })
export const greet = os.input(z.object({ name: z.string() })).handler(({ input }) => input.name)
`

/** What an editor shows for the first place that this text ends at. */
function hover(text: string): string {
  const position = code.indexOf(text) + text.length - 1
  return ts.displayPartsToString(editor().getQuickInfoAtPosition(file, position)?.displayParts)
}

/** A fresh one for each hover: the compiler cuts types short that it has cut short before. */
function editor(): ts.LanguageService {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const textOf = (path: string): string | undefined => (path === file ? code : ts.sys.readFile(path))
  return ts.createLanguageService(
    {
      ...ts.sys,
      useCaseSensitiveFileNames: () => true,
      getCompilationSettings: () => options,
      getScriptFileNames: () => [file],
      getScriptVersion: () => '1',
      getScriptSnapshot(path) {
        const text = textOf(path)
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
      },
      getCurrentDirectory: () => root,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      readFile: textOf,
    },
    registry,
  )
}

/** Parsed files, shared by all editors. */
const registry = ts.createDocumentRegistry()

describe('an editor shows', { timeout: 60_000 }, () => {
  test('what a call takes, gives and fails with', () => {
    expect(hover('client.find')).toMatchInlineSnapshot(`
      "(property) find: (input: {
          id: number;
      }, options?: CallOptions<unknown> | undefined) => Call<{
          id: number;
          name: string;
      }, RPCError<"NOT_FOUND", {
          near: number;
      }> | RPCError<"GONE", undefined>>"
    `)
  })

  test('that a call gives a stream', () => {
    expect(hover('client.watch')).toMatchInlineSnapshot(`
      "(property) watch: (input?: {
          id: number;
      } | undefined, options?: CallOptions<unknown> | undefined) => Call<EventIterator<{
          id: number;
          name: string;
      }, unknown>, never>"
    `)
  })

  test('the errors that a call can fail with, not where they were declared', () => {
    expect(hover('const { error')).toMatchInlineSnapshot(`
      "const error: Error | RPCError<"NOT_FOUND", {
          near: number;
      }> | RPCError<"GONE", undefined> | null"
    `)
  })

  test('an event as its schema makes it', () => {
    expect(hover('const event')).toMatchInlineSnapshot(`
      "const event: {
          id: number;
          name: string;
      }"
    `)
  })

  test('the whole client as a tree of calls', () => {
    expect(hover('const client')).toMatchInlineSnapshot(`
      "const client: {
          readonly find: ProcedureClient<{
              id: number;
          }, {
              id: number;
              name: string;
          }, RPCError<"NOT_FOUND", {
              near: number;
          }> | RPCError<"GONE", undefined>, unknown>;
          readonly watch: ProcedureClient<{
              id: number;
          } | undefined, EventIterator<{
              id: number;
              name: string;
          }, unknown>, never, unknown>;
      }"
    `)
  })

  test('the context with what middleware has added as one object', () => {
    expect(hover('input, context')).toMatchInlineSnapshot(`
      "(parameter) context: {
          user: string;
          db: string;
      }"
    `)
  })

  test('what the maker of an error needs', () => {
    expect(hover('errors.NOT_FOUND')).toMatchInlineSnapshot(`
      "(property) NOT_FOUND: (options: ErrorConstructorOptions<{
          near: number;
      }>) => RPCError<"NOT_FOUND", {
          near: number;
      }>"
    `)
  })

  test('what `next` adds to the context', () => {
    expect(hover('next }) => next')).toMatchInlineSnapshot(`
      "(parameter) next: <{
          db: string;
      }>(options: {
          readonly context: {
              db: string;
          };
      }) => Promise<MiddlewareResult<{
          db: string;
      }>> (+1 overload)"
    `)
  })

  test('the input of a handler', () => {
    expect(hover('.handler(({ input')).toMatchInlineSnapshot(`
      "(parameter) input: {
          id: number;
      }"
    `)
  })
})
