import { describeConformance } from './describe-conformance.ts'
import { WigwagOnNode } from './subjects/wigwag-on-node.ts'

describeConformance(new WigwagOnNode('sockets without http', { tls: false, io: 'native', bare: true }))
