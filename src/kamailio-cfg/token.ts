/** A piece of a configuration, as Kamailio's lexer finds it. */
export interface Token {
  /**
   * `unknown` is a name for which Kamailio may put a text that is not known here; `substitution` is
   * the directive before the text of a rule.
   */
  kind: 'word' | 'number' | 'text' | 'variable' | 'symbol' | 'unknown' | 'substitution' | 'end'
  /** A word or symbol as it stands there, the contents of a text. */
  text: string
  /** The value of a number; NaN where Kamailio's own number does not hold it. */
  value?: number
  /** Where it stands: its line, counted from 1, and its first character. */
  line: number
  at: number
  /** How many substitutions apply to it. */
  rules: number
  /** What it depends on, where it is not certain that Kamailio reads it, or as what. */
  doubt?: string | undefined
}
