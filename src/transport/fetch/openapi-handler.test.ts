import { testOpenAPIHandler } from '../../../test/suites/openapi-handler.ts'
import { serveOpenAPIFetch } from '../../../test/tools/serve-openapi.ts'

testOpenAPIHandler(serveOpenAPIFetch)
