/** What the scripts in the html files call: they are not modules, so they cannot import. */
import { actionLabel, prepareActionInput } from './action-input.ts'
import { showWhatApplies } from './applies.ts'
import { warnOfDeleted } from './config-deleted.ts'
import { openConfigDialog, saveConfigDialog } from './config-dialog.ts'
import { prepareConfigInput } from './config-input.ts'
import { greyOut } from './grey-out.ts'
import { prepareItemGoesTo } from './item-goes-to.ts'
import { chooseKnown, watchLastUsed } from './last-used.ts'
import { validateNumber, validateTypedNumber } from './numbers.ts'
import { addSearchWords } from './palette-search.ts'
import { prepareQueueInput } from './queue-input.ts'
import { queueLabel } from './queue-label.ts'
import { followRenames } from './renames.ts'
import { addSidebar } from './sidebar/tab.ts'
import { translateStatuses } from './status-language.ts'
import { prepareTypedInput } from './typed-input.ts'
import {
  validateAction,
  validateDbUrl,
  validateDefault,
  validateKamailio,
  validateQueue,
  validateQueues,
  validateRedis,
  validateSupported,
  validateTarget,
  validateTyped,
} from './validators.ts'

const mqueueEditor = {
  actionLabel,
  chooseKnown,
  greyOut,
  openConfigDialog,
  prepareActionInput,
  prepareConfigInput,
  prepareItemGoesTo,
  prepareQueueInput,
  prepareTypedInput,
  queueLabel,
  saveConfigDialog,
  showWhatApplies,
  validateAction,
  validateDbUrl,
  validateDefault,
  validateKamailio,
  validateNumber,
  validateQueue,
  validateQueues,
  validateRedis,
  validateSupported,
  validateTarget,
  validateTyped,
  validateTypedNumber,
}

Object.assign(globalThis, { mqueueEditor })
translateStatuses()
addSearchWords()
watchLastUsed()
addSidebar()
followRenames()
warnOfDeleted()
