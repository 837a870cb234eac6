import { type Compared, compareQueues } from './compare-queues.ts'
import { ServerQuestion } from './server-question.ts'
import { text } from './text.ts'

/** A queue of the Kamailio that was asked. */
interface Found {
  queues: { name: string; size: number }[]
}

/** The list of queues in the dialog, as far as it is needed here. */
export interface Listed {
  /** The names that stand in it. */
  names(): string[]
  /** Adds queues of these names. */
  add(names: readonly string[]): void
}

/** The most names that are said at once. */
const MOST_NAMES = 10
/** The most characters of one; no queue that can be used has more. */
const LONGEST_NAME = 64

/**
 * Makes the button of the dialog ask the Kamailio that stands there for its queues. Those that are missing in the
 * list are added to it.
 *
 * @param id the id of the config node
 */
export function prepareAskKamailio(id: string, list: Listed): void {
  new ServerQuestion<Found>(id, {
    url: 'mqueue/ask-kamailio',
    properties: ['rpcUrl', 'tls', 'user', 'password'],
    section: '#mqueue-kamailio',
    button: '#mqueue-kamailio-ask',
    said: '#mqueue-kamailio-found',
    texts: { asking: 'kamailio.asking', failed: 'kamailio.failed', refused: 'kamailio.refused' },
    describe({ queues }) {
      const there = queues.map(({ name }) => name)
      const compared = compareQueues(there, list.names())
      list.add(compared.missing)
      return described(there.length, compared)
    },
  })
}

function described(number: number, { missing, surplus, unusable }: Compared): string {
  const sentences = [text(number === 1 ? 'kamailio.hasOne' : 'kamailio.has', { number })]
  if (missing.length > 0) sentences.push(text('kamailio.added', { number: missing.length }))
  else if (number > unusable.length) sentences.push(text('kamailio.addedNone'))
  if (surplus.length > 0) sentences.push(text('kamailio.surplus', { names: some(surplus) }))
  if (unusable.length > 0) sentences.push(text('kamailio.unusable', { names: some(unusable) }))
  return sentences.join(' ')
}

/** Names as they stand in a sentence: the first ones, and how many more there are. */
function some(names: readonly string[]): string {
  const said = names.slice(0, MOST_NAMES).map((name) => `"${name.slice(0, LONGEST_NAME)}"`)
  const more = names.length - said.length
  if (more > 0) said.push(`… (+${more})`)
  return said.join(', ')
}
