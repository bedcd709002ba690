import { testOpenAPIHandler } from '../../../test/suites/openapi-handler.ts'
import { serveOpenAPINode } from '../../../test/tools/serve-openapi.ts'

testOpenAPIHandler(serveOpenAPINode)
