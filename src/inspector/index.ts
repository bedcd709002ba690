export {
  type InspectedCalls,
  type InspectedChannel,
  type InspectedConnection,
  type InspectedNote,
  type InspectedProcedure,
  type InspectedPublisher,
  type InspectedStream,
  type Inspection,
  type InspectorSample,
  inspectorContract,
} from './inspector-contract.ts'
export type { InspectorGuard, InspectorVisitor } from './inspector-guard.ts'
export { InspectorPlugin, type InspectorPluginOptions } from './inspector-plugin.ts'
