/** The values of the fields that are chosen from a list. */
export const MODES = { addmode: ['0', '1', '2'], dbmode: ['0', '1', '2', '3', '4'] } as const
export type ModeField = keyof typeof MODES
