/** What the errors say of the fields of a definition: what the dialog calls them, and what they may be. */

/** What the dialog calls the defaults of the list. */
export const DEFAULT_LABELS = {
  mqueueSize: 'Default size',
  mqueueAddmode: 'The default of Equal keys (addmode)',
} as const

/** The fields that are numbers. */
export const ALLOWED = {
  size: {
    label: 'Size',
    text: 'a whole number from 0 on (0 is unlimited)',
    defaultField: 'mqueueSize',
    blankRule: 'blankSize',
  },
  addmode: {
    label: 'Equal keys (addmode)',
    text: '0 (keep all), 1 (the oldest item of a key wins) or 2 (the newest wins)',
    defaultField: 'mqueueAddmode',
    blankRule: 'blankAddmode',
  },
  dbmode: {
    label: 'Storage (dbmode)',
    text: '0 (memory), 1 (saved at stop), 2 (only loaded at start), 3 (only saved at stop) or 4 (every change)',
    defaultField: 'dbmode',
    blankRule: 'dbmode',
  },
  attempts: {
    label: 'Attempts',
    text: 'a whole number from 0 on (0 is unlimited)',
    defaultField: 'attempts',
    blankRule: 'attempts',
  },
  maxInFlight: {
    label: 'In flight at most',
    text: 'a whole number from 0 on (0 is unlimited)',
    defaultField: 'maxInFlight',
    blankRule: 'maxInFlight',
  },
  edited: {
    label: 'The time of the change (edited)',
    text: 'a whole number of ms since 1970',
    defaultField: 'edited',
    blankRule: 'edited',
  },
} as const
