/** What is queued: a text and a flat object, such as a call makes. */
export const LINE = 'INVITE sip:+4989636480@example.org SIP/2.0'
export const CALL = { call: 'a84b4c76e66710', from: '+4930901820', to: '+4989636480', code: 486 }

export const PAYLOADS = { text: LINE, object: CALL } as const

/** A text that is one piece of memory, as one read from a network is, and not two that were joined. */
export const flat = (text: string) => Buffer.from(text).toString()
