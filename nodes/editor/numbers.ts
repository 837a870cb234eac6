/** The numbers in the dialogs of the flow nodes: what they may be, and what is said of one that is wrong. */
import { LONGEST_LEASE, numberIn } from '../settings.ts'
import { applies } from './applies.ts'
import { isReference } from './check.ts'
import { inDialog } from './in-dialog.ts'
import { whyNot } from './lacking.ts'
import { text } from './text.ts'
import { validateTyped } from './validators.ts'

interface Range {
  least: number
  most: number
  isWhole?: boolean
  /** Whether the word `all` may stand there as well. */
  orAll?: boolean
}

const LEASE = { least: 0.001, most: LONGEST_LEASE }
const ANY = Number.MAX_SAFE_INTEGER

/** What a number may be, by node and property, as the runtime has it. */
export const RANGES: Readonly<Record<string, Range>> = {
  'mq-fetch.wait': { least: 0, most: ANY },
  'mq-fetch.count': { least: 1, most: 1_000, isWhole: true, orAll: true },
  'mq-fetch.lease': { least: 0, most: LONGEST_LEASE },
  'mq-consume.inFlight': { least: 1, most: ANY, isWhole: true },
  'mq-consume.lease': LEASE,
  'mq-consume.rate': { least: 0, most: 1_000_000, isWhole: true },
  'mq-consume.per': LEASE,
  'mq-consume.count': { least: 1, most: 1_000, isWhole: true },
  'mq-ack.delay': { least: 0, most: 2_592_000 },
  'mq-ack.lease': LEASE,
  'mq-control.count': { least: 1, most: ANY, isWhole: true },
}

/** What is wrong with a number of a flow node; true when nothing is, or it has no effect. Blank takes the default. */
export function validateNumber(node: EditorNode, property: string, value: unknown): true | string {
  const range = RANGES[`${node.type}.${property}`]
  if (range === undefined || isReference(value) || !applies(node, property)) return true
  if (range.orAll && value === 'all') return true
  return isIn(value, range) ? (whyNot(node, property, value) ?? true) : allowed(range)
}

/** The same for a number that may be taken from the message, or from an expression. */
export function validateTypedNumber(
  node: EditorNode,
  property: string,
  value: unknown,
  options: object,
): true | string {
  const isNumber = ['', 'num'].includes(inDialog(node, `${property}Type`))
  return isNumber
    ? validateNumber(node, property, value)
    : validateTyped(node, property, value, options)
}

/** Whether the runtime takes a number. */
function isIn(value: unknown, range: Range): boolean {
  try {
    numberIn(value, range.least, { what: '', ...range })
    return true
  } catch {
    return false
  }
}

function allowed({ least, most, isWhole, orAll }: Range): string {
  const range = { least, most }
  if (orAll) return text('number.orAll', range)
  if (most === ANY) return text(isWhole ? 'number.wholeFrom' : 'number.from', range)
  return text(isWhole ? 'number.whole' : 'number.between', range)
}
