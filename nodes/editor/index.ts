/** What the scripts in the html files call: they are no modules, so they cannot import. */
import { openConfigDialog, saveConfigDialog } from './config-dialog.ts'
import { prepareQueueInput } from './queue-input.ts'
import { queueLabel } from './queue-label.ts'
import { translateStatuses } from './status-language.ts'
import { prepareTypedInput } from './typed-input.ts'
import {
  validateDbUrl,
  validateDefault,
  validateQueue,
  validateQueues,
  validateTarget,
  validateTyped,
} from './validators.ts'

const mqueueEditor = {
  openConfigDialog,
  prepareQueueInput,
  prepareTypedInput,
  queueLabel,
  saveConfigDialog,
  validateDbUrl,
  validateDefault,
  validateQueue,
  validateQueues,
  validateTarget,
  validateTyped,
}

Object.assign(globalThis, { mqueueEditor })
translateStatuses()
