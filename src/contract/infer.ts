import type { InferInput, InferOutput } from '../core/schema.ts'
import type { ContractProcedure, ContractRouter } from './contract-procedure.ts'
import type { InferError } from './error-map.ts'
import type { ProcedureClient } from './procedure-client.ts'

/** The typed client of a contract: the same tree, with a function for each procedure. */
export type ContractRouterClient<Router, ClientContext = unknown> =
  Router extends ContractProcedure<infer Input, infer Output, infer Errors>
    ? ProcedureClient<InferInput<Input>, InferOutput<Output>, InferError<Errors>, ClientContext>
    : { readonly [Name in keyof Router]: ContractRouterClient<Router[Name], ClientContext> }

/** What callers pass to each procedure. */
export type InferContractRouterInputs<Router extends ContractRouter> =
  Router extends ContractProcedure<infer Input>
    ? InferInput<Input>
    : {
        readonly [Name in keyof Router]: Router[Name] extends ContractRouter
          ? InferContractRouterInputs<Router[Name]>
          : never
      }

/** What callers get from each procedure. */
export type InferContractRouterOutputs<Router extends ContractRouter> =
  Router extends ContractProcedure<infer _, infer Output>
    ? InferOutput<Output>
    : {
        readonly [Name in keyof Router]: Router[Name] extends ContractRouter
          ? InferContractRouterOutputs<Router[Name]>
          : never
      }
