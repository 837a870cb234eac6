import mysql from 'mysql2'
import { CONNECT_TIMEOUT, type OpenOptions } from './driver.ts'
import { logInFailure } from './mysql-accounts.ts'

/** The most statements that the server keeps prepared for us. */
const MOST_PREPARED = 500

type Lost = OpenOptions['onLost']
type Answer = (error: Error | null, result: mysql.ResultSetHeader) => void

/** A session on a server, whose statements answer with promises. Texts may hold several statements. */
export class MysqlSession {
  readonly #connection: mysql.Connection
  #onLost: Lost
  #isEnded = false
  /** Fails what is not answered yet. */
  readonly #waiting = new Set<(error: Error) => void>()

  /** Connects. The connection keeps the process from ending until `hold(false)`. */
  static async open(url: string, onLost: Lost): Promise<MysqlSession> {
    const connection = mysql.createConnection({
      uri: url,
      connectTimeout: CONNECT_TIMEOUT,
      charset: 'utf8mb4',
      supportBigNumbers: true,
      enableKeepAlive: true,
      multipleStatements: true,
      maxPreparedStatements: MOST_PREPARED,
    })
    try {
      await new Promise<void>((resolve, reject) => {
        // Without a listener an error ends the process.
        connection.on('error', reject)
        connection.connect((error) => (error === null ? resolve() : reject(error)))
      })
    } catch (error) {
      connection.destroy()
      throw logInFailure(error)
    }
    return new MysqlSession(connection, onLost)
  }

  private constructor(connection: mysql.Connection, onLost: Lost) {
    this.#connection = connection
    this.#onLost = onLost
    connection.on('error', (error) => this.#onLost(error))
    connection.on('end', () => this.#onLost(new Error('the server has ended the connection')))
  }

  /** Runs a text of one or more statements. */
  query(text: string): Promise<mysql.ResultSetHeader> {
    return this.#answered((answer) => {
      this.#connection.query<mysql.ResultSetHeader>(text, answer)
    })
  }

  /** Runs a statement that returns rows. */
  async rows<Found extends object>(text: string): Promise<Found[]> {
    return (await this.query(text)) as unknown as Found[]
  }

  /** Runs a statement that the server keeps prepared. */
  execute(text: string, values: (string | number | null)[]): Promise<mysql.ResultSetHeader> {
    return this.#answered((answer) => {
      this.#connection.execute<mysql.ResultSetHeader>(text, values, answer)
    })
  }

  /** Whether the connection keeps the process from ending. */
  hold(isHeld: boolean): void {
    const { stream } = this.#connection as unknown as { stream: { ref(): void; unref(): void } }
    if (isHeld) stream.ref()
    else stream.unref()
  }

  /** Ends the session in good order. */
  close(): Promise<void> {
    this.#onLost = () => {}
    return new Promise((resolve) => this.#connection.end(() => resolve()))
  }

  /** Ends the session at once. */
  destroy(): void {
    this.#onLost = () => {}
    this.#connection.destroy()
    this.#isEnded = true
    for (const fail of this.#waiting) fail(new Error('the connection was ended'))
  }

  /** What is asked is answered, or fails with the session: the connection itself forgets it then. */
  #answered(ask: (answer: Answer) => void): Promise<mysql.ResultSetHeader> {
    return new Promise((resolve, reject) => {
      if (this.#isEnded) throw new Error('the connection was ended')
      this.#waiting.add(reject)
      ask((error, result) => {
        this.#waiting.delete(reject)
        if (error === null) resolve(result)
        else reject(error)
      })
    })
  }
}

/** A name as it stands in a statement; a dot in it is part of the name. */
export function nameOf(table: string): string {
  return mysql.escapeId(table, true)
}
