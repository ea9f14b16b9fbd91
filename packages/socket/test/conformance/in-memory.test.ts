import { describeConformance } from './describe-conformance.ts'
import { memorySubject } from './subjects/memory-subject.ts'
import { wigwagMachine } from './subjects/wigwag-machine.ts'

describeConformance(memorySubject('the core in memory', wigwagMachine))
