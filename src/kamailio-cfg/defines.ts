/** How a directive treats a name that is defined already. */
export type DefineKind = 'define' | 'trydef' | 'redef'

interface Entry {
  /** Undefined where it cannot be known. */
  value: string | undefined
  /** False for a name that may be defined or not. */
  certain: boolean
  /** How many files were included when the value was set. */
  includes: number
}

/** What is known of a name: whether it is defined, and as what. */
export type Known =
  | { defined: false }
  | { defined: true; value: string | undefined }
  | { defined: 'maybe' }

const NOT_DEFINED: Known = { defined: false }
const MAYBE: Known = { defined: 'maybe' }

/**
 * The defined names of a configuration, as far as the text has them. What comes from elsewhere (the
 * environment, another file, Kamailio itself) is a name whose value is not known, or that may not
 * even be defined.
 */
export class Defines {
  readonly #entries = new Map<string, Entry>()
  #includes = 0
  #hasModules = false

  known(name: string): Known {
    const entry = this.#entries.get(name)
    if (entry === undefined) return this.#outside(name)
    if (!entry.certain) return MAYBE
    // A file that was included since may have defined it again.
    const { value, includes } = entry
    return { defined: true, value: includes === this.#includes ? value : undefined }
  }

  /**
   * Defines a name.
   *
   * @param value undefined where it cannot be known
   * @param certain whether the directive stands where Kamailio surely reads it
   * @returns false where Kamailio refuses it, as the name is defined already
   */
  define(kind: DefineKind, name: string, value: string | undefined, certain: boolean): boolean {
    const { defined } = this.known(name)
    if (defined === true) {
      if (kind === 'trydef') return true
      this.#set(name, kind === 'redef' && certain ? value : undefined, true)
      return kind === 'redef' || !certain
    }
    const mayKeepOther = kind === 'trydef' && defined === 'maybe'
    this.#set(name, certain && !mayKeepOther ? value : undefined, certain)
    return true
  }

  /** Another file is read here: it may define names, and change the values of those there are. */
  include(): void {
    this.#includes++
  }

  /** A module is loaded, for which Kamailio defines a name. */
  load(module: string, certain: boolean): void {
    this.#hasModules = true
    const file = module.slice(module.lastIndexOf('/') + 1)
    this.define('trydef', `MOD_${file.replace(/\.so$/, '')}`, '', certain)
  }

  #set(name: string, value: string | undefined, certain: boolean): void {
    this.#entries.set(name, { value, certain, includes: this.#includes })
  }

  #outside(name: string): Known {
    if (name === 'KAMAILIO_VERSION' || name === 'OS_NAME') {
      return { defined: true, value: undefined }
    }
    // Its versions differ.
    if (/^KAMAILIO_\d/.test(name)) return MAYBE
    // The lines for mqueue may be pasted without those that load modules.
    if (name.startsWith('MOD_') && !this.#hasModules) return MAYBE
    return this.#includes > 0 ? MAYBE : NOT_DEFINED
  }
}
