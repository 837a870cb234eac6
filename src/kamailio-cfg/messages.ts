import { quote, type Rule } from '../errors.ts'

type Told = (part: string) => string

const MESSAGES: Partial<Record<Rule, Told>> = {
  highSize: (name) => `Kamailio cannot hold the size of ${name}: at most 2147483647`,
  include: (file) =>
    `${file} is not followed; what it defines is missing here, so read its text as well`,
  unknown: (cause) => `this depends on ${cause}, whose value is not certain from this text`,
  module: (pattern) =>
    `the module ${pattern} is not mqueue, or is not a pattern that is understood here`,
  redefined: (name) => `${name} is defined already, and Kamailio refuses to define it again`,
  directive: (text) => `${text} is not a directive with a name of letters, digits and "_"`,
  expansion: (name) => `${name} is defined by itself, or becomes too long; reading ends here`,
  subst: (text) => `${text} is not a substitution /pattern/replacement/flags`,
  unclosed: (text) => `${text} has no end, or one in another line, and hides a modparam`,
  endif: (directive) => `${directive} has no #!ifdef before it`,
  noEndif: (directive) => `${directive} has no #!endif behind it`,
  modparam: (text) => `${text} is not modparam("mqueue", "parameter", value)`,
}

/** What is wrong with a configuration, in words. */
export function messageOf(rule: Rule, part: string): string {
  const message = MESSAGES[rule]
  return message === undefined ? quote(part) : message(quote(part))
}
