import type { Rule } from '../errors.ts'

/** Says that something cannot be read as Kamailio reads it: what it is, and in which line. */
export type Tell = (rule: Rule, part: string, line: number) => void
