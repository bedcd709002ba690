import { ContractBuilder } from './builder.ts'
import { type ContractRouter, type ContractTree, isContractProcedure } from './contract-procedure.ts'

/**
 * The contract with a path for each procedure that has none: its place in the tree, `/chat/send`.
 *
 * For servers that route by path and clients that build URLs, when nobody wants to write the paths down.
 */
export function populateContractRouterPaths<Router extends ContractRouter>(router: Router): Router {
  return populate(router, []) as Router
}

function populate(router: ContractRouter, path: readonly string[]): ContractRouter {
  if (isContractProcedure(router)) {
    const definition = router['~headwater']
    if (definition.route.path !== undefined) return router
    const own = `/${path.map(encodeURIComponent).join('/')}` as const
    return new ContractBuilder({ ...definition, route: { ...definition.route, path: own } })
  }
  const tree: ContractTree = router
  return Object.fromEntries(Object.entries(tree).map(([name, child]) => [name, populate(child, [...path, name])]))
}
