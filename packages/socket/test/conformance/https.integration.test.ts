import { describeConformance } from './describe-conformance.ts'
import { WigwagOnNode } from './subjects/wigwag-on-node.ts'

describeConformance(new WigwagOnNode('sockets over https', { tls: true, io: 'native' }))
