import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { until } from '../support/node-red.ts'

interface Mail {
  from: string
  to: string
  subject: string
  text: string
}

/** A mail server that takes everything and keeps it. */
export class MailServer {
  readonly #server: SMTPServer
  readonly #mails: Mail[] = []

  static async start(port = 0): Promise<MailServer> {
    const server = new MailServer()
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject)
      server.#server.listen(port, '127.0.0.1', resolve)
    })
    return server
  }

  private constructor() {
    this.#server = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      onData: (stream, { envelope }, done) => {
        text(stream).then((raw) => {
          const [head = '', body = ''] = raw.split(/\r\n\r\n(.*)/s)
          const [, subject = ''] = /^Subject: (.*)$/m.exec(head) ?? []
          const { mailFrom, rcptTo } = envelope
          const from = mailFrom ? mailFrom.address : ''
          const to = rcptTo.map(({ address }) => address).join()
          this.#mails.push({ from, to, subject: subject.trim(), text: body })
          done()
        }, done)
      },
    })
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port
  }

  /** How many mails of that subject have come. */
  count(subject: string): number {
    return this.#mails.filter((mail) => mail.subject === subject).length
  }

  /** The newest mail of that subject. */
  last(subject: string): Mail {
    const mail = this.#mails.findLast((one) => one.subject === subject)
    if (mail === undefined) throw new Error(`There is no mail "${subject}".`)
    return mail
  }

  /** Waits until so many mails of that subject have come. */
  received(subject: string, count: number): Promise<void> {
    return until(() => this.count(subject) >= count, `${count} mails "${subject}"`)
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}
