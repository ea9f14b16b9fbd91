import { toJsonSchema } from '@valibot/to-json-schema'
import type { GenericSchema } from 'valibot'
import { batch } from './api-batch.ts'
import type { ApiMethod } from './api-method.ts'
import { API_METHODS } from './api-methods.ts'

const ERROR = {
  type: 'object',
  required: ['code', 'message'],
  properties: { code: { type: 'integer' }, message: { type: 'string' } },
}
const REFUSAL = {
  content: { 'application/json': { schema: { type: 'object', required: ['error'], properties: { error: ERROR } } } },
}

/** The API as an OpenAPI 3.1 document; `path` is where it is. */
export function createOpenApiDocument(path: string): object {
  const methods: [name: string, method: ApiMethod][] = [...API_METHODS, ['batch', batch]]
  return {
    openapi: '3.1.0',
    info: {
      title: 'Wigwag server API',
      version: '1',
      description:
        'A call that fails is answered with 200 and error, or, with X-Centrifugo-Error-Mode: transport, with a status of its own.',
    },
    security: [{ apiKey: [] }, { authorization: [] }],
    components: {
      securitySchemes: {
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        authorization: { type: 'apiKey', in: 'header', name: 'Authorization', description: 'apikey KEY' },
      },
    },
    paths: Object.fromEntries(
      methods.map(([name, method]) => [`${path}/${name}`, { post: describeMethod(name, method) }]),
    ),
  }
}

function describeMethod(name: string, { summary, request, result }: ApiMethod): object {
  const schema = schemaOf(result, 'output')
  const answer = name === 'batch' ? schema : { type: 'object', properties: { result: schema, error: ERROR } }
  return {
    operationId: name,
    summary,
    requestBody: { required: true, content: { 'application/json': { schema: schemaOf(request, 'input') } } },
    responses: {
      200: { description: 'The result, or why there is none.', content: { 'application/json': { schema: answer } } },
      401: { description: 'No key, or none that is good.', ...REFUSAL },
      413: { description: 'The request is too large.', ...REFUSAL },
      415: { description: 'The request is no JSON.', ...REFUSAL },
    },
  }
}

function schemaOf(schema: GenericSchema, typeMode: 'input' | 'output'): object {
  const { $schema: _, ...described } = toJsonSchema(schema, { typeMode, errorMode: 'ignore' })
  return described
}
