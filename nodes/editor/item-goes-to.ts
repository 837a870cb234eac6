import { text } from './text.ts'

/**
 * The choice of where an item goes in a message, in the dialogs of the nodes that take items. It is a view of three
 * properties, and is not stored: `keyTo`, `valueTo` and `restore`.
 */

const CHOICE = '#mqueue-item-goes-to'
const KEY = '#node-input-keyTo'
const VALUE = '#node-input-valueTo'
const RESTORE = '#node-input-restore'
const ROWS = [KEY, VALUE, RESTORE]

/** The choices, each with the key of its text. */
const CHOICES = {
  mqk: 'itemGoesTo.mqk',
  topic: 'itemGoesTo.topic',
  whole: 'itemGoesTo.whole',
  other: 'itemGoesTo.other',
} as const

/** The properties of messages that the key and the value go to, by choice. */
const PAIRS: Readonly<Record<string, readonly [key: string, value: string]>> = {
  mqk: ['mqk', 'mqv'],
  topic: ['topic', 'payload'],
}

/**
 * Prepares the choice. It shows the single fields for what it cannot say.
 *
 * @param first the choice of a new node
 */
export function prepareItemGoesTo(first: 'mqk' | 'topic'): void {
  const choice = $(CHOICE)
  for (const [value, key] of Object.entries(CHOICES)) {
    $('<option>', { value }).text(text(key)).appendTo(choice)
  }
  choice.val(choiceOf(first))
  const showFields = () => {
    for (const field of ROWS) {
      $(field)
        .closest('.form-row')
        .prop('hidden', choice.val() !== 'other')
    }
  }
  choice.on('change', () => {
    take(String(choice.val()), first)
    showFields()
  })
  showFields()
}

/** The choice that says what the fields say. */
function choiceOf(first: string): string {
  const pair = Object.keys(PAIRS).find((name) => isIn(PAIRS[name], first))
  if (pair === undefined) return 'other'
  return $(RESTORE).is(':checked') ? 'whole' : pair
}

/** Whether the fields have a pair of properties, where blank takes the one of a new node. */
function isIn(pair: readonly string[] = [], first: string): boolean {
  return [KEY, VALUE].every((field, index) => {
    const written = $(field).typedInput('value').trim() || PAIRS[first]?.[index]
    return written === pair[index]
  })
}

/** Puts a choice into the fields. One that leaves them open changes nothing. */
function take(choice: string, first: string): void {
  if (choice === 'other') return
  $(RESTORE)
    .prop('checked', choice === 'whole')
    .trigger('change')
  // Properties of the user's own would have the dialog show its single fields the next time.
  const isOwn = choiceOf(first) === 'other'
  const pair = PAIRS[choice === 'whole' && isOwn ? first : choice]
  if (pair === undefined) return
  $(KEY).typedInput('value', pair[0])
  $(VALUE).typedInput('value', pair[1])
}
